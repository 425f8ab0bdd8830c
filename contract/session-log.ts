import { z } from 'zod'
import { Instant, PageQuery, QueryFlag, Uuid } from './common.ts'

export const SessionLogState = z
  .enum(['queued', 'running', 'done', 'failed'])
  .meta({ id: 'SessionLogState' })
export type SessionLogState = z.infer<typeof SessionLogState>

export const SessionLogFailureCode = z.enum([
  'denied',
  'location_not_found',
  'unavailable',
  'busy',
  'query_failed',
  'query_gone',
  'unsearchable',
  'unwanted',
  'timed_out',
  'unreadable',
])
export type SessionLogFailureCode = z.infer<typeof SessionLogFailureCode>

/** What a source cannot see, by a stable code that clients word. */
export const SessionLogLimit = z.enum([
  'role_chaining',
  'data_events',
  'minutes_late',
  'regions_of_trail',
  'log_retention',
  'truncated',
  'session_name_unknown',
])
export type SessionLogLimit = z.infer<typeof SessionLogLimit>

export const SessionLogEvent = z
  .object({
    eventId: z.string().nullable(),
    at: Instant,
    service: z.string().meta({ examples: ['s3.amazonaws.com'] }),
    action: z.string().meta({ examples: ['ListBuckets'] }),
    region: z.string().nullable(),
    resources: z.array(z.string()),
    sourceAddress: z.string().nullable(),
    errorCode: z.string().nullable(),
    errorMessage: z.string().nullable(),
    readOnly: z
      .boolean()
      .nullable()
      .meta({ description: 'Null: the record does not say; it counts as a write' }),
    record: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The whole record, as CloudTrail wrote it' }),
  })
  .meta({ id: 'SessionLogEvent' })
export type SessionLogEvent = z.infer<typeof SessionLogEvent>

export const SessionLog = z
  .object({
    id: z.string(),
    requestId: z.string(),
    state: SessionLogState,
    source: z.string(),
    from: Instant,
    to: Instant,
    completeAt: Instant.nullable().meta({
      description:
        'Until then events may still arrive. Null: the access, or a session of it, may still be used',
    }),
    askedAt: Instant,
    finishedAt: Instant.nullable(),
    expiresAt: Instant.meta({ description: 'It is deleted then' }),
    failure: z
      .object({
        code: SessionLogFailureCode,
        message: z.string().meta({ description: 'In words, and how to go on' }),
        reason: z.string().meta({ description: 'In AWS’s own words' }),
      })
      .nullable(),
    counts: z
      .object({ events: z.int(), reads: z.int(), writes: z.int(), errors: z.int() })
      .nullable(),
    limits: z.array(SessionLogLimit).meta({ description: 'What is not in it, and why' }),
    items: z.array(SessionLogEvent).meta({ description: 'In the order of their times' }),
    nextCursor: z.string().nullable(),
  })
  .meta({
    id: 'SessionLog',
    description: 'What was done with an access; a job that is asked after until it is done',
  })
export type SessionLog = z.infer<typeof SessionLog>

export const SessionLogParams = z.object({ id: Uuid, logId: Uuid })

const filters = {
  readOnly: QueryFlag.optional(),
  failed: QueryFlag.optional().meta({ description: 'Only what AWS refused or could not do' }),
}
export const SessionLogQuery = PageQuery.extend(filters)
export type SessionLogQuery = z.output<typeof SessionLogQuery>

export const SessionLogExportQuery = z.strictObject({
  format: z.enum(['csv', 'jsonl']).default('csv'),
  ...filters,
})
export type SessionLogExportQuery = z.output<typeof SessionLogExportQuery>
