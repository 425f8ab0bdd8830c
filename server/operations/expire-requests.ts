import type { Kysely } from 'kysely'
import { isPastExtending } from '#core/extension.ts'
import type { RequestId } from '#core/ids.ts'
import { isExpired } from '#core/window.ts'
import type { Announce } from '#server/store/announce-port.ts'
import { type Change, change, systemActor } from '#server/store/change.ts'
import { isAnyExpired, lockExpiredRequestIds } from '#server/store/request-searches.ts'
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

/**
 * Called by the engine's timer until it answers less than the limit. Rows that somebody holds just
 * now are left for the next time.
 */
export async function expireDueRequests(
  ports: ExpirePorts & { readonly db: Kysely<Schema> },
  now: Date,
  limit: number,
): Promise<number> {
  if (!(await isAnyExpired(ports.db, now))) return 0
  return change(ports.db, now, async (c) => {
    const ids = await lockExpiredRequestIds(c.tx, now, limit)
    for (const id of ids) await expireIfDue(ports, c, id)
    return ids.length
  })
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
