/**
 * The database's clock, read once a second and carried on in between by this process's own monotonic
 * clock: a storm asks for the time some thousand times a second.
 *
 * It lags behind the database by at most one round trip. It never goes back by so little; when the
 * database's clock is set back by more, it follows within the second, and at once when the machine
 * slept or this process's wall clock was set.
 */
export interface DatabaseClockNeeds {
  readonly read: () => Promise<Date>
  /** Milliseconds that never jump. */
  readonly monotonicMs?: () => number
  /** Milliseconds that go on while the machine sleeps. */
  readonly wallMs?: () => number
}

interface Reading {
  readonly at: number
  readonly monotonic: number
  readonly wall: number
}

const goodForMs = 1_000
/** The two clocks of this process part by so much only if one of them was moved, or stood. */
const apartMsMax = 100
/** Two readings differ by the time of their round trips; more than this, and the clock was set. */
const roundTripMsMax = 2_000

export function createDatabaseClock(needs: DatabaseClockNeeds): { now(): Promise<Date> } {
  const monotonicMs = needs.monotonicMs ?? (() => performance.now())
  const wallMs = needs.wallMs ?? (() => Date.now())
  let last: Reading | null = null
  let reading: Promise<Reading> | null = null
  let shown = Number.NEGATIVE_INFINITY

  function isGood({ monotonic, wall }: Reading): boolean {
    const passed = monotonicMs() - monotonic
    return passed < goodForMs && Math.abs(wallMs() - wall - passed) < apartMsMax
  }

  async function readAgain(): Promise<Reading> {
    const at = (await needs.read()).getTime()
    return { at, monotonic: monotonicMs(), wall: wallMs() }
  }

  function readOnce(): Promise<Reading> {
    reading ??= readAgain().finally(() => {
      reading = null
    })
    return reading
  }

  return {
    async now() {
      if (last === null || !isGood(last)) last = await readOnce()
      const at = last.at + Math.floor(monotonicMs() - last.monotonic)
      const isSetBack = shown - at > roundTripMsMax
      shown = isSetBack ? at : Math.max(shown, at)
      return new Date(shown)
    },
  }
}
