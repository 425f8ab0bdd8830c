/** What the house of HTTP needs from elsewhere; `server/main.ts` and the tests hand it in. */
import type { UserId } from '#core/ids.ts'
import type { Actor } from '#server/operations/actor.ts'
import type { FoundSession } from '#server/store/sessions.ts'

export type { Actor } from '#server/operations/actor.ts'

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
  /** The same by what was read with the session. */
  actorOf(found: FoundSession): Promise<Actor | null>
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
