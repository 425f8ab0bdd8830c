import { isReadError, reading } from './errors.ts'

const rememberMs = 10 * 60_000

/** Remembers for a while which operations an endpoint does not offer, so as not to ask each second. */
export interface Offers {
  /** Null where the endpoint does not offer the operation. */
  ask<Answer>(operation: string, read: () => Promise<Answer>): Promise<Answer | null>
  /** Operations that were found missing lately. */
  missing(): string[]
}

export function createOffers(monotonicMs: () => number = () => performance.now()): Offers {
  const missingSince = new Map<string, number>()
  const isMissing = (operation: string) => {
    const since = missingSince.get(operation)
    return since !== undefined && monotonicMs() - since < rememberMs
  }
  return {
    async ask(operation, read) {
      if (isMissing(operation)) return null
      try {
        const answer = await reading(operation, read)
        missingSince.delete(operation)
        return answer
      } catch (error) {
        if (!isReadError(error, 'unsupported')) throw error
        missingSince.set(operation, monotonicMs())
        return null
      }
    },
    missing: () => [...missingSince.keys()].filter(isMissing),
  }
}
