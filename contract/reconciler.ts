import { z } from 'zod'
import { Instant } from './common.ts'

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
