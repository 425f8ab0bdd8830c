/**
 * What became of accepted calls. While some are in flight, one list of what AWS still works on is
 * read every 0.6 s for each kind; an operation that has left that list is asked about once. In a
 * storm, where many have left, the list of those that succeeded is cheaper than asking about each:
 * a page of it tells of a hundred. Where the endpoint has no lists, each operation is asked about.
 *
 * In a storm removals wait for AWS's quota, and what asking uses of it is taken from them. Then one
 * call a second is spent on it, none on a single operation, and what succeeded is listed only when
 * many have left, or one five seconds ago: the last of them is gone sooner, though some are confirmed
 * later. An operation that has left the list makes room for the next on its account at once; while
 * more removals wait for the quota than it will serve for a while, such room is of no use, and the
 * next list is put off for half of that while.
 *
 * The answers are kept until the key is worked on. They are lost with the process; then they are
 * asked for again.
 */
import { type AcceptedCall, acceptedCalls } from '#server/store/intents.ts'
import type { Assignments, OperationStatus } from './assignments-port.ts'
import { rateOf } from './budget.ts'
import type { CallPurpose } from './call-queue.ts'
import type { EngineDeps } from './ports.ts'

export const pollEveryMs = 600
/** A list of what succeeded is read when so many more are to be asked about than it has pages. */
const callsAPageMin = 3
const thriftyCallsAPageMin = 20
const thriftyMsACall = 1_000
const thriftyMsMax = 5_000
const putOffMsMax = 5_000
const pageSize = 100

export interface Poller {
  /** Reads what is due, and answers the keys of calls whose outcome is known now. */
  run(now: Date): Promise<number[]>
  /** When there is something to read; null: nothing is in flight. */
  nextAt(): Date | null
  /** What AWS said of this operation; null: nothing yet. */
  concluded(awsRequestId: string): OperationStatus | null
  forget(awsRequestId: string): void
  /** Something is in flight, or may be: there may be an answer from `at` on. */
  expect(at: Date): void
}

export interface PollerNeeds extends Pick<EngineDeps, 'db' | 'log' | 'calls'> {
  readonly assignments: Pick<
    Assignments,
    | 'creationsInProgress'
    | 'deletionsInProgress'
    | 'succeeded'
    | 'describeCreation'
    | 'describeDeletion'
  >
  /** AWS works on calls of these keys no more, whatever came of them. */
  readonly onLeft: (keyIds: readonly number[]) => void
  /** Removals wait: for AWS's quota, or for this copy to come to them. */
  readonly isPressed: () => boolean
}

