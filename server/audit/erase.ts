/**
 * Erasing what is kept of one person's words (the domain's "Audit"; the rule in
 * docs/reference/audit-format.md).
 *
 * What goes: the payloads, with their salts, of the events that hold what they wrote and what was
 * written to them about their own requests, those taken over from AWS's sample too, and from where
 * they signed in; the same texts in the requests themselves, and the mails about them. What stays: every header, so who did what to which
 * thing when; every `access.*` event, so what access there was from when to when; and all that the
 * person did in office: policies, settings, decisions on the requests of others; and what a reviewer
 * found of their break-glass.
 *
 * In bites, each one transaction with the events that say what went, so that a death in between
 * leaves a trail that verifies, and the same call again goes on. The application's role cannot
 * change events: this runs on the owner's connection.
 */
import { type Kysely, sql } from 'kysely'
import type { UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { type Actor, eventActorOf } from '#server/operations/actor.ts'
import { requireComment } from '#server/operations/comments.ts'
import { type Clock, makeChange } from '#server/operations/making-changes.ts'
import { Refused } from '#server/operations/refused.ts'
import { refusedWith } from '#server/operations/words.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { keepHoldsAsTheyAre, openHolds } from '#server/store/legal-holds.ts'
import type { Schema } from '#server/store/schema.ts'
import { eraseAction, eventObjectType } from './check.ts'

export interface ErasePorts {
  /** The owner's connection. */
  readonly owner: Kysely<Schema>
  readonly clock: Clock
  readonly tellOverseers: TellOverseers
}

export interface Erasure {
  readonly actor: Actor
  readonly userId: UserId
  readonly reason: string
}

export interface Erased {
  readonly events: number
  readonly requests: number
}

/** Of events about the person's own requests. */
export const erasableOfRequest = [
  'request.submit',
  'request.break_glass',
  'request.approve',
  'request.reject',
  'request.cancel',
  'request.return',
  'request.revoke',
  'access.released',
] as const
/** Of events whose actor they are. */
export const erasableOfActor = ['sign-in.accept', 'session.end'] as const
/** Of events that say in their payload whose request it was. */
export const erasableOfPast = ['import.request'] as const

const requestsABite = 50
const signInsABite = 200

export async function erasePerson(ports: ErasePorts, erasure: Erasure): Promise<Erased> {
  const { actor, userId } = erasure
  const reason = requireComment(erasure.reason)
  if (actor.person.userId === userId) throw refusedWith(refusal('own_record'))
  const given = { actor, userId, reason }
  const upTo = await begin(ports, given)
  const requests = await inBites(() => eraseRequests(ports, given))
  const past = await inBites(() => erasePast(ports, given, upTo))
  const signIns = await inBites(() => eraseSignIns(ports, given, upTo))
  const events = requests.events + past.events + signIns.events
  return { events, requests: requests.requests }
}

async function inBites(bite: () => Promise<Erased & { more: boolean }>): Promise<Erased> {
  let erased = { events: 0, requests: 0 }
  for (;;) {
    const { events, requests, more } = await bite()
    erased = { events: erased.events + events, requests: erased.requests + requests }
    if (!more) return erased
  }
}

/** Says first who wants it and why; answers the last event that it is about. */
async function begin(ports: ErasePorts, { actor, userId, reason }: Erasure): Promise<number> {
  return changeAsOwner(ports, async (c) => {
    await refuseWhileNeeded(c, userId)
    const name = await lastNameOf(c, userId)
    const head = await c.tx.selectFrom('audit_head').select('seq').executeTakeFirstOrThrow()
    c.event({
      actor: eventActorOf(actor),
      action: 'person.erase',
      object: { type: 'user', id: userId },
      payload: { reason, upTo: head.seq },
    })
    await ports.tellOverseers(c, {
      event: 'records_loosened',
      facts: {
        what: 'person_erased',
        who: name,
        by: actor.person.userName,
        reason,
        at: c.at.toISOString(),
      },
    })
    return head.seq
  })
}

function changeAsOwner<Result>(
  { owner, clock }: ErasePorts,
  work: (c: Change) => Promise<Result>,
): Promise<Result> {
  return makeChange({ db: owner, clock }, work)
}

async function lastNameOf(c: Change, userId: UserId): Promise<string> {
  const known = await c.tx
    .selectFrom('directory_user')
    .select('user_name')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  if (known) return known.user_name
  const asked = await c.tx
    .selectFrom('request')
    .select('requester_user_name as user_name')
    .where('requester_id', '=', userId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (asked) return asked.user_name
  throw new Refused('not_found', { detail: 'TEAM knows nobody by that id.' })
}

/** Whatever is held, open, unsettled or to be reviewed must stay readable until it is not. */
async function refuseWhileNeeded(c: Change, userId: UserId): Promise<void> {
  await keepHoldsAsTheyAre(c.tx)
  const holds = await openHolds(c.tx)
  if (holds.all || holds.userIds.includes(userId)) throw refusedWith(refusal('under_legal_hold'))
  const { rows } = await sql<{ requests: boolean; keys: boolean; reviews: boolean }>`
    select
      exists (select from request where requester_id = ${userId}
        and status in ('pending', 'scheduled', 'activating', 'active', 'ending')) as requests,
      exists (select from ledger_key where user_id = ${userId}
        and (held or watched_until is not null or late_alarm_at is not null)) as keys,
      exists (select from request r join review v on v.request_id = r.request_id
        where r.requester_id = ${userId} and v.outcome is null) as reviews`.execute(c.tx)
  const [open] = rows
  const what = open?.requests
    ? 'requests'
    : open?.keys
      ? 'access'
      : open?.reviews
        ? 'reviews'
        : null
  if (what !== null) throw refusedWith(refusal('record_in_use', { what }))
}

async function eraseRequests(ports: ErasePorts, { actor, userId, reason }: Erasure) {
  return changeAsOwner(ports, async (c) => {
    await refuseWhileNeeded(c, userId)
    const rows = await c.tx
      .selectFrom('request')
      .select('request_id')
      .where('requester_id', '=', userId)
      .where('erased_at', 'is', null)
      .orderBy('created_at')
      .limit(requestsABite)
      .forUpdate()
      .execute()
    const ids = rows.map(({ request_id }) => request_id)
    if (ids.length === 0) return { events: 0, requests: 0, more: false }
    const { rows: erased } = await sql<{ seq: number }>`
      update audit_event set payload = null, salt = null
      where object_type = 'request' and object_id = any(${ids}::text[])
        and action = any(${[...erasableOfRequest]}::text[]) and payload is not null
      returning seq`.execute(c.tx)
    await eraseTexts(c, ids)
    sayErased(c, actor, erased, reason)
    return { events: erased.length, requests: ids.length, more: ids.length === requestsABite }
  })
}

async function eraseTexts(c: Change, ids: readonly string[]): Promise<void> {
  await sql`
    update request set justification = '', ticket = null, requester_name = requester_user_name,
      requester_email = null, stop_comment = null, erased_at = ${c.at}, updated_at = ${c.at},
      version = version + 1
    where request_id = any(${ids}::uuid[])`.execute(c.tx)
  await sql`update decision set comment = null where request_id = any(${ids}::uuid[])`.execute(c.tx)
  await sql`delete from notice where request_id = any(${ids}::uuid[])`.execute(c.tx)
  for (const id of ids) c.changed('request', id)
}

async function erasePast(ports: ErasePorts, { actor, userId, reason }: Erasure, upTo: number) {
  // Canonical JSON: a quotation mark that somebody typed has a backslash before it.
  const whose = `%"requesterId":${JSON.stringify(userId)}%`
  return changeAsOwner(ports, async (c) => {
    await refuseWhileNeeded(c, userId)
    const { rows: erased } = await sql<{ seq: number }>`
      update audit_event set payload = null, salt = null where seq in (
        select seq from audit_event
        where action = any(${[...erasableOfPast]}::text[]) and seq <= ${upTo}
          and payload like ${whose}
        order by seq limit ${signInsABite})
      returning seq`.execute(c.tx)
    sayErased(c, actor, erased, reason)
    return { events: erased.length, requests: 0, more: erased.length === signInsABite }
  })
}

async function eraseSignIns(ports: ErasePorts, { actor, userId, reason }: Erasure, upTo: number) {
  return changeAsOwner(ports, async (c) => {
    await refuseWhileNeeded(c, userId)
    const { rows: erased } = await sql<{ seq: number }>`
      update audit_event set payload = null, salt = null where seq in (
        select seq from audit_event
        where actor_id = ${userId} and seq <= ${upTo} and payload is not null
          and action = any(${[...erasableOfActor]}::text[])
        order by seq limit ${signInsABite})
      returning seq`.execute(c.tx)
    sayErased(c, actor, erased, reason)
    return { events: erased.length, requests: 0, more: erased.length === signInsABite }
  })
}

/** One event a payload: that it is gone must be found by its number, and must not be erasable. */
function sayErased(
  c: Change,
  actor: Actor,
  erased: readonly { readonly seq: number }[],
  why: string,
): void {
  for (const { seq } of erased.toSorted((a, b) => a.seq - b.seq)) {
    c.event({
      actor: eventActorOf(actor),
      action: eraseAction,
      object: { type: eventObjectType, id: String(seq) },
      payload: { why },
    })
  }
}
