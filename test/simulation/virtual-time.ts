/**
 * Timers and the monotonic clock of simulated copies. A copy's code runs inside a context
 * (AsyncLocalStorage); there `setTimeout`, `setInterval`, `AbortSignal.timeout` and
 * `performance.now()` are the copy's own: nothing fires by itself, the simulation fires the earliest
 * when nothing else can go on. Outside of
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
  /** An interval: it renews a lease, and is run when the simulation says so. */
  readonly isInterval: boolean
  /** The engine's own sleep: fired only if nobody waits for any other. */
  readonly isSleep: boolean
  readonly run: () => void
}

/** Timers of all copies share a time of their own: waiting for one does not move any other clock. */
export interface TimersClock {
  nowMs: number
  orders: number
}

export class VirtualTime {
  readonly #timers = new Map<object, VirtualTimer>()
  readonly #monotonicMs: () => number
  readonly #clock: TimersClock

  constructor(clock: TimersClock, monotonicMs: () => number) {
    this.#clock = clock
    this.#monotonicMs = monotonicMs
  }

  run<Result>(work: () => Result): Result {
    return context.run(this, work)
  }

  monotonicMs(): number {
    return this.#monotonicMs()
  }

  earliest(): { readonly rank: number; readonly fire: () => void } | null {
    let first: [object, VirtualTimer] | null = null
    for (const entry of this.#timers) {
      if (entry[1].isInterval) continue
      if (first === null || rankOf(entry[1]) < rankOf(first[1])) first = entry
    }
    if (first === null) return null
    const [handle, timer] = first
    const fire = () => {
      this.#timers.delete(handle)
      this.#clock.nowMs = Math.max(this.#clock.nowMs, timer.dueMs)
      this.run(timer.run)
    }
    return { rank: rankOf(timer), fire }
  }

  /** What runs at an interval (the lease's renewal) is run when the simulation says so. */
  fireIntervals(): void {
    for (const timer of [...this.#timers.values()]) if (timer.isInterval) this.run(timer.run)
  }

  stop(): void {
    this.#timers.clear()
  }

  add(timer: { run: () => void; delayMs: number; isInterval: boolean; isSleep: boolean }): object {
    const handle = {
      ref: () => handle,
      unref: () => handle,
      hasRef: () => false,
      refresh: () => handle,
      close: () => this.#timers.delete(handle),
      [Symbol.toPrimitive]: () => 0,
    }
    const { run, delayMs, isInterval, isSleep } = timer
    this.#clock.orders += 1
    const dueMs = this.#clock.nowMs + delayMs
    this.#timers.set(handle, { dueMs, order: this.#clock.orders, isInterval, isSleep, run })
    return handle
  }

  remove(handle: object): void {
    this.#timers.delete(handle)
  }
}

const sleepRank = 1e12
const rankOf = ({ dueMs, order, isSleep }: VirtualTimer) =>
  dueMs + order / 1e6 + (isSleep ? sleepRank : 0)

const context = new AsyncLocalStorage<VirtualTime>()

/**
 * What is made within takes the copy's monotonic clock for the wall clock: a lease counts on both,
 * and a slow machine must not end one. Others are left the wall clock as it is.
 */
export function withVirtualWallClock<Made>(make: () => Made): Made {
  const real = Date.now
  const beganAtMs = real()
  Date.now = () => {
    const time = context.getStore()
    return time === undefined ? real() : beganAtMs + time.monotonicMs()
  }
  try {
    return make()
  } finally {
    Date.now = real
  }
}

/** Until the answer is called, the process is the seed's. One seed a process at a time. */
export function takeOverProcess(chance: Chance): () => void {
  const real = {
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    clearTimeout: globalThis.clearTimeout,
    clearInterval: globalThis.clearInterval,
    random: Math.random,
    now: performance.now,
    signalAfter: AbortSignal.timeout,
    randomUUID: crypto.randomUUID,
  }
  const ids = chance.branch()
  const dice = chance.branch()
  const timer = (isInterval: boolean, original: (...args: unknown[]) => unknown) =>
    function set(run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) {
      const time = context.getStore()
      if (time === undefined) return original(run, delayMs, ...args)
      const isSleep = run.name === 'wake'
      return time.add({ run: () => run(...args), delayMs, isInterval, isSleep })
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
  AbortSignal.timeout = (delayMs) => {
    const time = context.getStore()
    return time === undefined ? real.signalAfter(delayMs) : signalAfter(time, delayMs)
  }
  Math.random = () => dice.fraction()
  performance.now = () => context.getStore()?.monotonicMs() ?? real.now.call(performance)
  crypto.randomUUID = () => ids.uuid() as ReturnType<typeof crypto.randomUUID>
  syncBuiltinESMExports()
  return () => {
    const { random, now, randomUUID, signalAfter: after, ...timers } = real
    Object.assign(globalThis, timers)
    AbortSignal.timeout = after
    Math.random = random
    performance.now = now
    crypto.randomUUID = randomUUID
    syncBuiltinESMExports()
  }
}

function signalAfter(time: VirtualTime, delayMs: number): AbortSignal {
  const controller = new AbortController()
  const run = () => controller.abort(new DOMException('The time is up', 'TimeoutError'))
  time.add({ run, delayMs, isInterval: false, isSleep: false })
  return controller.signal
}

/** Real time, whatever the context. */
export const inRealTime = {
  wait: globalThis.setTimeout,
  stopWaiting: globalThis.clearTimeout,
  turn: globalThis.setImmediate,
}
