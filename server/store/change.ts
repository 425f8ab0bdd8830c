/**
 * Every change of TEAM's state is one transaction that also holds what must not be lost with it:
 * the audit events, the notices to send, the nudge for the engine and the word for open screens.
 *
 *   await change(db, at, async (c) => {
 *     await c.tx.updateTable('request')…
 *     c.event({ actor, action: 'request.approve', object: { type: 'request', id }, payload })
 *     c.notice({ … })
 *     await c.nudge(keyId)
 *   })
 *
 * Events are appended last: the chain's head row is the one lock that everybody wants, so it is
 * taken when all other work is done, and nothing on the network happens while it is held.
 * Because change_feed rows are written under the same lock, their order is the order of commits.
 */
import { randomUUID } from 'node:crypto'
import { type Insertable, type Kysely, sql, type Transaction } from 'kysely'
import type { Channel } from '#core/channels.ts'
import { type EventActor, hashEvent, sealPayload } from '#server/audit/chain.ts'
import { isConnectionError, isTimeout } from './database-errors.ts'
import { rowsOfPrepared } from './prepared.ts'
import type { AuditEventTable, Schema } from './schema.ts'

export interface EventDraft {
  readonly actor: EventActor
  /** `thing.verb`, such as `request.approve`. */
  readonly action: string
  readonly object: { readonly type: string; readonly id: string; readonly version?: number }
  /** `done` unless said otherwise. */
  readonly result?: string
  /** No secrets: auditors read it. */
  readonly payload: object
}

export interface NoticeDraft {
  readonly requestId: string | null
  readonly event: string
  readonly channel: Channel
  readonly receiverId: string
  readonly address: string | null
  readonly facts: object
}

export interface Change {
  readonly tx: Transaction<Schema>
  /** The moment of this change; every row it writes carries it. */
  readonly at: Date
  event(draft: EventDraft): void
  notice(draft: NoticeDraft): void
  /** Something on screens changed that no event is about. */
  changed(objectType: string, objectId: string, version?: number): void
  /** The engine must look at this key now, or at each of these; thousands may hold one permission set. */
  nudge(keyIds: number | readonly number[]): Promise<void>
}

export const systemActor: EventActor = { type: 'system', id: 'team', name: 'TEAM' }

/** Channels of LISTEN/NOTIFY. A message carries no data: who hears it looks for itself. */
export const engineChannel = 'team_engine'
export const changeChannel = 'team_change'

/** A notice is tried for about a day: graphile-worker waits e^attempt seconds between attempts. */
const noticeAttemptsMax = 12

/** So many keep the order in which they were told; a job takes a quarter of a millisecond that way. */
const queuedOneByOneMax = 100

/**
 * Jobs of one queue wait for each other: a channel that hangs holds up itself alone, and one
 * receiver's notices by one channel are never sent at the same moment.
 */
const queuesOf: Readonly<Record<Channel, number>> = { email: 2, slack: 1, sns: 1, webhook: 1 }
export const noticeQueues = Object.values(queuesOf).reduce((sum, queues) => sum + queues, 0)

interface Drafts {
  readonly events: EventDraft[]
  readonly notices: NoticeDraft[]
  readonly changes: { type: string; id: string; version: number }[]
  nudged: boolean
}

export class LostLeadership extends Error {
  constructor() {
    super('another copy leads now')
  }
}

/**
 * The session was ended, or took too long, before COMMIT was sent: nothing was written, for
 * certain. After that point nobody knows, and the error stays what it was.
 */
export class NothingWritten extends Error {
  constructor(cause: unknown) {
    super('the database ended the transaction before it was committed', { cause })
  }
}

export interface ChangeOptions {
  /** Only while this epoch leads: a take-over waits for this transaction, or this one fails. */
  readonly epoch?: number
}

