import type { Kysely } from 'kysely'
import type { ReconcilerStatus } from '#contract/reconciler.ts'
import { directoryAgeSeconds } from '#server/store/directory-refreshes.ts'
import { countUndelivered } from '#server/store/notices.ts'
import { countKeys, lateRemovals, readLease } from '#server/store/reconciler-status.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Clock } from './making-changes.ts'

const lateRemovalsMax = 100

/** From the tables alone, so that every copy answers the same, whoever leads. */
export async function readReconcilerStatus(ports: {
  readonly db: Kysely<Schema>
  readonly clock: Clock
}): Promise<ReconcilerStatus> {
  const { db } = ports
  const now = await ports.clock.now()
  const lease = await readLease(db)
  const keys = await countKeys(db)
  const late = await lateRemovals(db, lateRemovalsMax)
  return {
    leader: { ...lease, expiresAt: lease.expiresAt.toISOString() },
    lastPassAt: null,
    keysHeld: keys.held,
    keysInFlight: keys.inFlight,
    keysUnsettled: keys.unsettled,
    lateRemovals: late.map((one) => ({
      ...one,
      since: one.since.toISOString(),
      nextTryAt: one.nextTryAt?.toISOString() ?? null,
    })),
    directoryAgeSeconds: await directoryAgeSeconds(db, now),
    noticesUndelivered: await countUndelivered(db),
  }
}
