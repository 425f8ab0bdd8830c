import { Submitted } from '#contract/request.ts'
import type { SubmissionId } from '#core/ids.ts'
import { readSubmission } from '#server/operations/read-request.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'

export function registerSubmissions(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/submissions/:id',
    {
      config: { permission: 'submission.read' },
      schema: {
        tags: ['requests'],
        description: 'The requests of one submission that you may see',
        params: IdParams,
        response: { 200: Submitted },
      },
    },
    (request) => readSubmission(ports, request.actor, request.params.id as SubmissionId),
  )
}
