/**
 * Every touch of the world by a copy of TEAM passes here: each SQL statement, each AWS call. One is
 * let through at a time, drawn by the seed among those that wait, so that the interleaving is the
 * seed's and not the machine's; and here a copy dies, or is stopped, before or after any of them.
 *
 * A touch of a copy that is dead neither answers nor fails: for that process there is no afterwards.
 * A statement that waits for another transaction's lock would hold everything up, so PostgreSQL is
 * asked whether it does (pg_blocking_pids), and then the others go on. Two that wait for one row race
 * when it is let go, and PostgreSQL does not say who wins: what is worded like a statement that waits
 * is held back until that one has gone on.
 */
import type { Chance } from './chance.ts'
import { inRealTime, type TimersClock, type VirtualTime } from './virtual-time.ts'

export type TouchKind = 'sql' | 'call'

/** A life of one copy, from its start to its death. */
export interface Life {
  readonly name: string
  readonly time: VirtualTime
  state: 'alive' | 'paused' | 'dead'
}

export interface Touch {
  readonly life: Life
  readonly kind: TouchKind
  readonly label: string
  /** The server process of a statement that has been let through, or whose transaction has begun. */
  readonly pid: () => number | null
  readonly run: () => Promise<unknown>
  /** It has left the copy's hands, and the copy is stopped or dead: nobody knows whether it lands. */
  readonly onHeld?: () => void
}

interface Waiting extends Touch {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

interface Running extends Waiting {
  settled: (() => void) | null
}

/** What happens at a touch in place of its simply being done. */
export interface Interruption {
  /** Asked before each touch; true: now. */
  readonly isDue: (touch: Touch) => boolean
  readonly when: 'before' | 'after'
  readonly happen: (touch: Touch) => Promise<void>
}

const slowMs = 25
/** What follows from an answer has happened by then: promises, and streams that take a turn or two. */
const quietTurns = 5
const stuckAfter = 400
/** Several times what the longest seeds need. */
const touchesMax = 20_000

export class Touches {
  readonly #chance: Chance
  readonly #isBlocked: (pid: number) => Promise<boolean>
  #waiting: Waiting[] = []
  #blocked: Running[] = []
  #unheard: Running[] = []
  #arrived = 0
  #changed: (() => void) | null = null
  #interruptions: Interruption[] = []
  readonly lives: Life[] = []
  readonly timersClock: TimersClock = { nowMs: 0, orders: 0 }
  count = 0

  constructor(chance: Chance, isBlocked: (pid: number) => Promise<boolean>) {
    this.#chance = chance
    this.#isBlocked = isBlocked
  }

  interrupt(interruption: Interruption): void {
    this.#interruptions.push(interruption)
  }

  forgetInterruptions(): void {
    this.#interruptions = []
  }

  pass<Result>(touch: Omit<Touch, 'run'> & { run: () => Promise<Result> }): Promise<Result> {
    if (touch.life.state === 'dead') return new Promise(() => {})
    return new Promise<Result>((resolve, reject) => {
      this.#arrived += 1
      // Resolved with what `run` gives, which is a Result.
      this.#waiting.push({ ...touch, resolve: resolve as (value: unknown) => void, reject })
      this.#changed?.()
    })
  }

