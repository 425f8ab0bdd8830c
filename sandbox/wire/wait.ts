import { setTimeout } from 'node:timers/promises'

/** The longest that a timer of the platform can wait: beyond, it would not wait at all. */
const timerMsMax = 2 ** 31 - 1

/** True after the time, false as soon as the signal says that nobody waits any more. */
export async function waited(ms: number, gone: AbortSignal): Promise<boolean> {
  try {
    await setTimeout(Math.min(ms, timerMsMax), undefined, { signal: gone })
    return true
  } catch {
    return false
  }
}
