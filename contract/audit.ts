import { z } from 'zod'
import { Instant, PageQuery, pageOf, queryText } from './common.ts'

export const AuditEvent = z
  .object({
    seq: z.int(),
    at: Instant,
    actor: z.object({
      type: z.enum(['user', 'token', 'system']),
      id: z.string(),
      name: z.string(),
    }),
    action: z.string(),
    object: z.object({ type: z.string(), id: z.string() }),
    result: z.string(),
    payload: z.record(z.string(), z.unknown()).nullable(),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' })
export type AuditEvent = z.infer<typeof AuditEvent>

export const AuditQuery = PageQuery.extend({
  actorId: queryText(100).optional(),
  action: queryText(100).optional(),
  objectType: queryText(50).optional(),
  objectId: queryText(100).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
})

export const AuditEventPage = pageOf(AuditEvent).meta({ id: 'AuditEventPage' })

export const ChainVerdict = z
  .object({
    ok: z.boolean(),
    events: z.int(),
    head: z.string(),
    firstBroken: z.int().optional(),
  })
  .meta({ id: 'ChainVerdict' })
export type ChainVerdict = z.infer<typeof ChainVerdict>
