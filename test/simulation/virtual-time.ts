/**
 * Timers and the monotonic clock of simulated copies. A copy's code runs inside a context
 * (AsyncLocalStorage); there `setTimeout`, `setInterval` and both clocks of the process are the copy's own:
 * nothing fires by itself, the simulation fires the earliest when nothing else can go on. Outside of
 * the context everything is as it was. Ids and dice of the process come from the seed, so that a
 * seed replays to the same ids and the same order of rows.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import type { Chance } from './chance.ts'

interface VirtualTimer {
  readonly dueMs: number
  readonly order: number
  readonly everyMs: number | null
  readonly run: () => void
}

let orders = 0

export class VirtualTime {
  readonly #timers = new Map<object, VirtualTimer>()
  readonly #monotonicMs: () => number
  /** Timers have a time of their own: waiting for one does not move any other clock. */
  #nowMs = 0

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs
  }

  run<Result>(work: () => Result): Result {
    return context.run(this, work)
  }

  monotonicMs(): number {
    return this.#monotonicMs()
  }

  /** The timer that is due first and is not one of those that only keep a lease or a queue alive. */
  earliest(): number | null {
    let due: number | null = null
    for (const timer of this.#timers.values()) {
      if (timer.everyMs === null && (due === null || timer.dueMs < due)) due = timer.dueMs
    }
    return due
  }

  fireEarliest(): boolean {
    let first: [object, VirtualTimer] | null = null
    for (const entry of this.#timers) {
      if (entry[1].everyMs !== null) continue
      const [, timer] = entry
      const isFirst =
        first === null ||
        timer.dueMs < first[1].dueMs ||
        (timer.dueMs === first[1].dueMs && timer.order < first[1].order)
      if (isFirst) first = entry
    }
    if (first === null) return false
    const [handle, timer] = first
    this.#timers.delete(handle)
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
    this.run(timer.run)
    return true
  }

  /** What runs at an interval (the lease's renewal) is run when the simulation says so. */
  fireIntervals(): void {
    for (const timer of [...this.#timers.values()]) if (timer.everyMs !== null) this.run(timer.run)
  }

  stop(): void {
    this.#timers.clear()
  }

  add(run: () => void, delayMs: number, isInterval: boolean): object {
    const handle = {
      ref: () => handle,
      unref: () => handle,
      hasRef: () => false,
      refresh: () => handle,
      close: () => this.#timers.delete(handle),
      [Symbol.toPrimitive]: () => 0,
    }
    orders += 1
    this.#timers.set(handle, {
      dueMs: this.#nowMs + delayMs,
      order: orders,
      everyMs: isInterval ? delayMs : null,
      run,
    })
    return handle
  }

  remove(handle: object): void {
    this.#timers.delete(handle)
  }
}

const context = new AsyncLocalStorage<VirtualTime>()

/** Until the answer is called, the process is the seed's. One seed a process at a time. */
export function takeOverProcess(chance: Chance): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    random: Math.random,
    now: performance.now,
    dateNow: Date.now,
    randomUUID: crypto.randomUUID,
  }
  const beganAtMs = real.dateNow()
  const ids = chance.branch()
  const dice = chance.branch()
  const timer = (isInterval: boolean, original: (...args: unknown[]) => unknown) =>
    function set(run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) {
      const time = context.getStore()
      if (time === undefined) return original(run, delayMs, ...args)
      return time.add(() => run(...args), delayMs, isInterval)
    }
  const clear = (original: (handle: never) => void) =>
    function clearOne(handle: unknown) {
      if (typeof handle === 'object' && handle !== null) context.getStore()?.remove(handle)
      original(handle as never)
    }
  Object.assign(globalThis, {
    // `util.promisify(setTimeout)` finds its own on the original.
    setTimeout: Object.assign(timer(false, real.setTimeout as never), real.setTimeout),
    setInterval: timer(true, real.setInterval as never),
    clearTimeout: clear(real.clearTimeout as never),
    clearInterval: clear(real.clearInterval as never),
  })
  Math.random = () => dice.fraction()
  performance.now = () => context.getStore()?.monotonicMs() ?? real.now.call(performance)
  // A lease counts on the wall clock too: a slow machine must not end one.
  Date.now = () => {
    const time = context.getStore()
    return time === undefined ? real.dateNow() : beganAtMs + time.monotonicMs()
  }
  crypto.randomUUID = () => ids.uuid() as ReturnType<typeof crypto.randomUUID>
  syncBuiltinESMExports()
  return () => {
    const { random, now, dateNow, randomUUID, ...timers } = real
    Object.assign(globalThis, timers)
    Math.random = random
    performance.now = now
    Date.now = dateNow
    crypto.randomUUID = randomUUID
    syncBuiltinESMExports()
  }
}

/** Real time, whatever the context. */
export const inRealTime = {
  wait: globalThis.setTimeout,
  stopWaiting: globalThis.clearTimeout,
  turn: globalThis.setImmediate,
}
