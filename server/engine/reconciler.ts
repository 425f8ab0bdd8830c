/**
 * Carries out what core/plan.ts decides, key by key. The design is in README.md.
 */
import { doubt, hasCome, observe, observeGone, plan, type Step, wakeAt } from '#core/plan.ts'
import { type Change, change, LostLeadership, systemActor } from '#server/store/change.ts'
import { callsInFlight, settleDoubts, settleIntent } from '#server/store/intents.ts'
import {
  dueKeys,
  type LedgerGrant,
  type LedgerKey,
  loadKey,
  lockHeld,
  nextDueAt,
  plannedKey,
  restUntil,
  updateKey,
} from '#server/store/ledger.ts'
import {
  activate,
  begin,
  type CallDeps,
  createAgain,
  Postpone,
  recordStatus,
  remove,
} from './calls.ts'
import { endEveryActive, endGrant, failUnstarted, finishGrant, holdsKey } from './grants.ts'
import { createLanes, LaneFull } from './lanes.ts'
import { countUnwanted, raiseAlarm } from './late.ts'
import { createObservation } from './observation.ts'
import { createPoller, pollEveryMs } from './poller.ts'
import type { EngineDeps } from './ports.ts'

/** Keys that are worked on at one time; those that wait for AWS's quota are not counted. */
const keysAtOnceMax = 16
/** And those that wait for it. */
const keysWaitingMax = 1_000
/** Steps for one key before others get their turn. */
const stepsInARowMax = 12
/** An answer of AWS that the poller has is a nudge; this is the safety net under it. */
const unheardMs = 60_000

export interface Reconciler {
  /** Starts work on keys that are due, and answers how many; the work itself goes on. */
  pass(now: Date): Promise<number>
  /** When the next key wants to be thought about that nobody works on; null: none does. */
  nextAt(now: Date): Promise<Date | null>
  /** Until nothing started is still going on. */
  idle(): Promise<void>
  /** The step that each key is at is the last one, and makes no call any more: see `idle`. */
  halt(): void
  /** Whether a key can be worked on that no row says is due. */
  hasReady(): boolean
  /** Asks AWS what became of calls in flight, if it is time to. */
  poll(now: Date): Promise<void>
  /** Looks at live targets, a second's share. */
  observe(now: Date): Promise<void>
  /** Called whenever a key's work has ended, or another may begin. */
  onWorked: () => void
  readonly lastPassAt: () => Date | null
}

/** What waits for room is decided anew so often, in place of the sweep over what is due. */
const asideMsMax = 60_000
const putOffMsMax = 5_000
const isOver = (until: Date, now: Date) => hasCome(until, now, putOffMsMax)

