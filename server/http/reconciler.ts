import {
  KeyParams,
  KeysQuery,
  ReconcilerKey,
  ReconcilerKeyPage,
  ReconcilerStatus,
} from '#contract/reconciler.ts'
import { Comment } from '#contract/request.ts'
import { acknowledgeAlarm } from '#server/operations/acknowledge-alarm.ts'
import { readKey, readKeys } from '#server/operations/read-keys.ts'
import { readReconcilerStatus } from '#server/operations/read-reconciler-status.ts'
import { releaseKey } from '#server/operations/release-key.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'

export function registerReconciler(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/reconciler/status',
    {
      config: { permission: 'reconciler.read' },
      schema: { tags: ['reconciler'], response: { 200: ReconcilerStatus } },
    },
    () => readReconcilerStatus(ports),
  )
  app.get(
    '/api/v1/reconciler/keys',
    {
      config: { permission: 'reconciler.read' },
      schema: {
        tags: ['reconciler'],
        querystring: KeysQuery,
        response: { 200: ReconcilerKeyPage },
      },
    },
    (request) => readKeys(ports, request.actor, request.query),
  )
  registerKeyActions(app, ports)
}

const acts = {
  release: {
    act: releaseKey,
    description:
      'Hands the key over: its grants end, nothing is removed, and TEAM lets go of what stands there',
  },
  acknowledge: {
    act: acknowledgeAlarm,
    description: 'Says that somebody has seen the alarm; it stays until removal is confirmed',
  },
}

function registerKeyActions(app: App, ports: ResourcePorts): void {
  for (const [name, { act, description }] of Object.entries(acts)) {
    app.post(
      `/api/v1/reconciler/keys/:id/${name}`,
      {
        config: { permission: 'reconciler.act' },
        schema: {
          tags: ['reconciler'],
          description,
          params: KeyParams,
          body: Comment.nullish(),
          response: { 200: ReconcilerKey },
        },
      },
      async (request) => {
        const { actor, body } = request
        const keyId = Number(request.params.id)
        await act(ports, { actor, keyId, comment: body?.comment ?? null })
        return readKey(ports, actor, keyId)
      },
    )
  }
}
