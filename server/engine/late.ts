/** Access that stays too long: when that is an alarm, and how much of it there was. */
import { lateAfterMs, lateAlwaysMs } from '#core/plan.ts'
import { type Change, systemActor } from '#server/store/change.ts'
import { addExcess, removalsAhead, requestOfLateLanding } from '#server/store/late.ts'
import { type LedgerKey, updateKey } from '#server/store/ledger.ts'
import { holdsKey } from './grants.ts'
import type { EngineDeps } from './ports.ts'

const callsASecond = 20

/**
 * The domain's rule 3: a minute beyond what AWS's quota explains, and beyond five minutes always.
 * What it explains: every removal ahead costs one of twenty calls a second, and on one account AWS
 * carries them out one after the other.
 */
export async function raiseAlarm(
  c: Change,
  key: LedgerKey,
  { requestId, goneBy }: { requestId: string | null; goneBy: Date },
): Promise<void> {
  const ahead = await removalsAhead(c.tx, key.key.accountId)
  const explainedMs = Math.max(
    (ahead.inAll * 1000) / callsASecond,
    ahead.onAccount * ahead.deletionMs,
  )
  const lateMs = Math.min(lateAfterMs + explainedMs, lateAlwaysMs)
  const due = new Date(goneBy.getTime() + lateMs)
  if (due > c.at) return updateKey(c.tx, key.keyId, { alarmNotBefore: due }, c.at)
  await updateKey(c.tx, key.keyId, { alarmedAt: c.at }, c.at)
  c.event({
    actor: systemActor,
    action: 'access.removal_late',
    object:
      requestId === null
        ? { type: 'key', id: String(key.keyId) }
        : { type: 'request', id: requestId },
    payload: {
      ...key.key,
      goneBy: goneBy.toISOString(),
      attempts: key.attempts,
      lastError: key.lastError,
      explainedSeconds: explainedMs / 1000,
    },
  })
}

/** Rule 2: the seconds of access that landed too late belong to the request that asked for it. */
export async function countUnwanted(deps: EngineDeps, c: Change, key: LedgerKey): Promise<void> {
  const { unwantedSince, belief } = key
  if (unwantedSince === null) return
  const until = belief.presence === 'absent' ? (belief.confirmedAt ?? c.at) : c.at
  const seconds = Math.max(0, (until.getTime() - unwantedSince.getTime()) / 1000)
  // What somebody else assigns from now on is not TEAM's.
  const isOver =
    !holdsKey(key.grants) && belief.presence === 'absent' && belief.watchedUntil === null
  await updateKey(
    c.tx,
    key.keyId,
    {
      unwantedSince: null,
      alarmedAt: null,
      alarmNotBefore: null,
      ...(isOver && { held: false }),
    },
    c.at,
  )
  const requestId = await requestOfLateLanding(c.tx, key.keyId)
  deps.metrics.excessSeconds(seconds)
  const payload = {
    ...key.key,
    from: unwantedSince.toISOString(),
    to: until.toISOString(),
    excessSeconds: seconds,
  }
  if (requestId === null) {
    const object = { type: 'key', id: String(key.keyId) }
    return c.event({ actor: systemActor, action: 'access.excess_added', object, payload })
  }
  const version = await addExcess(c, requestId, seconds)
  const object = { type: 'request', id: requestId, version }
  c.event({ actor: systemActor, action: 'access.excess_added', object, payload })
  await deps.announce(c, 'excess_added', requestId)
}
