import { keyOf } from './keys.ts'
import { SortedTable } from './sorted-table.ts'
import type { AssignmentKey, Instant, Operation } from './types.ts'

/** How long AWS keeps a status is not documented; a day is what its console shows. */
const statusKeptMs = 24 * 60 * 60 * 1000

/** Account assignments that were asked for, and what came of them. */
export class Operations {
  readonly #all = new Map<string, Operation>()
  readonly #inFlight = new Map<string, Operation>()
  readonly #listed = {
    create: new SortedTable<Operation>(),
    delete: new SortedTable<Operation>(),
  }

  get(requestId: string): Operation | undefined {
    return this.#all.get(requestId)
  }

  list(kind: Operation['kind']): SortedTable<Operation> {
    return this.#listed[kind]
  }

  /** In the order in which they were asked for. */
  values(): Iterable<Operation> {
    return this.#all.values()
  }

  inFlight(): Iterable<Operation> {
    return this.#inFlight.values()
  }

  inFlightFor(key: AssignmentKey): Operation | undefined {
    return this.#inFlight.get(keyOf(key))
  }

  creationsInFlight(): number {
    let count = 0
    for (const operation of this.#inFlight.values()) if (operation.kind === 'create') count += 1
    return count
  }

  /** When the last operation on the account will be over: the next one starts then. */
  accountBusyUntil(accountId: string): Instant {
    let until = 0
    for (const operation of this.#inFlight.values()) {
      if (operation.accountId === accountId) until = Math.max(until, operation.dueAt)
    }
    return until
  }

  nextDue(now: Instant): Operation | undefined {
    let next: Operation | undefined
    for (const operation of this.#inFlight.values()) {
      if (operation.dueAt > now) continue
      if (next === undefined || operation.dueAt < next.dueAt) next = operation
    }
    return next
  }

  put(operation: Operation): void {
    this.#all.set(operation.requestId, operation)
    this.#listed[operation.kind].set(listKey(operation), operation)
    const key = keyOf(operation)
    if (operation.status === 'IN_PROGRESS') this.#inFlight.set(key, operation)
    else if (this.#inFlight.get(key)?.requestId === operation.requestId) this.#inFlight.delete(key)
  }

  forget(now: Instant): void {
    for (const operation of this.#all.values()) {
      if (operation.createdAt + statusKeptMs > now) return
      if (operation.status === 'IN_PROGRESS') continue
      this.#all.delete(operation.requestId)
      this.#listed[operation.kind].delete(listKey(operation))
    }
  }
}

const listKey = (operation: Operation) =>
  `${new Date(operation.createdAt).toISOString()} ${operation.requestId}`
