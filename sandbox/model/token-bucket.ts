import type { Instant } from './types.ts'

/** Lets `perSecond` through in the long run, and at most `capacity` at once. */
export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY
  #at: Instant = Number.NEGATIVE_INFINITY

  take(now: Instant, limit: { perSecond: number; capacity: number }): boolean {
    const elapsedMs = Math.max(0, now - this.#at)
    this.#at = now
    this.#tokens = Math.min(limit.capacity, this.#tokens + (elapsedMs * limit.perSecond) / 1000)
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