export async function change<Result>(
  db: Kysely<Schema>,
  at: Date,
  work: (change: Change) => Promise<Result>,
  options: ChangeOptions = {},
): Promise<Result> {
  const progress = { atCommit: false }
  try {
    return await db.transaction().execute(async (tx) => {
      const result = await writeAll(tx, at, work, options)
      progress.atCommit = true
      return result
    })
  } catch (error) {
    const isLost = isConnectionError(error) || isTimeout(error)
    throw isLost && !progress.atCommit ? new NothingWritten(error) : error
  }
}

async function writeAll<Result>(
  tx: Transaction<Schema>,
  at: Date,
  work: (change: Change) => Promise<Result>,
  options: ChangeOptions,
): Promise<Result> {
  if (options.epoch !== undefined) await fence(tx, options.epoch)
  const drafts: Drafts = { events: [], notices: [], changes: [], nudged: false }
  const result = await work(collect(tx, at, drafts))
  await writeNotices(tx, at, drafts.notices)
  if (drafts.nudged) await sql`select pg_notify(${engineChannel}, '')`.execute(tx)
  if (drafts.changes.length > 0) await appendEvents(tx, at, drafts)
  return result
}

function collect(tx: Transaction<Schema>, at: Date, drafts: Drafts): Change {
  return {
    tx,
    at,
    event: (draft) => {
      drafts.events.push(draft)
      const { type, id, version } = draft.object
      drafts.changes.push({ type, id, version: version ?? 0 })
    },
    notice: (draft) => void drafts.notices.push(draft),
    changed: (type, id, version = 0) => void drafts.changes.push({ type, id, version }),
    nudge: async (keyIds) => {
      if (typeof keyIds !== 'number' && keyIds.length > 1) await lockInOrder(tx, keyIds)
      await tx
        .updateTable('ledger_key')
        .set({ next_at: at, nudges: sql`nudges + 1`, updated_at: at })
        .where('key_id', '=', sql<number>`any(${[keyIds].flat()}::bigint[])`)
        .execute()
      drafts.nudged = true
    },
  }
}

/** As everywhere: two who nudge the same keys must not wait for each other. */
async function lockInOrder(tx: Transaction<Schema>, keyIds: readonly number[]): Promise<void> {
  await tx
    .selectFrom('ledger_key')
    .select('key_id')
    .where('key_id', '=', sql<number>`any(${[...keyIds]}::bigint[])`)
    .orderBy('key_id')
    .forUpdate()
    .execute()
}

/**
 * `FOR KEY SHARE` lets the leader renew its lease meanwhile, and makes a take-over, which locks the
 * row `FOR UPDATE`, wait for us.
 */
async function fence(tx: Transaction<Schema>, epoch: number): Promise<void> {
  const query = tx
    .selectFrom('leader')
    .select('epoch')
    .where('epoch', '=', epoch)
    .where('expires_at', '>', sql<Date>`clock_timestamp()`)
    .forKeyShare()
  const [row] = await rowsOfPrepared(tx, query)
  if (!row) throw new LostLeadership()
}

/**
 * Two statements, however many are told: an approval may be news to a whole group. The rows travel
 * as columns, for a statement takes 65,535 values, and a company has more people than that is rows.
 */
async function writeNotices(tx: Transaction<Schema>, at: Date, drafts: readonly NoticeDraft[]) {
  if (drafts.length === 0) return
  const rows = drafts.map((draft) => ({
    ...draft,
    notice_id: randomUUID(),
    receiver_id: draft.receiverId,
    state: draft.address === null ? ('no_address' as const) : ('queued' as const),
  }))
  const column = <Value>(value: (row: (typeof rows)[number]) => Value) => rows.map(value)
  await sql`
    insert into notice
      (notice_id, request_id, event, channel, receiver_id, address, state, facts, created_at)
    select one.*, ${at}::timestamptz
    from unnest(${column((row) => row.notice_id)}::uuid[],
      ${column((row) => row.requestId)}::uuid[], ${column((row) => row.event)}::text[],
      ${column((row) => row.channel)}::text[], ${column((row) => row.receiver_id)}::text[],
      ${column((row) => row.address)}::text[], ${column((row) => row.state)}::text[],
      ${column((row) => JSON.stringify(row.facts))}::jsonb[]) as one`.execute(tx)
  await queueNotices(
    tx,
    rows.filter((row) => row.state === 'queued'),
  )
}

