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
  /** It is done, or needs no room any more. Answers the keys that may try now. */
  leave(keyId: number): number[]
  /** The keys that may try now, whether or not they have heard of it. */
  offers(): number[]
  /** What is in flight when this copy begins to lead. Nobody waits yet. */
  takeOver(calls: readonly Call[]): void
  isWaiting(keyId: number): boolean
  waiting(): readonly number[]
}

export function createLanes(): Lanes {
  const inFlight = new Map<number, Call>()
  /** In line: a key stays in it until it enters or leaves, however often it is offered room. */
  const waiting = new Map<number, Call>()

  function offers(): number[] {
    const room = roomBeside(inFlight.values())
    const free: number[] = []
    // Deletions first; among equals, whoever has waited longest.
    for (const call of [...waiting.values()].toSorted((a, b) => rank(a) - rank(b))) {
      if (!room.isFor(call)) continue
      room.take(call)
      free.push(call.keyId)
    }
    return free
  }

  return {
    enter(call) {
      const others = [...inFlight.values()].filter(({ keyId }) => keyId !== call.keyId)
      if (!roomBeside(others).isFor(call)) {
        waiting.set(call.keyId, call)
        throw new LaneFull(`no room for a call on ${call.target.accountId} now`)
      }
      waiting.delete(call.keyId)
      inFlight.set(call.keyId, call)
    },
    leave(keyId) {
      inFlight.delete(keyId)
      waiting.delete(keyId)
      return offers()
    },
    offers,
    takeOver(calls) {
      inFlight.clear()
      waiting.clear()
      for (const call of calls) inFlight.set(call.keyId, call)
    },
    isWaiting: (keyId) => waiting.has(keyId),
    waiting: () => [...waiting.keys()],
  }
}

/** Counted once for all who ask: in a storm a thousand wait. */
function roomBeside(calls: Iterable<Call>) {
  const onAccount = new Map<string, number>()
  const onTarget = new Map<string, number>()
  let creations = 0
  const one = (counts: Map<string, number>, id: string) => counts.set(id, (counts.get(id) ?? 0) + 1)
  const targetOf = ({ target }: Call) => `${target.accountId} ${target.permissionSetArn}`
  const take = (call: Call) => {
    one(onAccount, call.target.accountId)
    one(onTarget, targetOf(call))
    if (call.kind === 'create') creations += 1
  }
  for (const call of calls) take(call)
  return {
    take,
    isFor: (call: Call) =>
      (call.kind === 'delete' || creations < creationsMax) &&
      (onAccount.get(call.target.accountId) ?? 0) < onAccountMax &&
      (onTarget.get(targetOf(call)) ?? 0) < onTargetMax,
  }
}

function rank(call: Call): number {
  return call.kind === 'delete' ? 0 : 1
}
