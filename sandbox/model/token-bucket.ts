import type { Instant } from './types.ts'

export interface Rate {
  perSecond: number
  /** The most at once. */
  capacity: number
  /** As many a second go to somebody else. */
  othersPerSecond?: number
}

/** Lets `perSecond` through in the long run, and at most `capacity` at once. */
export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY
  #at: Instant | null = null

  take(now: Instant, { perSecond, capacity, othersPerSecond = 0 }: Rate): boolean {
    const elapsedMs = Math.max(0, now - (this.#at ?? now))
    this.#at = now
    const gained = (elapsedMs * (perSecond - othersPerSecond)) / 1000
    this.#tokens = Math.max(0, Math.min(capacity, this.#tokens + gained))
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
