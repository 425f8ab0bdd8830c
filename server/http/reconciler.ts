import { ReconcilerStatus } from '#contract/reconciler.ts'
import { readReconcilerStatus } from '#server/operations/read-reconciler-status.ts'
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
}