  /** Tells of what a copy that is being stopped has in its hands. */
  hold(life: Life): void {
    for (const one of this.#waiting) if (one.life === life) one.onHeld?.()
  }

  bury(life: Life): void {
    life.state = 'dead'
    life.time.stop()
    this.#waiting = this.#waiting.filter((one) => one.life !== life)
    this.#blocked = this.#blocked.filter((one) => one.life !== life)
  }

  /** Lets touches through until the work is done and nothing goes on any more. */
  async drive<Result>(work: Promise<Result>): Promise<Result> {
    let isDone = false
    work.then(
      () => {
        isDone = true
        this.#changed?.()
      },
      () => {
        isDone = true
        this.#changed?.()
      },
    )
    for (let idle = 0; !isDone; ) {
      if (await this.#advance()) idle = 0
      else if (!isDone && !this.#fireTimer()) {
        idle += 1
        if (idle > stuckAfter) throw new Error('Nothing goes on, and the work is not done')
        await this.#wait(2)
      }
    }
    await this.settle()
    return work
  }

  /** Until nobody wants anything at this moment; no timer is fired. */
  async settle(): Promise<void> {
    while (await this.#advance());
  }

  async #advance(): Promise<boolean> {
    this.#tellWhoGoesOn()
    await this.#quieten()
    const alive = this.#waiting.filter((one) => one.life.state === 'alive')
    const free = alive.filter(({ label }) => this.#blocked.every((one) => one.label !== label))
    const ready = free.length > 0 ? free : alive
    if (ready.length > 0) {
      // Where there is no choice there is no draw: so a seed changes less when TEAM's code does.
      const [only] = ready
      const touch = ready.length === 1 && only ? only : this.#chance.one(ready)
      this.#waiting.splice(this.#waiting.indexOf(touch), 1)
      await this.#letThrough(touch)
      return true
    }
    if (this.#blocked.length > 0) {
      await this.#wait(5)
      this.#collect()
      return true
    }
    return false
  }

  /** Until nothing new is wanted for some turns: what follows from an answer has happened by then. */
  async #quieten(): Promise<void> {
    for (let turn = 0, seen = this.#arrived; turn < quietTurns; turn += 1) {
      await nextTurn()
      if (this.#arrived === seen) continue
      seen = this.#arrived
      turn = -1
    }
  }

  async #letThrough(touch: Waiting): Promise<void> {
    this.count += 1
    if (this.count > touchesMax)
      throw new Error(`A seed does not end: at touch ${this.count} it is ${touch.label}`)
    const interruption = this.#interruptions.find((one) => one.isDue(touch))
    if (interruption) {
      this.#interruptions = this.#interruptions.filter((one) => one !== interruption)
      if (interruption.when === 'before') {
        // Whoever is stopped, and not killed, has it still before them.
        this.#waiting.unshift(touch)
        return interruption.happen(touch)
      }
    }
    const running: Running = { ...touch, settled: null }
    const done = new Promise<void>((finished) => {
      touch.life.time
        .run(touch.run)
        .then(
          (value) => {
            running.settled = () => touch.resolve(value)
          },
          (error) => {
            running.settled = () => touch.reject(error)
          },
        )
        .then(finished)
    })
    await this.#untilDoneOrBlocked(running, done)
    if (interruption) await interruption.happen(touch)
    // Whoever was stopped meanwhile hears of it when they go on.
    if (touch.life.state === 'paused') this.#unheard.push(running)
    else if (running.settled !== null) {
      if (touch.life.state !== 'dead') running.settled()
    } else if (touch.life.state !== 'dead') {
      this.#blocked.push(running)
      void done.then(() => this.#changed?.())
    }
    await this.#recheck()
  }

  async #untilDoneOrBlocked(running: Running, done: Promise<void>): Promise<void> {
    while (running.settled === null) {
      if (await within(slowMs, done)) return
      if (await this.#waitsForLock(running)) return
    }
  }

  async #waitsForLock({ pid }: Touch): Promise<boolean> {
    const process = pid()
    return process !== null && this.#isBlocked(process)
  }

  /** After each touch: whoever waited for its locks has gone on, or still waits. */
  async #recheck(): Promise<void> {
    if (this.#blocked.length === 0) return
    await this.#quieten()
    for (const one of [...this.#blocked]) {
      while (one.settled === null && one.pid() !== null && !(await this.#waitsForLock(one))) {
        await realWait(1)
      }
    }
    this.#collect()
  }

  #tellWhoGoesOn(): void {
    for (const one of [...this.#unheard]) {
      if (one.life.state === 'paused') continue
      this.#unheard.splice(this.#unheard.indexOf(one), 1)
      if (one.life.state === 'alive') one.settled?.()
    }
  }

  #collect(): void {
    for (const one of [...this.#blocked]) {
      if (one.settled === null) continue
      this.#blocked.splice(this.#blocked.indexOf(one), 1)
      if (one.life.state !== 'dead') one.settled()
    }
  }

  #fireTimer(): boolean {
    const timers = this.lives
      .filter((life) => life.state === 'alive')
      .flatMap((life) => life.time.earliest() ?? [])
    const first = timers.toSorted((a, b) => a.rank - b.rank)[0]
    first?.fire()
    return first !== undefined
  }

  async #wait(ms: number): Promise<void> {
    const changed = new Promise<void>((done) => {
      this.#changed = done
    })
    await within(ms, changed)
    this.#changed = null
  }
}

function nextTurn(): Promise<void> {
  return new Promise((done) => inRealTime.turn(done))
}

async function within(ms: number, done: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = inRealTime.wait(() => resolve(false), ms)
  })
  const isDone = await Promise.race([done.then(() => true), late])
  inRealTime.stopWaiting(timer)
  return isDone
}

function realWait(ms: number): Promise<void> {
  return new Promise((done) => inRealTime.wait(done, ms))
}
