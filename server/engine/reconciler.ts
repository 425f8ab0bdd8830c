/**
 * Carries out what core/plan.ts decides, key by key. The design is in README.md.
 */
import { doubt, observe, plan, type Step } from '#core/plan.ts'
import { change, LostLeadership, systemActor } from '#server/store/change.ts'
import {
  dueKeys,
  type LedgerGrant,
  type LedgerKey,
  loadKey,
  nextDueAt,
  plannedKey,
  restUntil,
  settleDoubts,
  settleIntent,
  updateKey,
} from '#server/store/ledger.ts'
import { begin, createAgain, Postpone, recordStatus, remove } from './calls.ts'
import { activateGrant, endGrant, failUnstarted, finishGrant } from './grants.ts'
import { createPoller } from './poller.ts'
import type { EngineDeps } from './ports.ts'

/** Keys that are worked on at one time. */
const keysAtOnceMax = 16
/** Steps for one key before others get their turn. */
const stepsInARowMax = 12
const pollEveryMs = 1_000

export interface Reconciler {
  /** Starts work on keys that are due, and answers how many; the work itself goes on. */
  pass(now: Date): Promise<number>
  /** When the next key wants to be thought about that nobody works on; null: none does. */
  nextAt(now: Date): Promise<Date | null>
  /** Until nothing started is still going on. */
  idle(): Promise<void>
  /** The step that each key is at is the last one: see `idle`. */
  halt(): void
  /** Called whenever a key's work has ended. */
  onWorked: () => void
  readonly lastPassAt: () => Date | null
}

export function createReconciler(deps: EngineDeps): Reconciler {
  const busy = new Map<number, Promise<void>>()
  /** Keys whose work threw: not before then. In memory: a restart may try at once. */
  const patience = new Map<number, { until: Date; failures: number }>()
  const polls = new Map<number, Date>()
  const poller = createPoller(deps)
  let lastPassAt: Date | null = null
  let halted = false

  const reconciler: Reconciler = {
    onWorked: () => {},
    lastPassAt: () => lastPassAt,
    halt: () => {
      halted = true
    },
    idle: async () => {
      while (busy.size > 0) await Promise.all(busy.values())
    },
    async nextAt(now) {
      const waits = [...patience.values()].map((one) => one.until).filter((until) => until > now)
      const due = await nextDueAt(deps.db, setAside(now))
      return [...waits, ...(due ? [due] : [])].sort((a, b) => a.getTime() - b.getTime())[0] ?? null
    },
    async pass(now) {
      lastPassAt = now
      if (halted) return 0
      const free = keysAtOnceMax - busy.size
      if (free <= 0) return 0
      const due = await dueKeys(deps.db, now, { limit: free, except: setAside(now) })
      let started = 0
      for (const keyId of due) {
        // Two passes may have asked at one time.
        if (busy.has(keyId) || busy.size >= keysAtOnceMax) continue
        busy.set(
          keyId,
          work(keyId).finally(() => finished(keyId)),
        )
        started += 1
      }
      return started
    },
  }

  /** Keys that are worked on, or whose work has just failed. */
  function setAside(now: Date): number[] {
    const waiting = [...patience].filter(([, one]) => one.until > now).map(([keyId]) => keyId)
    return [...busy.keys(), ...waiting]
  }

  function finished(keyId: number) {
    busy.delete(keyId)
    reconciler.onWorked()
  }

  async function work(keyId: number): Promise<void> {
    try {
      for (let steps = 0; steps < stepsInARowMax && !halted; steps += 1) {
        const epoch = deps.leader.epoch()
        if (epoch === null) return
        const now = await deps.clock.now()
        const deadlineMs = (await deps.activationDeadlineMinutes()) * 60_000
        const key = await loadKey(deps.db, keyId, deadlineMs)
        const nextPollAt = pollAt(key) ?? now
        const step = plan(plannedKey(key, nextPollAt), key.grants, now)
        if (step.kind === 'rest') {
          await restUntil(deps.db, key, step.until)
          break
        }
        await carryOut(step, key, epoch, now)
      }
      patience.delete(keyId)
    } catch (error) {
      await postpone(keyId, error)
    }
  }

  function pollAt({ intent }: LedgerKey): Date | null {
    if (intent === null) return null
    const { acceptedAt } = intent
    const first = acceptedAt === null ? null : new Date(acceptedAt.getTime() + pollEveryMs)
    return polls.get(intent.intentId) ?? first
  }

  async function postpone(keyId: number, error: unknown): Promise<void> {
    if (error instanceof LostLeadership) return
    const failures = (patience.get(keyId)?.failures ?? 0) + 1
    const waitMs = Math.min(500 * 2 ** Math.min(failures, 4), 5_000)
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
        return write((c) => failUnstarted(deps, c, grantOf(key, step.grantId), notInTime(key)))
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
        return write((c) => activateGrant(deps, c, key, grantOf(key, step.grantId)))
      case 'begin':
        return begin(deps, epoch, key, grantOf(key, step.grantId))
      case 'create_again':
        return createAgain(deps, epoch, key, grantOf(key, step.grantId))
      case 'remove':
        return remove(deps, epoch, key)
      case 'look':
        return look(key, epoch)
      case 'poll':
        return poll(key, epoch)
      case 'doubt':
        return write((c) => doubtIntent(c, key))
      case 'settle':
        return write((c) => settleWatch(c, key))
      case 'alarm':
        return write((c) => alarm(c, key, grantOf(key, step.grantId)))
      default:
        return step satisfies never
    }
  }

  async function look(key: LedgerKey, epoch: number): Promise<void> {
    await deps.takeCall()
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
        ? { ...key.belief, presence: 'absent' as const, confirmedAt: now, nextLookAt: null }
        : observe(key.belief, { seen: isSeen, now, wanted, onlyDoubtIsNewestCreation })
    await change(
      deps.db,
      now,
      async (c) => {
        await updateKey(c.tx, key.keyId, { belief }, now)
        if (isSeen && onlyDoubtIsNewestCreation)
          await settleDoubts(c.tx, key.keyId, 'succeeded', now)
        if (isSeen && key.belief.presence === 'absent' && !wanted) appearedUnwanted(c, key)
      },
      { epoch },
    )
  }

  async function poll(key: LedgerKey, epoch: number): Promise<void> {
    const { intent } = key
    if (intent?.awsRequestId == null) return
    const status = await poller.status(
      intent.kind,
      intent.awsRequestId,
      intent.acceptedAt ?? new Date(0),
    )
    const now = await deps.clock.now()
    if (status.kind === 'in_progress') {
      polls.set(intent.intentId, new Date(now.getTime() + pollEveryMs))
      return
    }
    polls.delete(intent.intentId)
    await change(deps.db, now, (c) => recordStatus(c, key, intent, status), { epoch })
  }

  return reconciler
}

