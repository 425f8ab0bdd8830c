import type { Kysely } from 'kysely'
import type { ReconcilerStatus } from '#contract/reconciler.ts'
import { watchIntervalSeconds } from '#core/freshness.ts'
import { readBudgetLevels } from '#server/engine/budget-levels.ts'
import { loadCreationHold } from '#server/store/creation-hold.ts'
import { directoryAgeSeconds, heldRefresh } from '#server/store/directory-refreshes.ts'
import { countDrift } from '#server/store/drift.ts'
import { readPass } from '#server/store/engine-pass.ts'
import { peopleToWatch } from '#server/store/live-grants.ts'
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
  const pass = await readPass(db)
  const hold = await loadCreationHold(db)
  const held = await heldRefresh(db)
  const watched = await peopleToWatch(db, now)
  const late = await lateRemovals(db, lateRemovalsMax)
  return {
    leader: {
      ...lease,
      since: pass?.epoch === lease.epoch ? pass.leadsSince.toISOString() : null,
      expiresAt: lease.expiresAt.toISOString(),
    },
    lastPassAt: pass?.passedAt.toISOString() ?? null,
    creationsHeld: hold && { reason: hold.reason, since: hold.since.toISOString() },
    keysHeld: keys.held,
    keysInFlight: keys.inFlight,
    keysUnsettled: keys.unsettled,
    keysLate: keys.late,
    drift: await countDrift(db),
    awsBudget: await readBudgetLevels(db),
    peopleWatched: {
      people: watched.length,
      everySeconds: watchIntervalSeconds(watched.length),
    },
    heldRefresh: held && {
      refreshId: held.refreshId,
      since: (held.finishedAt ?? held.startedAt).toISOString(),
      reason: held.failure,
    },
    lateRemovals: late.map((one) => ({
      ...one,
      since: one.since.toISOString(),
      nextTryAt: one.nextTryAt?.toISOString() ?? null,
    })),
    directoryAgeSeconds: await directoryAgeSeconds(db, now),
    noticesUndelivered: await countUndelivered(db),
  }
}
