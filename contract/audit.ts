import { z } from 'zod'
import { FreeText, Instant, OpaqueId, PageQuery, pageOf, queryText } from './common.ts'
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
  notObjectType: queryText(50)
    .optional()
    .meta({ description: 'Without what happened to objects of this type, such as `sign-in`' }),
  objectId: queryText(100).optional(),
  result: queryText(100).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
}

export const AuditQuery = PageQuery.extend(eventFilters)
export type AuditQuery = z.output<typeof AuditQuery>

export const exportKinds = ['events', 'requests', 'grants'] as const

const {
  status,
  q,
  accountId,
  permissionSetArn,
  userId,
  ticket,
  breakGlass,
  submissionId,
  late,
  reviewOpen,
} = RequestQuery.shape
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
  reviewOpen,
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

export const LegalHold = z
  .object({
    id: z.string(),
    person: z
      .object({ userId: z.string(), userName: z.string() })
      .nullable()
      .meta({ description: 'null: everybody' }),
    reason: z.string(),
    placedBy: z.object({ userId: z.string(), userName: z.string() }),
    placedAt: Instant,
    released: z
      .object({
        by: z.object({ userId: z.string(), userName: z.string() }),
        at: Instant,
        reason: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'LegalHold' })
export type LegalHold = z.infer<typeof LegalHold>

export const LegalHoldPage = pageOf(LegalHold).meta({ id: 'LegalHoldPage' })
export type LegalHoldPage = z.infer<typeof LegalHoldPage>

export const NewLegalHold = z
  .strictObject({
    userId: OpaqueId.nullable().meta({ description: 'null: everybody' }),
    reason: FreeText,
  })
  .meta({ id: 'NewLegalHold' })

export const HoldRelease = z.strictObject({ reason: FreeText }).meta({ id: 'HoldRelease' })

export const Erasure = z
  .strictObject({ userId: OpaqueId, reason: FreeText })
  .meta({ id: 'Erasure', description: 'Whose words are to be erased, and why' })

export const Erased = z
  .object({
    events: z.int().meta({ description: 'Payloads erased' }),
    requests: z.int().meta({ description: 'Requests whose texts were erased' }),
  })
  .meta({ id: 'Erased' })

export const UsageQuery = PageQuery.extend({
  by: z.enum(['set', 'person', 'account']).default('set'),
  from: Instant.optional().meta({ description: 'Requests made from then on; 90 days before `to`' }),
  to: Instant.optional().meta({ description: 'Requests made before then; now' }),
})
export type UsageQuery = z.output<typeof UsageQuery>

export const UsageLine = z
  .object({
    id: z.string(),
    name: z.string(),
    grants: z.int(),
    grantedMinutes: z.int(),
    activeMinutes: z.int(),
    recorded: z.int().meta({ description: 'Grants of which it is recorded what was done' }),
    servicesUsed: z.array(z.string()).nullable().meta({ description: 'null: not recorded' }),
    neverUsed: z.int().nullable().meta({
      description: 'Of those recorded, how many did nothing; null: not recorded',
    }),
  })
  .meta({ id: 'UsageLine' })
export type UsageLine = z.infer<typeof UsageLine>

export const UsagePage = pageOf(UsageLine)
  .extend({ from: Instant, to: Instant })
  .meta({ id: 'UsagePage' })
export type UsagePage = z.infer<typeof UsagePage>
