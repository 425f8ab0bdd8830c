/**
 * Who is told of what (the domain's "Notices"). Asked twice: when a notice is queued, and again when
 * it is sent, so that somebody who may no longer see the request is not told about it.
 */
import type { Kysely } from 'kysely'
import type { GroupId, UserId } from '#core/ids.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import type { StoredRequest } from '#server/store/requests.ts'
import { readEnabledMembers } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import type { Standing } from './email/view.ts'

/** Ids of those who could decide on the request today, less the requester. */
export type ApproversOf = (db: Kysely<Schema>, request: StoredRequest) => Promise<readonly string[]>

/** Everybody who is told, each once, by their nearest standing; the requester first. */
export type Audience = ReadonlyMap<UserId, Standing>

const toldToOverseers: readonly NoticeEvent[] = [
  'failed',
  'break_glass_used',
  'review_due',
  'excess_added',
]

export async function audienceOf(
  db: Kysely<Schema>,
  approvers: readonly string[],
  request: StoredRequest,
  event: NoticeEvent,
): Promise<Audience> {
  const told = new Map<UserId, Standing>()
  if (event !== 'reminder') told.set(request.requester.userId, 'requester')
  if (event === 'ending_soon') return told
  const add = (ids: Iterable<UserId>, standing: Standing) => {
    for (const id of [...ids].toSorted()) if (!told.has(id)) told.set(id, standing)
  }
  // The port's ids are the directory's.
  const decided = new Set(request.decisions.map(({ userId }) => userId))
  const mayDecide = approvers as readonly UserId[]
  if (event === 'reminder') {
    add(
      mayDecide.filter((id) => !decided.has(id)),
      'approver',
    )
    return told
  }
  add(mayDecide, 'approver')
  add(decided, 'approver')
  if (toldToOverseers.includes(event)) {
    const { auditors, admins } = await overseers(db)
    add(auditors, 'auditor')
    add(admins, 'admin')
  }
  return told
}

/** Enabled auditors and administrators. */
export async function overseers(db: Kysely<Schema>) {
  const { settings } = await loadSettings(db)
  const { auditorGroupId, adminGroupId } = settings
  const groupIds = [auditorGroupId, adminGroupId].filter((id) => id !== null)
  const members = await readEnabledMembers(db, groupIds)
  const of = (id: GroupId | null) => (id === null ? [] : (members.get(id) ?? []))
  return { auditors: of(auditorGroupId), admins: of(adminGroupId) }
}
