import { z } from 'zod'
import { Instant, PageQuery, pageOf } from './common.ts'

export const ReconcilerStatus = z
  .object({
    leader: z.object({ holder: z.string().nullable(), epoch: z.int(), expiresAt: Instant }),
    lastPassAt: Instant.nullable(),
    keysHeld: z.int(),
    keysInFlight: z.int(),
    keysUnsettled: z.int(),
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
    .enum(['held', 'in_flight', 'unsettled', 'late'])
    .optional()
    .meta({ description: 'Absent: every key that is in any of these states' }),
})

export const ReconcilerKey = z
  .object({
    id: z.string(),
    person: z.object({ userId: z.string(), userName: z.string(), displayName: z.string() }),
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