export function createPoller(deps: PollerNeeds): Poller {
  const answers = new Map<string, OperationStatus>()
  /** When an operation was first missing from the list of those in progress. */
  const leftSince = new Map<string, number>()
  let nextAt: Date | null = null
  /** Counts in a storm. */
  let notBefore: Date | null = null
  let pagesOfSucceeded = 1

  /** Answers how many calls it made of those that are counted while removals wait. */
  async function runKind(kind: AcceptedCall['kind'], calls: readonly AcceptedCall[], now: Date) {
    const unanswered = calls.filter((call) => !answers.has(call.awsRequestId))
    if (unanswered.length === 0) return 0
    await deps.calls.take('progress')
    const inProgress = await (kind === 'create'
      ? deps.assignments.creationsInProgress()
      : deps.assignments.deletionsInProgress())
    const left = unanswered.filter((call) => !inProgress?.has(call.awsRequestId))
    const pages = 1 + Math.floor((inProgress?.size ?? 0) / pageSize)
    if (inProgress !== null) deps.onLeft(left.map((call) => call.keyId))
    const isThrifty = inProgress !== null && deps.isPressed()
    const late = lateOf(left, now)
    const isWorthIt = left.length >= pagesOfSucceeded * thriftyCallsAPageMin || late.size > 0
    if (isThrifty && !isWorthIt) return pages
    const unknown = await withoutSucceeded(kind, left)
    const toAsk = isThrifty ? unknown.filter((call) => late.has(call)) : unknown
    const rank = isThrifty ? 'progress' : 'poll'
    const asked = await Promise.allSettled(toAsk.map((call) => ask(call, rank)))
    const failed = asked.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
    return pages + (isThrifty ? pagesOfSucceeded : 0)
  }

  /** Those that were over already when asking was put off long ago. */
  function lateOf(left: readonly AcceptedCall[], now: Date): Set<AcceptedCall> {
    const late = new Set<AcceptedCall>()
    for (const call of left) {
      const since = leftSince.get(call.awsRequestId) ?? now.getTime()
      leftSince.set(call.awsRequestId, since)
      if (now.getTime() - since >= putOffMsMax) late.add(call)
    }
    return late
  }

  /** Those that the list of what succeeded does not tell about, if it is worth reading. */
  async function withoutSucceeded(kind: AcceptedCall['kind'], left: readonly AcceptedCall[]) {
    if (left.length < pagesOfSucceeded * callsAPageMin || left.length < 2 * callsAPageMin) {
      return left
    }
    const pagesMax = Math.max(1, Math.floor(left.length / callsAPageMin))
    const wanted = new Set(left.map((call) => call.awsRequestId))
    await deps.calls.take('progress')
    const succeeded = await deps.assignments.succeeded(kind, { wanted, pagesMax })
    if (succeeded === null) return left
    pagesOfSucceeded = Math.max(1, Math.ceil(succeeded.listed / pageSize))
    for (const id of succeeded.ids) answers.set(id, { kind: 'succeeded' })
    return left.filter((call) => !succeeded.ids.has(call.awsRequestId))
  }

  async function ask({ kind, awsRequestId }: AcceptedCall, rank: CallPurpose): Promise<void> {
    await deps.calls.take(rank)
    const status = await (kind === 'create'
      ? deps.assignments.describeCreation(awsRequestId)
      : deps.assignments.describeDeletion(awsRequestId))
    if (status.kind !== 'in_progress') answers.set(awsRequestId, status)
  }

  function whenNext(): Date | null {
    if (nextAt === null || notBefore === null || !deps.isPressed()) return nextAt
    return nextAt > notBefore ? nextAt : notBefore
  }

  function expect(at: Date): void {
    if (nextAt === null || nextAt > at) nextAt = at
  }

  /** What is accepted while this is read is not in it, and is expected by whoever accepted it. */
  async function inFlight(now: Date): Promise<AcceptedCall[]> {
    const again = new Date(now.getTime() + pollEveryMs)
    nextAt = null
    try {
      const calls = await acceptedCalls(deps.db)
      if (calls.length > 0) expect(again)
      return calls
    } catch (error) {
      expect(again)
      throw error
    }
  }

  return {
    nextAt: whenNext,
    concluded: (id) => answers.get(id) ?? null,
    forget(id) {
      answers.delete(id)
      leftSince.delete(id)
    },
    expect,
    async run(now) {
      const due = whenNext()
      if (due === null) return []
      const waitMs = due.getTime() - now.getTime()
      // Never due further ahead than that, unless the clock was set back.
      if (waitMs > 0 && waitMs <= pollEveryMs + thriftyMsMax) return []
      const calls = await inFlight(now)
      const kinds = ['delete', 'create'] as const
      const done = await Promise.allSettled(
        kinds.map((kind) =>
          runKind(
            kind,
            calls.filter((call) => call.kind === kind),
            now,
          ),
        ),
      )
      let callsMade = 0
      for (const one of done) {
        if (one.status === 'rejected') deps.log.warn(reasonOf(one.reason), 'poll failed')
        else callsMade += one.value
      }
      notBefore = new Date(now.getTime() + thriftyMs(callsMade, deps.calls.waiting('removal')))
      return calls.filter((call) => answers.has(call.awsRequestId)).map((call) => call.keyId)
    },
  }
}

function thriftyMs(callsMade: number, removalsWaiting: number): number {
  const servedMs = (removalsWaiting * 1_000) / rateOf('sso-admin').perSecond
  return Math.min(Math.max(callsMade * thriftyMsACall, servedMs / 2), thriftyMsMax)
}

function reasonOf(error: unknown) {
  return { why: error instanceof Error ? error.message : error }
}
