import type { Kysely } from 'kysely'
import { type Change, change, NothingWritten } from '#server/store/change.ts'
import { isSerializationFailure } from '#server/store/database-errors.ts'
import type { Schema } from '#server/store/schema.ts'
import { Refused } from './refused.ts'

/** Production asks the database; tests drive it. */
export interface Clock {
  now(): Date | Promise<Date>
}

export interface ChangePorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
}

const attemptsMax = 4

/**
 * One transaction at the present moment. Two that want the same rows in another order are ended by
 * PostgreSQL as a deadlock, one of them with nothing written: that one is done again. So is one
 * that waited too long for others in a burst.
 */
export async function makeChange<Result>(
  ports: ChangePorts,
  work: (change: Change) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change(ports.db, await ports.clock.now(), work)
    } catch (error) {
      const isLost = error instanceof NothingWritten
      if (!isLost && !isSerializationFailure(error)) throw error
      if (attempt < attemptsMax) continue
      if (!isLost) throw error
      throw new Refused('unavailable', {
        detail: 'The database is busy, so nothing was changed. Try again in a moment.',
      })
    }
  }
}
