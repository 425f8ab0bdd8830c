import { type Kysely, type RawBuilder, type Selectable, sql } from 'kysely'
import type { AuditEvent } from '#contract/audit.ts'
import type { AuditEventTable, Schema } from './schema.ts'

export interface EventFilter {
  /** The beginning of a name, in any case. */
  readonly actor?: string
  readonly actorId?: string
  readonly action?: string
  readonly objectType?: string
  readonly notObjectType?: string
  readonly objectId?: string
  readonly result?: string
  /** From this moment on. */
  readonly from?: Date
  /** Before this moment. */
  readonly to?: Date
}

export interface EventConditions extends EventFilter {
  /** Only events before this number. */
  readonly beforeSeq?: number
}

/** Newest first; one more than the limit, so that the caller knows of more. */
export async function listEvents(
  db: Kysely<Schema>,
  { beforeSeq, ...filter }: EventConditions,
  limit: number,
): Promise<AuditEvent[]> {
  let query = db.selectFrom('audit_event').selectAll().where(matchesFilter(filter))
  if (beforeSeq !== undefined) query = query.where('seq', '<', beforeSeq)
  const rows = await query
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute()
  return rows.map(eventFromRow)
}

/** The same for a page of the list and for an export of it. */
export function matchesFilter(filter: EventFilter): RawBuilder<boolean> {
  const { actor, actorId, action, objectType, notObjectType, objectId, result, from, to } = filter
  const all = [
    sql`true`,
    ...(actor?.trim() ? [sql`lower(actor_name) like ${likeBeginning(actor)}`] : []),
    ...(actorId === undefined ? [] : [sql`actor_id = ${actorId}`]),
    ...(action === undefined ? [] : [sql`action = ${action}`]),
    ...(objectType === undefined ? [] : [sql`object_type = ${objectType}`]),
    ...(notObjectType === undefined ? [] : [sql`object_type <> ${notObjectType}`]),
    ...(objectId === undefined ? [] : [sql`object_id = ${objectId}`]),
    ...(result === undefined ? [] : [sql`result = ${result}`]),
    ...(from === undefined ? [] : [sql`audit_event.at >= ${from}`]),
    ...(to === undefined ? [] : [sql`audit_event.at < ${to}`]),
  ]
  return sql<boolean>`(${sql.join(all, sql` and `)})`
}

function likeBeginning(text: string): string {
  return `${text
    .trim()
    .toLowerCase()
    .replace(/[\\%_]/g, '\\$&')}%`
}

function eventFromRow(row: Selectable<AuditEventTable>): AuditEvent {
  return {
    seq: row.seq,
    at: row.at.toISOString(),
    actor: { type: row.actor_type, id: row.actor_id, name: row.actor_name },
    action: row.action,
    object: { type: row.object_type, id: row.object_id },
    result: row.result,
    payload: row.payload === null ? null : JSON.parse(row.payload),
    payloadHash: row.payload_hash.toString('hex'),
    previousHash: row.previous_hash.toString('hex'),
    hash: row.hash.toString('hex'),
  }
}
