import {
  ProposalAcceptance,
  ProposalComment,
  ProposalDetail,
  ProposalPage,
  ProposalsQuery,
} from '#contract/proposal.ts'
import { acceptProposal, dropProposal } from '#server/operations/decide-proposal.ts'
import { readProposal, readProposals } from '#server/operations/read-proposals.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'
import { sayVersion } from './versions.ts'

const tags = ['proposals']
const config = { permission: 'proposal.decide' } as const

export function registerProposals(app: App, ports: ResourcePorts): void {
  registerReading(app, ports)
  app.post(
    '/api/v1/proposals/:id/accept',
    {
      config,
      schema: {
        tags,
        description:
          'Carries it out, as of now, with all that a direct change is judged by. Never one’s own, never by a token',
        params: IdParams,
        body: ProposalAcceptance,
        response: { 200: ProposalDetail },
      },
    },
    async (request, reply) => {
      const { actor } = request
      const { id } = request.params
      await acceptProposal(ports, { ...request.body, actor, id })
      const after = await readProposal(ports, actor, id)
      sayVersion(reply, after.version)
      return after
    },
  )
  for (const [verb, description] of [
    ['refuse', 'Says no to what another administrator proposed'],
    ['withdraw', 'Takes one’s own proposal back'],
  ] as const) {
    app.post(
      `/api/v1/proposals/:id/${verb}`,
      {
        config,
        schema: {
          tags,
          description,
          params: IdParams,
          body: ProposalComment,
          response: { 200: ProposalDetail },
        },
      },
      async (request, reply) => {
        const { actor } = request
        const { id } = request.params
        await dropProposal(ports, verb, { ...request.body, actor, id })
        const after = await readProposal(ports, actor, id)
        sayVersion(reply, after.version)
        return after
      },
    )
  }
}

function registerReading(app: App, ports: ResourcePorts): void {
  const reading = { permission: 'proposal.read' } as const
  app.get(
    '/api/v1/proposals',
    {
      config: reading,
      schema: {
        tags,
        description: 'Changes that widen access and wait, or waited, for a second administrator',
        querystring: ProposalsQuery,
        response: { 200: ProposalPage },
      },
    },
    (request) => readProposals(ports, request.actor, request.query),
  )
  app.get(
    '/api/v1/proposals/:id',
    {
      config: reading,
      schema: { tags, params: IdParams, response: { 200: ProposalDetail } },
    },
    async (request, reply) => {
      const found = await readProposal(ports, request.actor, request.params.id)
      sayVersion(reply, found.version)
      return found
    },
  )
}