export function createReconciler(deps: EngineDeps): Reconciler {
  const busy = new Map<number, Promise<void>>()
  /** Keys whose work threw: not before then. In memory: a restart may try at once. */
  const patience = new Map<number, { until: Date; failures: number }>()
  /** Keys that wait for room: when something is to be decided about each all the same. */
  const aside = new Map<number, Date>()
  /** Keys that may go on though their rows do not say so: AWS has answered, or there is room. */
  const ready = new Set<number>()
  const poller = createPoller({
    ...deps,
    onLeft: (keyIds) => keyIds.forEach(leaveLane),
    isPressed: () => deps.calls.waiting('removal') > 0 || roomForKeys() <= 0,
  })
  const lanes = createLanes()
  let lanesOf: number | null = null
  let lastPassAt: Date | null = null
  let halted = false
  const observation = createObservation(deps, withKey)

  const callDeps: CallDeps = {
    ...deps,
    enterLane: lanes.enter,
    leaveLane,
    isHalted: () => halted,
    onAccepted: (at) => poller.expect(new Date(at.getTime() + pollEveryMs)),
  }

  const reconciler: Reconciler = {
    onWorked: () => {},
    lastPassAt: () => lastPassAt,
    hasReady: () => ready.size > 0,
    halt: () => {
      halted = true
    },
    idle: async () => {
      while (busy.size > 0) await Promise.all(busy.values())
    },
    async nextAt(now) {
      const waits = [...patience.values()]
        .map((one) => one.until)
        .filter((until) => !isOver(until, now))
      const due = await nextDueAt(deps.db, setAside(now))
      const polled = poller.nextAt()
      const times = [
        ...waits,
        ...aside.values(),
        ...(due ? [due] : []),
        ...(polled ? [polled] : []),
      ]
      return times.sort((a, b) => a.getTime() - b.getTime())[0] ?? null
    },
    async pass(now) {
      const epoch = deps.leader.epoch()
      if (halted || epoch === null) return 0
      lastPassAt = now
      await takeOverLanes(epoch)
      const free = roomForKeys()
      if (free <= 0) return 0
      // Their rows may not say that they are due: what woke them may have been an answer of AWS.
      for (const [keyId, { until }] of patience) if (isOver(until, now)) ready.add(keyId)
      for (const [keyId, until] of aside) if (hasCome(until, now, asideMsMax)) ready.add(keyId)
      // The net under the hand-over of room: whoever was told of it may have had no use for it.
      for (const keyId of lanes.offers()) if (!busy.has(keyId)) ready.add(keyId)
      const urgent = [...ready].filter((keyId) => !busy.has(keyId)).slice(0, free)
      for (const keyId of urgent) ready.delete(keyId)
      const except = [...setAside(now), ...urgent]
      const due = await dueKeys(deps.db, now, { limit: free - urgent.length, except })
      let started = 0
      for (const keyId of [...urgent, ...due]) {
        // Two passes may have asked at one time.
        if (busy.has(keyId)) continue
        if (roomForKeys() <= 0) {
          // Its row may not say it: what it was told is said again to the next pass.
          if (urgent.includes(keyId)) ready.add(keyId)
          continue
        }
        hold(keyId, work(keyId))
        started += 1
      }
      return started
    },
    async poll(now) {
      if (deps.leader.epoch() === null) return
      wakeKeys(await poller.run(now))
    },
    observe: (now) => observation.run(now),
  }

  function roomForKeys(): number {
    const waiting = deps.calls.waiting()
    return waiting > keysWaitingMax ? 0 : keysAtOnceMax - (busy.size - waiting)
  }

  /** Keys that are worked on, wait for room, or whose work has just failed. */
  function setAside(now: Date): number[] {
    const waiting = [...patience].filter(([, one]) => !isOver(one.until, now)).map(([id]) => id)
    return [...busy.keys(), ...waiting, ...lanes.waiting()]
  }

  function hold(keyId: number, work: Promise<void>) {
    const held = work.finally(() => {
      busy.delete(keyId)
      reconciler.onWorked()
    })
    busy.set(keyId, held)
  }

  async function withKey(keyId: number, work: () => Promise<void>): Promise<boolean> {
    // What it is at is soon done; if somebody is quicker then, the next look comes in a second.
    await busy.get(keyId)
    if (busy.has(keyId)) return false
    const working = work()
    hold(
      keyId,
      working.catch(() => {}),
    )
    await working
    return true
  }

  function wakeKeys(keyIds: readonly number[]) {
    for (const keyId of keyIds) ready.add(keyId)
    if (keyIds.length > 0) reconciler.onWorked()
  }

  function leaveLane(keyId: number) {
    // Who is worked on finds the room by themselves, or is offered it again by the next pass.
    wakeKeys(lanes.leave(keyId).filter((id) => !busy.has(id)))
  }

  /** It waits for no room, or not any more: its place in the line is the next one's. */
  function leaveLine(keyId: number) {
    if (lanes.isWaiting(keyId)) leaveLane(keyId)
  }

  /** What the leader before left in flight is in flight still. */
  async function takeOverLanes(epoch: number) {
    if (lanesOf === epoch) return
    lanes.takeOver(await callsInFlight(deps.db))
    aside.clear()
    poller.expect(await deps.clock.now())
    lanesOf = epoch
  }

  async function work(keyId: number): Promise<void> {
    aside.delete(keyId)
    try {
      const deadlineMs = (await deps.activationDeadlineMinutes()) * 60_000
      for (let steps = 0; steps < stepsInARowMax && !halted; steps += 1) {
        const epoch = deps.leader.epoch()
        if (epoch === null) return
        const now = await deps.clock.now()
        const key = await loadKey(deps.db, keyId, deadlineMs)
        const step = plan(plannedKey(key, pollAt(key, now)), key.grants, now)
        if (step.kind === 'rest') {
          await restUntil(deps.db, key, step.until)
          break
        }
        await carryOut(step, key, epoch, now).catch((error: unknown) => {
          if (error instanceof LaneFull) setAsideUntil(key, now)
          throw error
        })
      }
      patience.delete(keyId)
      leaveLine(keyId)
    } catch (error) {
      if (error instanceof LaneFull) return void patience.delete(keyId)
      leaveLine(keyId)
      await postpone(keyId, error)
    }
  }

  /** Room may be long in coming: an alarm, an end or a deadline does not wait for it. */
  function setAsideUntil(key: LedgerKey, now: Date) {
    const next = wakeAt(plannedKey(key, now), key.grants, now)
    const atLatest = new Date(now.getTime() + asideMsMax)
    aside.set(key.keyId, next !== null && next < atLatest ? next : atLatest)
  }

  /** The poller asks; the key's turn comes when there is an answer. */
  function pollAt({ intent }: LedgerKey, now: Date): Date {
    const id = intent?.awsRequestId ?? null
    if (id !== null && poller.concluded(id) !== null) return now
    // Whatever the poller knows of it: else a call that it has not heard of is in flight for ever.
    if (id !== null) poller.expect(new Date(now.getTime() + pollEveryMs))
    return new Date(now.getTime() + unheardMs)
  }

  async function postpone(keyId: number, error: unknown): Promise<void> {
    if (error instanceof LostLeadership) return
    const failures = (patience.get(keyId)?.failures ?? 0) + 1
    const waitMs = Math.min(500 * 2 ** Math.min(failures, 4), putOffMsMax)
    const now = await Promise.resolve(deps.clock.now()).catch(() => new Date())
    patience.set(keyId, { until: new Date(now.getTime() + waitMs), failures })
    const facts = { keyId, failures, waitMs, why: error instanceof Error ? error.message : error }
    if (error instanceof Postpone || isAwsTrouble(error)) deps.log.warn(facts, 'key postponed')
    else deps.log.error({ ...facts, err: error }, 'key postponed')
  }

  function carryOut(step: Step, key: LedgerKey, epoch: number, now: Date): Promise<void> {
    const write = (work: Parameters<typeof change<void>>[2]) =>
      change(deps.db, now, work, { epoch })
    switch (step.kind) {
      case 'rest':
        return Promise.resolve()
      case 'fail_unstarted':
        return write((c) =>
          failUnstarted(deps, c, grantOf(key, step.grantId), unstarted(key, step)),
        )
      case 'end': {
        const why =
          step.why === 'time'
            ? ({ endState: 'ended', reason: 'time_up' } as const)
            : ({ endState: 'failed', failure: notInTime(key) } as const)
        return write((c) => endGrant(c, key, grantOf(key, step.grantId), why))
      }
      case 'finish': {
        const grant = grantOf(key, step.grantId)
        return write((c) => finishGrant(deps, c, key, grant, step.coveredBy))
      }
      case 'activate':
        return activate(callDeps, epoch, key, grantOf(key, step.grantId))
      case 'begin':
        return begin(callDeps, epoch, key, grantOf(key, step.grantId))
      case 'create_again':
        return createAgain(callDeps, epoch, key, grantOf(key, step.grantId))
      case 'remove':
        return remove(callDeps, epoch, key)
      case 'look':
        return look(key, epoch)
      case 'poll':
        return conclude(key, epoch, now)
      case 'doubt':
        return write((c) => doubtIntent(c, key)).then(() => leaveLane(key.keyId))
      case 'removed_by_hand': {
        const absentSince = key.missingSince ?? now
        return write((c) => endEveryActive(c, key, { reason: 'revoked_outside', absentSince }))
      }
      case 'count_unwanted':
        return write((c) => countUnwanted(deps, c, key))
      case 'settle':
        return write((c) => settleWatch(c, key))
      case 'alarm':
        return write((c) => {
          const grant = step.grantId === null ? null : grantOf(key, step.grantId)
          return raiseAlarm(c, key, { requestId: grant?.requestId ?? null, goneBy: step.goneBy })
        })
      default:
        return step satisfies never
    }
  }

  async function look(key: LedgerKey, epoch: number): Promise<void> {
    await deps.calls.take('look')
    const seen = await deps.assignments.holders(key.key)
    const now = await deps.clock.now()
    const isSeen = seen.kind === 'read' && seen.userIds.has(key.key.userId)
    const wanted = key.grants.some(
      (grant) => grant.status === 'activating' || grant.status === 'active',
    )
    const onlyDoubtIsNewestCreation =
      key.doubts.length === 1 && key.doubts[0] === 'create' && key.newestIntentIsDoubt
    const belief =
      seen.kind === 'gone'
        ? observeGone(key.belief, { now, wanted })
        : observe(key.belief, { seen: isSeen, now, wanted, onlyDoubtIsNewestCreation })
    // A target that is not known shows nothing: what appears there was there since it was so at first.
    const shownAt = seen.kind === 'gone' ? later(key.observedAt, belief.absentSeenAt ?? now) : now
    await change(
      deps.db,
      now,
      async (c) => {
        // Released while AWS was asked: what was seen is not TEAM's any more.
        if ((await lockHeld(c.tx, key.keyId)) !== key.held) return
        const appeared = isSeen && key.belief.presence === 'absent' && !wanted
        const unwantedSince = key.unwantedSince ?? key.observedAt ?? key.belief.confirmedAt ?? now
        const update = { belief, observedAt: shownAt, ...(appeared && { unwantedSince }) }
        await updateKey(c.tx, key.keyId, update, now)
        if (isSeen && onlyDoubtIsNewestCreation)
          await settleDoubts(c.tx, key.keyId, 'succeeded', now)
        if (appeared) appearedUnwanted(c, key, unwantedSince)
      },
      { epoch },
    )
  }

  async function conclude(key: LedgerKey, epoch: number, now: Date): Promise<void> {
    const { intent } = key
    if (intent?.awsRequestId == null) return
    const { awsRequestId } = intent
    const status = poller.concluded(awsRequestId)
    if (status === null || status.kind === 'in_progress') return poller.expect(now)
    await change(deps.db, now, (c) => recordStatus(c, key, intent, status), { epoch })
    poller.forget(awsRequestId)
    leaveLane(key.keyId)
  }

  return reconciler
}