type Write = Parameters<Parameters<typeof change<void>>[2]>[0]

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

function lastErrorText(key: LedgerKey): string {
  return key.attempts > 0 ? ` ${key.attempts} attempts were answered with patience asked for.` : ''
}

async function doubtIntent(c: Write, key: LedgerKey): Promise<void> {
  if (key.intent === null) return
  const reason = 'TEAM stopped before the answer was recorded'
  await settleIntent(c.tx, key.intent.intentId, { state: 'unknown', reason, at: c.at })
  await updateKey(c.tx, key.keyId, { belief: doubt(key.belief, c.at) }, c.at)
}

/** The horizon has passed and the last look showed absence, or the key is wanted and present. */
async function settleWatch(c: Write, key: LedgerKey): Promise<void> {
  const belief = { ...key.belief, watchedSince: null, watchedUntil: null, nextLookAt: null }
  const idle = key.grants.length === 0 && belief.presence === 'absent'
  await settleDoubts(c.tx, key.keyId, 'failed', c.at)
  await updateKey(c.tx, key.keyId, { belief, ...(idle && { held: false }) }, c.at)
  c.changed('key', String(key.keyId))
}

function appearedUnwanted(c: Write, key: LedgerKey): void {
  c.event({
    actor: systemActor,
    action: 'access.appeared_unwanted',
    object: { type: 'key', id: String(key.keyId) },
    payload: { ...key.key, absentSeenAt: key.belief.absentSeenAt?.toISOString() ?? null },
  })
}

async function alarm(c: Write, key: LedgerKey, grant: LedgerGrant): Promise<void> {
  await updateKey(c.tx, key.keyId, { alarmedAt: c.at }, c.at)
  c.event({
    actor: systemActor,
    action: 'access.removal_late',
    object: { type: 'request', id: grant.requestId },
    payload: { ...key.key, goneBy: grant.goneBy?.toISOString() ?? null, attempts: key.attempts },
  })
}

function isAwsTrouble(error: unknown): boolean {
  return error instanceof Error && error.name === 'AwsReadError'
}
