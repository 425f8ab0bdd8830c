import type { Kysely } from 'kysely'
import type { Announce } from '#server/store/announce-port.ts'
import { change } from '#server/store/change.ts'
import { takeDueReviews } from '#server/store/reviews.ts'
import type { Schema } from '#server/store/schema.ts'

export interface RemindPorts {
  readonly db: Kysely<Schema>
  readonly announce: Announce
}

const toldAtOnceMax = 20

/** Tells once of each review that is due; those beyond the limit wait for the next call. */
export async function remindOfReviews(ports: RemindPorts, now: Date): Promise<number> {
  return change(ports.db, now, async (c) => {
    const ids = await takeDueReviews(c.tx, now, toldAtOnceMax)
    for (const id of ids) {
      await ports.announce(c, 'review_due', id)
      c.changed('request', id)
    }
    return ids.length
  })
}