export interface QueuedNotice {
  readonly notice_id: string
  readonly channel: Channel
  readonly receiver_id: string
}

export async function queueNotices(
  tx: Transaction<Schema>,
  notices: readonly QueuedNotice[],
): Promise<void> {
  if (notices.length === 0) return
  const ids = notices.map((notice) => notice.notice_id)
  const queues = notices.map(queueOf)
  if (notices.length > queuedOneByOneMax) {
    await sql`select enqueue_notice_jobs('send-notice', ${ids}::text[], ${noticeAttemptsMax},
      ${queues}::text[])`.execute(tx)
    return
  }
  await sql`
    select enqueue_notice_job('send-notice', json_build_object('noticeId', notice.id), notice.id,
      ${noticeAttemptsMax}, notice.queue)
    from unnest(${ids}::text[], ${queues}::text[]) as notice (id, queue)`.execute(tx)
}

function queueOf({ channel, receiver_id: receiver }: QueuedNotice): string {
  const sum = [...receiver].reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0)
  return `notices by ${channel} ${(sum % queuesOf[channel]) + 1}`
}

async function appendEvents(tx: Transaction<Schema>, at: Date, drafts: Drafts): Promise<void> {
  const query = tx.selectFrom('audit_head').select(['seq', 'hash']).forUpdate()
  const [head] = await rowsOfPrepared(tx, query)
  if (!head) throw new Error('The audit chain has no head')
  let { seq, hash } = head
  const rows = drafts.events.map((draft) => {
    const header = {
      seq: seq + 1,
      at,
      actor: draft.actor,
      action: draft.action,
      object: { type: draft.object.type, id: draft.object.id },
      result: draft.result ?? 'done',
    }
    const payload = sealPayload(draft.payload)
    const row = {
      seq: header.seq,
      at,
      actor_type: draft.actor.type,
      actor_id: draft.actor.id,
      actor_name: draft.actor.name,
      action: header.action,
      object_type: header.object.type,
      object_id: header.object.id,
      result: header.result,
      payload: payload.text,
      salt: payload.salt,
      payload_hash: payload.hash,
      previous_hash: hash,
      hash: hashEvent(hash, header, payload.hash),
    }
    seq = row.seq
    hash = row.hash
    return row
  })
  await appendRows(tx, at, { rows, head: { seq, hash }, changes: drafts.changes })
}

interface Appended {
  readonly rows: readonly Insertable<AuditEventTable>[]
  readonly head: { readonly seq: number; readonly hash: Buffer }
  readonly changes: Drafts['changes']
}

/**
 * One statement: the head row is locked, and each round trip more would make everybody wait. Every
 * event is a change of something, so there is always a line for the feed.
 */
async function appendRows(tx: Transaction<Schema>, at: Date, appended: Appended): Promise<void> {
  const { rows, head, changes } = appended
  const feed = changes.map((change) => ({
    object_type: change.type,
    object_id: change.id,
    version: change.version,
    at,
  }))
  const told = sql`pg_notify(${changeChannel}, '')`.as('told')
  if (rows.length === 0) {
    await tx.insertInto('change_feed').values(feed).returning(told).execute()
    return
  }
  await tx
    .with('events', (db) => db.insertInto('audit_event').values(rows).returning('seq'))
    .with('moved', (db) => db.updateTable('audit_head').set(head).returning('seq'))
    .insertInto('change_feed')
    .values(feed)
    .returning(told)
    .execute()
}
