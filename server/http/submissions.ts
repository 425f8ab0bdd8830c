import { SubmissionDecided, SubmissionDecision, Submitted } from '#contract/request.ts'
import type { RequestId, SubmissionId } from '#core/ids.ts'
import { decideOnSubmission } from '#server/operations/decide-on-submission.ts'
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
  for (const [verb, vote] of [
    ['approve', 'approved'],
    ['reject', 'rejected'],
  ] as const) {
    app.post(
      `/api/v1/submissions/:id/${verb}`,
      {
        config: { permission: `submission.${verb}` },
        schema: {
          tags: ['requests'],
          description: 'Decides on its requests, each by itself: answers what became of each',
          params: IdParams,
          body: SubmissionDecision.nullish(),
          response: { 200: SubmissionDecided },
        },
      },
      (request) =>
        decideOnSubmission(ports, {
          actor: request.actor,
          submissionId: request.params.id as SubmissionId,
          comment: request.body?.comment ?? null,
          // The schema has parsed ids.
          requestIds: request.body?.requestIds as RequestId[] | undefined,
          vote,
        }),
    )
  }
}
