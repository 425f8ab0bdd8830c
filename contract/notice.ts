import { z } from 'zod'
import { Instant, PageQuery, pageOf } from './common.ts'

export const NoticesQuery = PageQuery.extend({
  state: z
    .enum(['undelivered'])
    .default('undelivered')
    .meta({ description: 'Tried for as long as TEAM tries, and did not arrive' }),
})

export const UndeliveredNotice = z
  .object({
    noticeId: z.string(),
    event: z.string(),
    channel: z.enum(['email', 'slack', 'sns', 'webhook']),
    to: z.string().meta({ description: "The address, or the receiver's name where there is none" }),
    request: z
      .object({
        requestId: z.string(),
        accountName: z.string(),
        permissionSetName: z.string(),
        requester: z.string().meta({ description: 'The name shown for the requester' }),
      })
      .nullable()
      .meta({ description: 'What it is about; null: no request' }),
    attempts: z.int(),
    lastError: z.string().nullable().meta({ description: "The provider's words" }),
    createdAt: Instant,
  })
  .meta({ id: 'UndeliveredNotice' })
export type UndeliveredNotice = z.infer<typeof UndeliveredNotice>
export const UndeliveredNoticePage = pageOf(UndeliveredNotice).meta({ id: 'UndeliveredNoticePage' })
