/**
 * Who of the engine's callers gets the next token of AWS's quota: 2-architecture's order, removals
 * first. The list of operations in progress goes before all of them, because one call of it serves
 * everybody, and it is asked for once in a while only.
 *
 * Tokens are taken one after the other, and each is given to whoever is first in rank when it comes.
 */
export type CallPurpose =
  | 'progress'
  | 'removal'
  | 'break_glass'
  | 'grant'
  | 'poll'
  | 'look'
  | 'observation'

const order: readonly CallPurpose[] = [
  'progress',
  'removal',
  'break_glass',
  'grant',
  'poll',
  'look',
  'observation',
]

export interface CallQueue {
  /** Resolves when the call may be made. */
  take(purpose: CallPurpose): Promise<void>
  /** How many wait, in all or for this. */
  waiting(purpose?: CallPurpose): number
}

export function createCallQueue(takeToken: () => Promise<void>): CallQueue {
  const lines = new Map<CallPurpose, PromiseWithResolvers<void>[]>(
    order.map((purpose) => [purpose, []]),
  )
  let waiting = 0
  let isServing = false

  async function serve() {
    isServing = true
    try {
      while (waiting > 0) {
        await takeToken()
        next()?.resolve()
      }
    } catch (error) {
      for (let failed = next(); failed !== null; failed = next()) failed.reject(error)
    } finally {
      isServing = false
    }
  }

  function next(): PromiseWithResolvers<void> | null {
    for (const purpose of order) {
      const first = lines.get(purpose)?.shift()
      if (first === undefined) continue
      waiting -= 1
      return first
    }
    return null
  }

  return {
    waiting: (purpose) => (purpose === undefined ? waiting : (lines.get(purpose)?.length ?? 0)),
    take(purpose) {
      const mine = Promise.withResolvers<void>()
      lines.get(purpose)?.push(mine)
      waiting += 1
      if (!isServing) void serve()
      return mine.promise
    },
  }
}
