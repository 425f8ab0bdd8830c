import type { Kysely, Selectable } from 'kysely'
import type { AuditEvent } from '#contract/audit.ts'
import type { AuditEventTable, Schema } from './schema.ts'

export interface EventConditions {
  readonly actorId?: string
  readonly action?: string
  readonly objectType?: string
  readonly objectId?: string
  readonly from?: Date
  readonly before?: Date
  /** Only events before this number. */
  readonly beforeSeq?: number
}

/** Newest first; one more than the limit, so that the caller knows of more. */
export async function listEvents(
  db: Kysely<Schema>,
  conditions: EventConditions,
  limit: number,
): Promise<AuditEvent[]> {
  const { actorId, action, objectType, objectId, from, before, beforeSeq } = conditions
  let query = db.selectFrom('audit_event').selectAll()
  if (actorId !== undefined) query = query.where('actor_id', '=', actorId)
  if (action !== undefined) query = query.where('action', '=', action)
  if (objectType !== undefined) query = query.where('object_type', '=', objectType)
  if (objectId !== undefined) query = query.where('object_id', '=', objectId)
  if (from !== undefined) query = query.where('at', '>=', from)
  if (before !== undefined) query = query.where('at', '<', before)
  if (beforeSeq !== undefined) query = query.where('seq', '<', beforeSeq)
  const rows = await query
    .orderBy('seq', 'desc')
    .limit(limit + 1)
    .execute()
  return rows.map(eventFromRow)
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
    previousHash: row.previous_hash.toString('hex'),
    hash: row.hash.toString('hex'),
  }
}
