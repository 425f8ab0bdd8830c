import { ProposalSent } from '#contract/proposal.ts'
import { ChannelTest, ChannelTested, Settings, SettingsPatch } from '#contract/settings.ts'
import { changeSettings, readSettings } from '#server/operations/change-settings.ts'
import { testChannel } from '#server/operations/test-channel.ts'
import { answerProposed } from './answer-proposed.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'
import { sayVersion, versionInIfMatch } from './versions.ts'

export function registerSettings(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/settings',
    {
      config: { permission: 'settings.read' },
      schema: { tags: ['settings'], response: { 200: Settings } },
    },
    async (_request, reply) => {
      const settings = await readSettings(ports)
      sayVersion(reply, settings.version)
      return settings
    },
  )
  app.post(
    '/api/v1/settings/test',
    {
      config: { permission: 'settings.test' },
      schema: {
        tags: ['settings'],
        description: 'Sends one message by a channel to whoever asks, and answers what came of it',
        body: ChannelTest,
        response: { 200: ChannelTested },
      },
    },
    async (request) => {
      const { channel } = request.body
      return { channel, ...(await testChannel(ports, { actor: request.actor, channel })) }
    },
  )
  app.patch(
    '/api/v1/settings',
    {
      config: { permission: 'settings.write' },
      schema: {
        tags: ['settings'],
        description: 'Changes what is sent. With If-Match, only if nobody changed them meanwhile',
        body: SettingsPatch,
        response: { 200: Settings, 202: ProposalSent },
      },
    },
    async (request, reply) => {
      const version = versionInIfMatch(request)
      const patched = { actor: request.actor, patch: request.body, version }
      const changed = await changeSettings(ports, patched)
      if (changed.kind === 'proposed') return answerProposed(ports, reply, changed.proposalId)
      const settings = await readSettings(ports)
      sayVersion(reply, settings.version)
      return reply.send(settings)
    },
  )
}
