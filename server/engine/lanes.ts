/**
 * How many calls are in flight where. AWS carries out the calls on one account one after the other,
 * answers a second write on a target with a conflict while the first has not settled, and holds
 * fifteen outstanding creations (IAM Identity Center quotas). More than that in flight gains nothing
 * and costs refusals; with two on an account AWS always has the next one at hand.
 *
 * Kept in memory by the leader; a new one takes it over from the intents in flight.
 */
import type { Target } from '#core/ids.ts'

const onAccountMax = 2
const onTargetMax = 1
const creationsMax = 15

export interface Call {
  readonly keyId: number
  readonly kind: 'create' | 'delete'
  readonly target: Target
}

/** There is no room now; the key is worked on again as soon as there is. */
export class LaneFull extends Error {}

export interface Lanes {
  /** Throws LaneFull, and remembers that this key waits. */
  enter(call: Call): void
  /** Answers the keys that may try now. */
  leave(keyId: number): number[]
  /** What is in flight when this copy begins to lead. Nobody waits yet. */
  takeOver(calls: readonly Call[]): void
  isWaiting(keyId: number): boolean
  waiting(): readonly number[]
}

export function createLanes(): Lanes {
  const inFlight = new Map<number, Call>()
  const waiting = new Map<number, Call>()

  function hasRoom(call: Call): boolean {
    let onAccount = 0
    let onTarget = 0
    let creations = 0
    for (const other of inFlight.values()) {
      if (other.keyId === call.keyId) continue
      if (other.kind === 'create') creations += 1
      if (other.target.accountId !== call.target.accountId) continue
      onAccount += 1
      if (other.target.permissionSetArn === call.target.permissionSetArn) onTarget += 1
    }
    if (call.kind === 'create' && creations >= creationsMax) return false
    return onAccount < onAccountMax && onTarget < onTargetMax
  }

  return {
    enter(call) {
      if (!hasRoom(call)) {
        waiting.set(call.keyId, call)
        throw new LaneFull(`no room for a call on ${call.target.accountId} now`)
      }
      waiting.delete(call.keyId)
      inFlight.set(call.keyId, call)
    },
    leave(keyId) {
      inFlight.delete(keyId)
      waiting.delete(keyId)
      const free: number[] = []
      const promised: Call[] = []
      // Deletions first; among equals, whoever has waited longest.
      const inOrder = [...waiting.values()].toSorted((a, b) => rank(a) - rank(b))
      for (const call of inOrder) {
        if (!hasRoom(call) || promised.some((other) => isSameAccount(other, call))) continue
        promised.push(call)
        free.push(call.keyId)
        waiting.delete(call.keyId)
      }
      return free
    },
    takeOver(calls) {
      inFlight.clear()
      waiting.clear()
      for (const call of calls) inFlight.set(call.keyId, call)
    },
    isWaiting: (keyId) => waiting.has(keyId),
    waiting: () => [...waiting.keys()],
  }
}

function rank(call: Call): number {
  return call.kind === 'delete' ? 0 : 1
}

function isSameAccount(one: Call, other: Call): boolean {
  return one.target.accountId === other.target.accountId
}
