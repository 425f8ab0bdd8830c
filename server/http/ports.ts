/** What the house of HTTP needs from elsewhere; `server/main.ts` and the tests hand it in. */
import type { Role } from '#core/access.ts'
import type { Person } from '#core/facts.ts'
import type { UserId } from '#core/ids.ts'
import type { ActingToken } from '#server/operations/actor.ts'

/** Who acts, with the rights they have now. */
export interface Actor {
  readonly person: Person
  readonly roles: ReadonlySet<Role>
  /** With which they act; absent at a browser. */
  readonly token?: ActingToken
}

/** Production asks the database; tests drive it. */
export interface Clock {
  now(): Date | Promise<Date>
}

/**
 * Whether AWS still knows this person as enabled, asked again if the last answer is older than a
 * minute (the domain's "Freshness").
 */
export type Confirmation = 'confirmed' | 'gone' | 'unavailable'

export interface PeoplePorts {
  /** From the replica, in milliseconds. Null: nobody by that id. */
  loadActor(userId: UserId): Promise<Actor | null>
  confirmPerson(userId: UserId): Promise<Confirmation>
}

export interface Readiness {
  readonly ok: boolean
  readonly why?: string
}

/** Timers as a port, so that nothing in a test waits for real time. */
export type Every = (milliseconds: number, run: () => void) => { stop(): void }

export const everyInRealTime: Every = (milliseconds, run) => {
  const timer = setInterval(run, milliseconds)
  timer.unref()
  return { stop: () => clearInterval(timer) }
}
