/**
 * What became of accepted calls. While some are in flight, one list of what AWS still works on is
 * read every 0.6 s for each kind; an operation that has left that list is asked about once. In a
 * storm, where many have left, the list of those that succeeded is cheaper than asking about each:
 * a page of it tells of a hundred. Where the endpoint has no lists, each operation is asked about.
 *
 * The answers are kept until the key is worked on. They are lost with the process; then they are
 * asked for again.
 */
import { type AcceptedCall, acceptedCalls } from '#server/store/intents.ts'
import type { OperationStatus } from './assignments-port.ts'
import type { EngineDeps } from './ports.ts'

export const pollEveryMs = 600
/** A list of what succeeded is read when so many more are to be asked about than it has pages. */
const callsAPageMin = 3
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

export function createPoller(deps: EngineDeps): Poller {
  const answers = new Map<string, OperationStatus>()
  let nextAt: Date | null = null
  let pagesOfSucceeded = 1

  async function runKind(kind: AcceptedCall['kind'], calls: readonly AcceptedCall[]) {
    const unanswered = calls.filter((call) => !answers.has(call.awsRequestId))
    if (unanswered.length === 0) return
    await deps.calls.take('progress')
    const inProgress = await (kind === 'create'
      ? deps.assignments.creationsInProgress()
      : deps.assignments.deletionsInProgress())
    const left = unanswered.filter((call) => !inProgress?.has(call.awsRequestId))
    const toAsk = await withoutSucceeded(kind, left)
    const asked = await Promise.allSettled(toAsk.map((call) => ask(call)))
    const failed = asked.find((one) => one.status === 'rejected')
    if (failed) throw failed.reason
  }

  /** Those that the list of what succeeded does not tell about, if it is worth reading. */
  async function withoutSucceeded(kind: AcceptedCall['kind'], left: readonly AcceptedCall[]) {
    if (left.length < pagesOfSucceeded * callsAPageMin || left.length < 2 * callsAPageMin) {
      return left
    }
    const pagesMax = Math.max(1, Math.floor(left.length / callsAPageMin))
    const wanted = new Set(left.map((call) => call.awsRequestId))
    await deps.calls.take('poll')
    const succeeded = await deps.assignments.succeeded(kind, { wanted, pagesMax })
    if (succeeded === null) return left
    pagesOfSucceeded = Math.max(1, Math.ceil(succeeded.listed / pageSize))
    for (const id of succeeded.ids) answers.set(id, { kind: 'succeeded' })
    return left.filter((call) => !succeeded.ids.has(call.awsRequestId))
  }

  async function ask({ kind, awsRequestId }: AcceptedCall): Promise<void> {
    await deps.calls.take('poll')
    const status = await (kind === 'create'
      ? deps.assignments.describeCreation(awsRequestId)
      : deps.assignments.describeDeletion(awsRequestId))
    if (status.kind !== 'in_progress') answers.set(awsRequestId, status)
  }

  return {
    nextAt: () => nextAt,
    concluded: (id) => answers.get(id) ?? null,
    forget: (id) => void answers.delete(id),
    expect(at) {
      if (nextAt === null || nextAt > at) nextAt = at
    },
    async run(now) {
      if (nextAt === null || nextAt > now) return []
      const calls = await acceptedCalls(deps.db)
      nextAt = calls.length === 0 ? null : new Date(now.getTime() + pollEveryMs)
      const kinds = ['delete', 'create'] as const
      const done = await Promise.allSettled(
        kinds.map((kind) =>
          runKind(
            kind,
            calls.filter((call) => call.kind === kind),
          ),
        ),
      )
      for (const one of done) {
        if (one.status === 'rejected') deps.log.warn(reasonOf(one.reason), 'poll failed')
      }
      return calls.filter((call) => answers.has(call.awsRequestId)).map((call) => call.keyId)
    },
  }
}

function reasonOf(error: unknown) {
  return { why: error instanceof Error ? error.message : error }
}
