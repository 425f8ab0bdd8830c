/** Queues the summaries that are due, a few at a time, so that people's own queries find room. */
import type { Kysely } from 'kysely'
import { parseLogLocation, summaryAfterMinutes } from '#core/session-log.ts'
import { addMinutes } from '#core/window.ts'
import { change } from '#server/store/change.ts'
import { dropDueUses, takeDueUses } from '#server/store/grant-use.ts'
import { windowOfRequest } from '#server/store/grant-window.ts'
import { loadRequests } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { countOpenSummaries, insertLog } from '#server/store/session-logs.ts'
import { loadSettings } from '#server/store/settings.ts'

/** Two of the five queries at once are a minute's work for about twenty. */
export const summariesOpenMax = 20
const droppedAtOnceMax = 1_000

export async function queueSummaries(db: Kysely<Schema>, now: Date): Promise<number> {
  const { settings } = await loadSettings(db)
  const { sessionLogSource: source, sessionLogLocation: location } = settings
  if (location === null || parseLogLocation(source, location) === null) {
    await dropDueUses(db, now, droppedAtOnceMax)
    return 0
  }
  const room = summariesOpenMax - (await countOpenSummaries(db))
  if (room <= 0) return 0
  return change(db, now, async (c) => {
    const due = await takeDueUses(c, room)
    const requests = await loadRequests(
      c.tx,
      due.map(({ requestId }) => requestId),
    )
    let queued = 0
    for (const request of requests) {
      const window = windowOfRequest(request, now)
      if (window === null) continue
      const completeAt = addMinutes(window.to, summaryAfterMinutes)
      const asked = { requestId: request.id, askedBy: null, source, location }
      await insertLog(c, { ...asked, from: window.from, to: window.to, completeAt })
      queued += 1
    }
    return queued
  })
}
