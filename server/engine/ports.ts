/** What the engine needs of the world, handed in by `server/main.ts` and the tests. */
import type { Kysely, Transaction } from 'kysely'
import type { Key, UserId } from '#core/ids.ts'
import type { Announce } from '#server/store/announce-port.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Assignments } from './assignments-port.ts'
import type { CallQueue } from './call-queue.ts'
import type { Leader } from './leader.ts'

export interface EngineLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

export interface Failure {
  readonly code: string
  readonly message: string
}

/** An intent as it is kept outside the database. */
export interface KeptIntent {
  readonly intentId: number
  readonly kind: 'create' | 'delete'
  readonly epoch: number
  readonly key: Key
  readonly writtenAt: Date
}

export interface EngineDeps {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly leader: Leader
  readonly assignments: Assignments
  /** Waits until AWS's quota leaves room for one more call. */
  readonly calls: CallQueue
  readonly announce: Announce
  /** Asked in the transaction that writes the first intent: null, or why access may not be given. */
  readonly checkActivation: (
    tx: Transaction<Schema>,
    requestId: string,
    now: Date,
  ) => Promise<Failure | null>
  /** Whether AWS still knows the person as enabled. */
  readonly confirmPerson: (userId: UserId) => Promise<'confirmed' | 'gone' | 'unavailable'>
  readonly activationDeadlineMinutes: () => Promise<number>
  readonly metrics: {
    excessSeconds(seconds: number): void
    timeToGrantSeconds(seconds: number): void
  }
  /** Writes it outside the database, durably. False: it could not be written. */
  readonly keepIntent: (intent: KeptIntent) => Promise<boolean>
  readonly log: EngineLog
}
