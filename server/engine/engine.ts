/**
 * The loop around the reconciler: woken by a timer and by a nudge that carries no data, it does the
 * same thing every time. What needs a leader is done by the copy that leads.
 */
import { wakeEveryOpenKey } from '#server/store/ledger.ts'
import { renewEveryMs } from './leader.ts'
import type { EngineDeps } from './ports.ts'
import { createReconciler, isAwsTrouble } from './reconciler.ts'

/** Work of the leader that is not about keys. `run` is bounded and safe to repeat. */
export interface Chore {
  readonly name: string
  readonly everyMs: number
  readonly run: (now: Date) => Promise<unknown>
}

export interface Engine {
  /** Looks now instead of at the next timer. */
  wake(): void
  /**
   * Works until nothing is due at the clock's present time. For driven clocks: in production the
   * loop does the same by itself.
   */
  settle(): Promise<void>
  /** No new mutations; those in flight are finished, within `stopWithinMs`; the lead is released. */
  stop(): Promise<void>
  readonly lastPassAt: () => Date | null
}

/** A timer is the safety net under the nudges: at most this late. */
const turnEveryMs = 1_000
/** And a sweep over every open key is the safety net under the due times. */
const sweepEveryMs = 60_000
/** Live targets are looked at in parts, one each second. */
const observeTurnMs = 1_000
const stopWithinMs = 10_000
const turnsToSettleMax = 200
const leadWithinMs = 10_000
/** The first pause between two attempts to lead; each further one is twice as long, up to a renewal. */
const leadPauseMs = 50

export function startEngine(deps: EngineDeps, chores: readonly Chore[]): Engine {
  const reconciler = createReconciler(deps)
  const lastRun = new Map<string, number>()
  const running = new Map<string, Promise<void>>()
  let timer: NodeJS.Timeout | undefined
  let turning: Promise<void> | null = null
  let again = false
  let stopped = false

  reconciler.onWorked = wake
  const ownChores: readonly Chore[] = [
    { name: 'what became of calls', everyMs: 0, run: reconciler.poll },
    { name: 'live access', everyMs: observeTurnMs, run: reconciler.observe },
  ]
  const lease = setInterval(() => void tick(), renewEveryMs)
  void tick()

  async function tick() {
    const led = deps.leader.epoch()
    await deps.leader.tick()
    if (led === null && deps.leader.epoch() !== null) wake()
  }

  function wake() {
    if (stopped) return
    again = true
    turning ??= turns()
  }

  /** Who wakes it while it works out how long to sleep is heard, too. */
  async function turns() {
    do {
      again = false
      try {
        await turn()
      } catch (error) {
        deps.log.error({ err: error }, 'engine turn failed')
      }
      if (!again) await sleepUntilDue()
    } while (again && !stopped)
    turning = null
  }

  async function turn(): Promise<number> {
    if (stopped || deps.leader.epoch() === null) return 0
    const now = await deps.clock.now()
    // Nothing may throw before the pass, or take long: removals wait for it.
    await runChore({ name: 'sweep', everyMs: sweepEveryMs, run: sweep }, now)
    for (const chore of [...ownChores, ...chores]) void runChore(chore, now)
    return reconciler.pass(now)
  }

  async function sweep(now: Date) {
    await wakeEveryOpenKey(deps.db, now)
  }

  function runChore(chore: Chore, now: Date): Promise<void> {
    const going = running.get(chore.name)
    if (going) return going
    const run = runIfDue(chore, now)
      .catch((error) => tellOfFailure(chore, error))
      .finally(() => running.delete(chore.name))
    running.set(chore.name, run)
    return run
  }

  /** That AWS cannot be asked is no error of ours, and may be so each second for an hour. */
  function tellOfFailure({ name }: Chore, error: unknown) {
    const facts = { err: error, chore: name }
    if (isAwsTrouble(error)) deps.log.warn(facts, 'chore failed')
    else deps.log.error(facts, 'chore failed')
  }

  async function runIfDue(chore: Chore, now: Date): Promise<void> {
    const passedMs = now.getTime() - (lastRun.get(chore.name) ?? Number.NEGATIVE_INFINITY)
    // A clock that was set back must not put everything off by as much.
    if (passedMs >= 0 && passedMs < chore.everyMs) return
    lastRun.set(chore.name, now.getTime())
    await chore.run(now)
  }

  /** On a busy machine the lease may have run out between two calls: real time is needed here. */
  async function lead() {
    let pauseMs = leadPauseMs
    for (let waitedMs = 0; waitedMs < leadWithinMs; waitedMs += pauseMs) {
      if (deps.leader.epoch() !== null) return
      await deps.leader.tick()
      if (deps.leader.epoch() !== null) return
      await new Promise((done) => setTimeout(done, pauseMs))
      pauseMs = Math.min(pauseMs * 2, renewEveryMs)
    }
  }

  async function finishWork() {
    await turning
    await Promise.all(running.values())
    await reconciler.idle()
  }

  async function sleepUntilDue() {
    clearTimeout(timer)
    if (stopped) return
    timer = setTimeout(wake, await waitMs().catch(() => turnEveryMs))
  }

  async function waitMs(): Promise<number> {
    const now = await deps.clock.now()
    const due = await reconciler.nextAt(now)
    if (due === null) return turnEveryMs
    return Math.min(Math.max(due.getTime() - now.getTime(), 10), turnEveryMs)
  }

  return {
    wake,
    lastPassAt: reconciler.lastPassAt,
    async settle() {
      for (let turnsLeft = turnsToSettleMax; turnsLeft > 0; turnsLeft -= 1) {
        if (deps.leader.epoch() === null) await lead()
        // Another copy leads: what is ready here is that one's to do.
        if (deps.leader.epoch() === null) return
        const started = await turn()
        await reconciler.idle()
        await Promise.all(running.values())
        if (started === 0 && !reconciler.hasReady()) return
      }
      throw new Error('The engine does not come to rest')
    },
    async stop() {
      stopped = true
      clearTimeout(timer)
      reconciler.halt()
      // The lease is renewed meanwhile: without it, what is in flight could not be recorded.
      await Promise.race([
        finishWork(),
        new Promise((done) => setTimeout(done, stopWithinMs).unref()),
      ])
      clearInterval(lease)
      await deps.leader.release()
    },
  }
}
