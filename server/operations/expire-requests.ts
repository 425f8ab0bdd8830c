import type { Kysely } from 'kysely'
import { isPastExtending } from '#core/extension.ts'
import type { RequestId } from '#core/ids.ts'
import { hasCome } from '#core/plan.ts'
import { isExpired } from '#core/window.ts'
import type { Announce } from '#server/store/announce-port.ts'
import { type Change, change, systemActor } from '#server/store/change.ts'
import { expiredRequestIds, lockIfFree } from '#server/store/request-searches.ts'
import {
  loadRequest,
  lockRequest,
  moveRequest,
  type StoredRequest,
} from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'

export interface ExpirePorts {
  readonly announce: Announce
}

export interface ExpireDuePorts extends ExpirePorts {
  readonly db: Kysely<Schema>
  readonly log: { error(facts: object, message: string): void }
}

const expiredAtOnceMax = 100
/** So many failures a run; beyond them it is more likely the database than the requests. */
const failuresMax = 3
const tryAgainMs = 60_000

/**
 * A chore of the leader, which answers how many requests it ended. Each is a transaction of its own:
 * one person can make hundreds that expire in the same second, and what one transaction may take
 * does not depend on them. One that cannot be ended holds up no other: it is tried again after those
 * that were not tried yet. Rows that somebody holds just now are left for the next time.
 */
export function createExpireDue(ports: ExpireDuePorts): (now: Date) => Promise<number> {
  const { db, log } = ports
  /** When each of those that failed may be tried again. In memory: a restart may try at once. */
  const failed = new Map<RequestId, Date>()

  async function dueIds(now: Date): Promise<RequestId[]> {
    const except = [...failed.keys()]
    const untried = await expiredRequestIds(db, now, { limit: expiredAtOnceMax, except })
    const again = except.filter((id) => hasCome(failed.get(id) ?? now, now, tryAgainMs))
    return [...untried, ...again]
  }

  async function isEnded(id: RequestId, now: Date): Promise<boolean> {
    const ended = await change(db, now, async (c) => {
      return (await lockIfFree(c.tx, id)) && expireIfDue(ports, c, id)
    })
    failed.delete(id)
    return ended
  }

  function setAside(requestId: RequestId, now: Date, error: unknown): void {
    // Behind those that failed longer ago.
    failed.delete(requestId)
    failed.set(requestId, new Date(now.getTime() + tryAgainMs))
    log.error({ err: error, requestId }, 'a request could not be expired')
  }

  return async (now) => {
    let ended = 0
    let failures = 0
    for (const id of await dueIds(now)) {
      try {
        if (await isEnded(id, now)) ended += 1
      } catch (error) {
        setAside(id, now, error)
        failures += 1
        if (failures === failuresMax) break
      }
    }
    return ended
  }
}

/** For whoever meets an overdue request before the timer does. */
export async function expireIfDue(ports: ExpirePorts, c: Change, id: RequestId): Promise<boolean> {
  const request = await lockRequest(c.tx, id)
  if (request?.status !== 'pending') return false
  const why = await whyExpired(c, request)
  if (why !== null) await expire(ports, c, id, why)
  return why !== null
}

/** What an extension waited to adjoin may be over before somebody decided. */
async function whyExpired(c: Change, request: StoredRequest): Promise<string | null> {
  const { extendsId } = request
  const parent = extendsId && (await loadRequest(c.tx, extendsId))
  const grant = parent && { status: parent.status, endsAt: parent.grant?.endsAt ?? null }
  if (grant && isPastExtending(grant, c.at)) return 'parent_over'
  return isExpired(request, c.at) ? 'not_decided_in_time' : null
}

async function expire(
  ports: ExpirePorts,
  c: Change,
  id: RequestId,
  endReason: string,
): Promise<void> {
  const version = await moveRequest(c, id, { to: 'expired', endReason })
  c.event({
    actor: systemActor,
    action: 'request.expire',
    object: { type: 'request', id, version },
    payload: { from: 'pending', reason: endReason },
  })
  await ports.announce(c, 'expired', id)
}
