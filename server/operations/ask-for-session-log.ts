/** Somebody wants to see what was done with an access: a job, whose address is answered. */
import type { RequestId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { parseLogLocation } from '#core/session-log.ts'
import { windowOfRequest } from '#server/store/grant-window.ts'
import { lockRequest } from '#server/store/requests.ts'
import type { RulesStore } from '#server/store/rules.ts'
import {
  countLogsOf,
  deleteLog,
  insertLog,
  newestLogOf,
  recordsKeptMinutes,
  type StoredLog,
} from '#server/store/session-logs.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { Refused } from './refused.ts'
import { refuseUnlessSeen } from './rights-on-request.ts'
import { refusedWith } from './words.ts'

export interface AskForSessionLogPorts extends ChangePorts {
  readonly rules: RulesStore
}

export interface SessionLogAsked {
  readonly actor: Actor
  readonly requestId: RequestId
}

/** Of one person, over all requests: so many times 10,000 records lie there at most. */
const keptMax = 10
/** Asked again sooner than this, it is the same reading. */
const sameReadingMs = 30_000

/** By this the records are theirs alone: a token reads what was asked with it, and nobody else. */
export function readerOf(actor: Actor): string {
  const { type, id } = eventActorOf(actor)
  return `${type}:${id}`
}

export async function askForSessionLog(
  ports: AskForSessionLogPorts,
  { actor, requestId }: SessionLogAsked,
): Promise<string> {
  const askedBy = readerOf(actor)
  return makeChange(ports, async (c) => {
    // The lock lets one person's two clicks be one reading.
    const request = await lockRequest(c.tx, requestId)
    const rules = await ports.rules.load(c.tx)
    refuseUnlessSeen(rules, actor, request)
    const window = windowOfRequest(request, c.at)
    if (window === null) throw refusedWith(refusal('never_granted'))
    const { sessionLogSource: source, sessionLogLocation: location } = rules.settings
    if (location === null || parseLogLocation(source, location) === null) {
      throw refusedWith(refusal('session_log_off'))
    }
    const newest = await newestLogOf(c.tx, requestId, askedBy)
    if (newest !== null && isSameReading(newest, c.at)) return newest.id
    // A new reading takes the place of the last one.
    if (newest !== null && newest.finishedAt !== null) await deleteLog(c.tx, newest.id)
    if ((await countLogsOf(c.tx, askedBy)) >= keptMax) {
      throw new Refused('rate_limited', {
        detail: `You have ${keptMax} session logs at once, the most there may be. Each is deleted after ${recordsKeptMinutes} minutes: try again then.`,
      })
    }
    const id = await insertLog(c, { requestId, askedBy, source, location, ...window })
    c.event({
      actor: eventActorOf(actor),
      action: 'session-log.read',
      object: { type: 'request', id: requestId, version: request.version },
      payload: {
        logId: id,
        source,
        location,
        from: window.from.toISOString(),
        to: window.to.toISOString(),
      },
    })
    return id
  })
}

function isSameReading(log: StoredLog, now: Date): boolean {
  if (log.state === 'failed') return false
  if (log.state !== 'done') return log.wantedUntil > now
  return log.finishedAt !== null && now.getTime() - log.finishedAt.getTime() < sameReadingMs
}