function later(one: Date | null, other: Date): Date {
  return one !== null && one > other ? one : other
}

function grantOf(key: LedgerKey, grantId: string): LedgerGrant {
  const grant = key.grants.find((one) => one.grantId === grantId)
  if (!grant) throw new Error(`The plan names a grant that the key has not: ${grantId}`)
  return grant
}

function notInTime(key: LedgerKey) {
  const cause = key.belief.presence === 'present' ? '' : lastErrorText(key)
  return {
    code: 'not_granted_in_time',
    message: `AWS did not confirm the access in time.${cause}`,
  }
}

function unstarted(key: LedgerKey, step: Step & { kind: 'fail_unstarted' }) {
  if (step.why === 'not_granted_in_time') return notInTime(key)
  return {
    code: 'parent_over',
    message: 'The access that this was to extend had ended before, so there was nothing to extend.',
  }
}

function lastErrorText(key: LedgerKey): string {
  return key.attempts > 0 ? ` ${key.attempts} attempts were answered with patience asked for.` : ''
}

async function doubtIntent(c: Change, key: LedgerKey): Promise<void> {
  if (key.intent === null) return
  const reason = 'TEAM stopped before the answer was recorded'
  await settleIntent(c.tx, key.intent.intentId, { state: 'unknown', reason, at: c.at })
  await updateKey(c.tx, key.keyId, { belief: doubt(key.belief, c.at) }, c.at)
}

/** The horizon has passed and the last look showed absence, or the key is wanted and present. */
async function settleWatch(c: Change, key: LedgerKey): Promise<void> {
  const belief = { ...key.belief, watchedSince: null, watchedUntil: null, nextLookAt: null }
  const idle = !holdsKey(key.grants) && belief.presence === 'absent'
  await settleDoubts(c.tx, key.keyId, 'failed', c.at)
  await updateKey(c.tx, key.keyId, { belief, ...(idle && { held: false }) }, c.at)
  c.changed('key', String(key.keyId))
}

function appearedUnwanted(c: Change, key: LedgerKey, since: Date): void {
  c.event({
    actor: systemActor,
    action: 'access.appeared_unwanted',
    object: { type: 'key', id: String(key.keyId) },
    payload: { ...key.key, notBefore: since.toISOString() },
  })
}

export function isAwsTrouble(error: unknown): boolean {
  return error instanceof Error && error.name === 'AwsReadError'
}
