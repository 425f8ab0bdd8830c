import { keyOf, targetOf } from './keys.ts'
import { SortedTable } from './sorted-table.ts'
import type { AssignmentKey, Instant, Operation } from './types.ts'

type Outcome = Pick<Operation, 'status' | 'failureReason'>

/**
 * Account assignments that were asked for, and what came of them. An operation is *working* until it
 * has its effect, *unsettled* until AWS tells its outcome, and known by its request id until AWS has
 * forgotten it, which may come first: forgotten, it still has its effect.
 */
export class Operations {
  readonly #known = new Map<string, Operation>()
  readonly #working = new Map<string, Operation>()
  readonly #unsettled = new Map<string, Operation>()
  readonly #listed = {
    create: new SortedTable<Operation>(),
    delete: new SortedTable<Operation>(),
  }
  /** Nothing comes due before this; below every instant when it has to be found again. */
  #nextAt: Instant = Number.NEGATIVE_INFINITY

  get(requestId: string): Operation | undefined {
    return this.#known.get(requestId)
  }

  /** What AWS says of it: in progress for a while after it has had its effect, if told to. */
  toldStatus(operation: Operation): Operation['status'] {
    return this.#unsettled.has(operation.requestId) ? 'IN_PROGRESS' : operation.status
  }

  /** All that are known and of this status, in the order in which they were asked for. */
  list(kind: Operation['kind'], status?: Operation['status']): SortedTable<Operation> {
    if (status !== 'IN_PROGRESS') return this.#listed[kind]
    const table = new SortedTable<Operation>()
    for (const operation of this.#unsettled.values()) {
      if (operation.kind === kind && !operation.forgotten) {
        table.set(listKey(operation), operation)
      }
    }
    return table
  }

  /** Those that are known, then those that only have their effect to come. */
  *values(): Iterable<Operation> {
    yield* this.#known.values()
    for (const operation of this.#unsettled.values()) if (operation.forgotten) yield operation
  }

  /** Whatever AWS has not told the outcome of. */
  inFlight(): Iterable<Operation> {
    return this.#unsettled.values()
  }

  /** Whatever has not had its effect. */
  working(): Iterable<Operation> {
    return this.#working.values()
  }

  isUnsettled(key: AssignmentKey, scope: 'key' | 'target'): boolean {
    const nameOf = scope === 'key' ? keyOf : targetOf
    const name = nameOf(key)
    for (const operation of this.#unsettled.values()) if (nameOf(operation) === name) return true
    return false
  }

  creationsInFlight(): number {
    let count = 0
    for (const operation of this.#unsettled.values()) if (operation.kind === 'create') count += 1
    return count
  }

  /** When the last operation on the account will be over: the next one starts then. */
  accountBusyUntil(accountId: string): Instant {
    let until = 0
    for (const operation of this.#working.values()) {
      if (operation.accountId === accountId) until = Math.max(until, operation.dueAt)
    }
    return until
  }

  put(operation: Operation): void {
    if (!operation.forgotten) this.#show(operation)
    if (operation.status === 'IN_PROGRESS') this.#working.set(operation.requestId, operation)
    this.#unsettled.set(operation.requestId, operation)
    this.#nextAt = Number.NEGATIVE_INFINITY
  }

  /** Gives each operation that is due by now its outcome, in the order of their due times. */
  settle(now: Instant, outcomeOf: (operation: Operation) => Outcome): void {
    if (now < this.#nextAt) return
    for (let due = this.#nextDue(now); due !== undefined; due = this.#nextDue(now)) {
      const done = { ...due, ...outcomeOf(due) }
      this.#working.delete(done.requestId)
      this.#unsettled.set(done.requestId, done)
      if (!done.forgotten) this.#show(done)
    }
    let nextAt = Number.POSITIVE_INFINITY
    for (const operation of this.#unsettled.values()) {
      const isWorking = this.#working.has(operation.requestId)
      // An operation of an older journal has no `toldAt`, and is told at once.
      if (!isWorking && !(operation.toldAt > now)) this.#unsettled.delete(operation.requestId)
      else nextAt = Math.min(nextAt, isWorking ? operation.dueAt : operation.toldAt)
    }
    this.#nextAt = nextAt
  }

  /** Forgets statuses of that age, but none of an operation that is still in progress. */
  forget(now: Instant, keptMs: number): void {
    for (const operation of this.#known.values()) {
      if (operation.createdAt + keptMs > now) return
      if (!this.#unsettled.has(operation.requestId)) this.#hide(operation)
    }
  }

  /** Forgets every status there is, of operations in progress too. */
  forgetAll(): void {
    for (const operation of [...this.#known.values()]) {
      this.#hide(operation)
      const { requestId } = operation
      const forgotten = { ...operation, forgotten: true }
      if (this.#unsettled.has(requestId)) this.#unsettled.set(requestId, forgotten)
      if (this.#working.has(requestId)) this.#working.set(requestId, forgotten)
    }
  }

  #show(operation: Operation): void {
    this.#known.set(operation.requestId, operation)
    this.#listed[operation.kind].set(listKey(operation), operation)
  }

  #hide(operation: Operation): void {
    this.#known.delete(operation.requestId)
    this.#listed[operation.kind].delete(listKey(operation))
  }

  #nextDue(now: Instant): Operation | undefined {
    let next: Operation | undefined
    for (const operation of this.#working.values()) {
      if (operation.dueAt > now) continue
      if (next === undefined || operation.dueAt < next.dueAt) next = operation
    }
    return next
  }
}

const listKey = (operation: Operation) =>
  `${new Date(operation.createdAt).toISOString()} ${operation.requestId}`
