import { z } from 'zod'
import { Instant, PageQuery, pageOf } from './common.ts'

export const ReconcilerStatus = z
  .object({
    leader: z.object({
      holder: z.string().nullable(),
      epoch: z.int(),
      since: Instant.nullable().meta({ description: 'Its first pass' }),
      expiresAt: Instant,
    }),
    lastPassAt: Instant.nullable(),
    creationsHeld: z
      .object({ reason: z.string(), since: Instant })
      .nullable()
      .meta({ description: 'After a restore: nothing is created until the intents are replayed' }),
    keysHeld: z.int(),
    keysInFlight: z.int(),
    keysUnsettled: z.int(),
    keysLate: z.int(),
    drift: z
      .int()
      .meta({ description: 'Assignments on managed targets that the ledger does not hold' }),
    awsBudget: z
      .array(
        z.object({
          bucket: z.string(),
          tokens: z.number(),
          burst: z.number(),
          perSecond: z.number(),
        }),
      )
      .meta({ description: 'Tokens left of each quota; negative: calls that wait already' }),
    peopleWatched: z.object({ people: z.int(), everySeconds: z.number() }).meta({
      description: 'How often people with live access are read again; 60 s, or stretched',
    }),
    heldRefresh: z
      .object({ refreshId: z.string(), since: Instant, reason: z.string().nullable() })
      .nullable(),
    lateRemovals: z.array(
      z.object({
        requestId: z.string().nullable(),
        userId: z.string(),
        accountId: z.string(),
        permissionSetArn: z.string(),
        since: Instant,
        attempts: z.int(),
        lastError: z.string().nullable(),
        nextTryAt: Instant.nullable(),
      }),
    ),
    directoryAgeSeconds: z.number().nullable(),
    noticesUndelivered: z.int(),
  })
  .meta({ id: 'ReconcilerStatus' })
export type ReconcilerStatus = z.infer<typeof ReconcilerStatus>

/** One server-sent event: something changed; ask for it again. */
export const StreamMessage = z
  .object({ type: z.string(), id: z.string(), version: z.int() })
  .meta({ id: 'StreamMessage' })
export type StreamMessage = z.infer<typeof StreamMessage>

const KeyId = z.string().regex(/^[1-9]\d{0,14}$/, 'Not an id')

export const KeyParams = z.object({ id: KeyId })

export const KeysQuery = PageQuery.extend({
  state: z
    .enum(['held', 'in_flight', 'unsettled', 'late', 'drift'])
    .optional()
    .meta({ description: 'Absent: every key of the ledger that is in any of these states' }),
})

export const ReconcilerKey = z
  .object({
    id: z.string().nullable().meta({ description: 'Null: drift; no key of the ledger' }),
    person: z
      .object({ userId: z.string(), userName: z.string(), displayName: z.string() })
      .nullable(),
    group: z
      .object({ groupId: z.string(), displayName: z.string() })
      .nullable()
      .meta({ description: 'Drift may belong to a group instead of a person' }),
    drift: z.object({ firstSeenAt: Instant, lastSeenAt: Instant }).nullable(),
    accountId: z.string(),
    accountName: z.string(),
    permissionSetArn: z.string(),
    permissionSetName: z.string(),
    held: z.boolean().meta({ description: 'The ledger holds it: TEAM may delete the assignment' }),
    presence: z.enum(['absent', 'present', 'unknown']),
    confirmedAt: Instant.nullable(),
    call: z
      .object({ kind: z.enum(['create', 'delete']), since: Instant })
      .nullable()
      .meta({ description: 'The call to AWS that is in flight' }),
    watchedUntil: Instant.nullable().meta({
      description: 'A call of unknown outcome may still land until then',
    }),
    late: z
      .object({
        since: Instant,
        acknowledged: z
          .object({
            userId: z.string(),
            userName: z.string(),
            comment: z.string(),
            at: Instant,
          })
          .nullable(),
      })
      .nullable()
      .meta({ description: 'The alarm of its late removal; it stays until removal is confirmed' }),
    attempts: z.int(),
    lastError: z.string().nullable(),
    nextTryAt: Instant.nullable(),
    grants: z.array(
      z.object({ requestId: z.string(), status: z.string(), endsAt: Instant.nullable() }),
    ),
    actions: z.array(
      z.object({
        name: z.enum(['release', 'acknowledge']),
        allowed: z.boolean(),
        code: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'ReconcilerKey' })
export type ReconcilerKey = z.infer<typeof ReconcilerKey>
export const ReconcilerKeyPage = pageOf(ReconcilerKey).meta({ id: 'ReconcilerKeyPage' })
