import { z } from 'zod'
import { NoticesQuery, UndeliveredNoticePage } from '#contract/notice.ts'
import { readUndelivered } from '#server/operations/read-notices.ts'
import { resendNotice } from '#server/operations/resend-notice.ts'
import type { App } from './app.ts'
import { IdParams, type ResourcePorts } from './resources.ts'

export function registerNotices(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/notices',
    {
      config: { permission: 'notice.list' },
      schema: {
        tags: ['notices'],
        querystring: NoticesQuery,
        response: { 200: UndeliveredNoticePage },
      },
    },
    (request) => readUndelivered(ports, request.query),
  )
  app.post(
    '/api/v1/notices/:id/resend',
    {
      config: { permission: 'notice.resend' },
      schema: {
        tags: ['notices'],
        description: 'Sends a notice once more, under the same id, if it is still so',
        params: IdParams,
        response: { 202: z.object({ noticeId: z.string(), state: z.literal('queued') }) },
      },
    },
    async (request, reply) => {
      const noticeId = request.params.id
      await resendNotice(ports, { actor: request.actor, noticeId })
      return reply.code(202).send({ noticeId, state: 'queued' })
    },
  )
}
