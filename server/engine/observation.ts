/**
 * What somebody else does to live access: the domain's rules 6 and 7. Live targets are listed every
 * five minutes, one call for everybody on a target, a few calls a second. A key that a look misses
 * is looked at again after a minute; `core/plan.ts` decides what two such looks mean. Assignments
 * that the ledger does not hold are written down as drift, and never touched.
 */
import { isLive, missedApartMs } from '#core/plan.ts'
import { type Change, change, systemActor } from '#server/store/change.ts'
import { type KeyUpdate, type LedgerKey, loadKey, updateKey } from '#server/store/ledger.ts'
import {
  ownUsers,
  type Principal,
  replaceDrift,
  type TargetToObserve,
  targetsToObserve,
} from '#server/store/observation.ts'
import type { Holders } from './assignments-port.ts'
import { endGrant } from './grants.ts'
import type { EngineDeps } from './ports.ts'

export const observeEveryMs = 300_000
const targetsASecondMax = 3
const removedJustNowMs = 60_000
/** Further ahead lies only what was written down before the clock was set back. */
const aheadMsMax = 60_000
const isAhead = (time: Date, now: Date) => time.getTime() - now.getTime() > aheadMsMax

export interface Observation {
  /** One second's share of looks. Throws when AWS could not be asked. */
  run(now: Date): Promise<void>
}

/** Works on one key while nobody else does; false: somebody else does, or did meanwhile. */
export type WithKey = (keyId: number, work: () => Promise<void>) => Promise<boolean>

export function createObservation(deps: EngineDeps, withKey: WithKey): Observation {
  async function observe({ target, keyIds }: TargetToObserve, epoch: number): Promise<void> {
    await deps.calls.take('observation')
    const lookedAt = await deps.clock.now()
    const found = await deps.assignments.holders(target)
    for (const keyId of keyIds) {
      await withKey(keyId, () => sight(keyId, found, { lookedAt, epoch }))
    }
    if (found.kind === 'read') {
      await change(deps.db, lookedAt, (c) => noteDrift(c, target, found), { epoch })
    }
  }

  async function sight(
    keyId: number,
    found: Holders,
    { lookedAt, epoch }: { lookedAt: Date; epoch: number },
  ): Promise<void> {
    const deadlineMs = (await deps.activationDeadlineMinutes()) * 60_000
    const key = await loadKey(deps.db, keyId, deadlineMs)
    if (key.intent !== null || !isLive(key.belief)) return
    // What was confirmed while the list was on its way is newer than the list.
    const { confirmedAt } = key.belief
    if (confirmedAt === null) return
    if (confirmedAt >= lookedAt && !isAhead(confirmedAt, lookedAt)) return
    await change(deps.db, lookedAt, (c) => recordSighting(c, key, found), { epoch })
  }

  return {
    async run(now) {
      const epoch = deps.leader.epoch()
      if (epoch === null) return
      const due = await targetsToObserve(
        deps.db,
        {
          lookedBefore: new Date(now.getTime() - observeEveryMs),
          missedBefore: new Date(now.getTime() - missedApartMs),
          writtenBefore: new Date(now.getTime() + aheadMsMax),
        },
        targetsASecondMax,
      )
      await Promise.all(due.map((one) => observe(one, epoch)))
    },
  }
}

async function recordSighting(c: Change, key: LedgerKey, found: Holders): Promise<void> {
  const { confirmedAt } = key.belief
  const wasSetBack = confirmedAt !== null && isAhead(confirmedAt, c.at)
  const belief = wasSetBack ? { belief: { ...key.belief, confirmedAt: c.at } } : {}
  const sighted = { ...belief, observedAt: c.at }
  const missed = key.missingSince
  const missingSince = missed === null || missed > c.at ? c.at : missed
  if (found.kind === 'gone') return recordGone(c, key, { ...sighted, missingSince })
  if (found.userIds.has(key.key.userId)) {
    return updateKey(c.tx, key.keyId, { ...sighted, missingSince: null }, c.at)
  }
  await updateKey(c.tx, key.keyId, { ...sighted, missingSince }, c.at)
  await c.nudge(key.keyId)
}

/**
 * AWS does not know the target. Said twice, a minute apart, it ends what lives there; but it is no
 * proof of absence: the assignment is removed like any other, and that shows whether it is gone.
 */
async function recordGone(
  c: Change,
  key: LedgerKey,
  sighted: KeyUpdate & { readonly missingSince: Date },
): Promise<void> {
  const isSaidTwice = c.at.getTime() - sighted.missingSince.getTime() >= missedApartMs
  for (const grant of isSaidTwice ? key.grants : []) {
    await endGrant(c, key, grant, { endState: 'revoked', reason: 'target_gone' })
  }
  await updateKey(c.tx, key.keyId, { ...sighted, ...(isSaidTwice && { missingSince: null }) }, c.at)
  await c.nudge(key.keyId)
}

async function noteDrift(
  c: Change,
  target: TargetToObserve['target'],
  found: Holders & { kind: 'read' },
): Promise<void> {
  const removedAfter = new Date(c.at.getTime() - removedJustNowMs)
  const ours = await ownUsers(c.tx, target, { userIds: [...found.userIds], removedAfter })
  const users = [...found.userIds].filter((id) => !ours.has(id))
  const principals: Principal[] = [
    ...users.map((id) => ({ type: 'USER' as const, id })),
    ...[...found.groupIds].map((id) => ({ type: 'GROUP' as const, id })),
  ]
  for (const { type, id } of await replaceDrift(c.tx, target, { principals, at: c.at })) {
    c.event({
      actor: systemActor,
      action: 'access.drift_seen',
      object: { type: 'target', id: `${target.accountId}/${target.permissionSetArn}` },
      payload: { ...target, principalType: type, principalId: id },
    })
  }
}
