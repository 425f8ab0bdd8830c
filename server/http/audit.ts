import { AuditEventPage, AuditQuery, ChainVerdict } from '#contract/audit.ts'
import { verifyChain } from '#server/audit/verify.ts'
import { listAuditEvents } from '#server/operations/list-events.ts'
import type { App } from './app.ts'
import type { ResourcePorts } from './resources.ts'

export function registerAudit(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/audit/events',
    {
      config: { permission: 'audit.read' },
      schema: { tags: ['audit'], querystring: AuditQuery, response: { 200: AuditEventPage } },
    },
    (request) => listAuditEvents(ports, request.query),
  )
  app.get(
    '/api/v1/audit/verify',
    {
      config: { permission: 'audit.verify' },
      schema: {
        tags: ['audit'],
        description: 'Computes every hash of the trail again',
        response: { 200: ChainVerdict },
      },
    },
    () => verifyChain(ports.long),
  )
}
