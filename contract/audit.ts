import { z } from 'zod'
import { Instant, PageQuery, pageOf, queryText } from './common.ts'
import { RequestQuery } from './request.ts'

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
    payloadHash: z.string(),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEvent' })
export type AuditEvent = z.infer<typeof AuditEvent>

const eventFilters = {
  actor: queryText(200)
    .optional()
    .meta({ description: 'The beginning of the name that the actor had' }),
  actorId: queryText(100).optional(),
  action: queryText(100).optional(),
  objectType: queryText(50).optional(),
  objectId: queryText(100).optional(),
  result: queryText(100).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
}

export const AuditQuery = PageQuery.extend(eventFilters)
export type AuditQuery = z.output<typeof AuditQuery>

export const exportKinds = ['events', 'requests', 'grants'] as const
export type ExportKind = (typeof exportKinds)[number]

const { status, q, accountId, permissionSetArn, userId, ticket, breakGlass, submissionId, late } =
  RequestQuery.shape
const requestFilters = {
  status,
  q,
  accountId,
  permissionSetArn,
  userId,
  ticket,
  breakGlass,
  submissionId,
  late,
}

/** A filter of another kind is refused: a file that holds more than was asked for misleads. */
export const ExportQuery = z
  .strictObject({
    format: z.enum(['csv', 'jsonl']).default('jsonl'),
    kind: z.enum(exportKinds).default('events').meta({
      description:
        'events take the filters of /audit/events; requests and grants those of /requests',
    }),
    ...eventFilters,
    ...requestFilters,
  })
  .superRefine((query, context) => {
    const foreign = query.kind === 'events' ? requestFilters : eventFilters
    for (const name of Object.keys(foreign)) {
      const isShared = name === 'from' || name === 'to'
      if (isShared || query[name as keyof typeof query] === undefined) continue
      const message = `${query.kind} cannot be filtered by this`
      context.addIssue({ code: 'custom', path: [name], message })
    }
  })
export type ExportQuery = z.output<typeof ExportQuery>

export const AuditEventPage = pageOf(AuditEvent).meta({ id: 'AuditEventPage' })

export const ChainVerdict = z
  .object({
    ok: z.boolean(),
    events: z.int(),
    head: z.string(),
    firstBroken: z.int().optional(),
    firstKept: z
      .int()
      .optional()
      .meta({ description: 'Retention has removed what was before this event' }),
  })
  .meta({ id: 'ChainVerdict' })
export type ChainVerdict = z.infer<typeof ChainVerdict>
