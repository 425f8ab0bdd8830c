import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { AuditEvent, AuditQuery } from '#contract/audit.ts'
import type { RequestId } from '#core/ids.ts'
import { type EventConditions, type EventFilter, listEvents } from '#server/store/events.ts'
import { loadRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, rulesFor } from './actor.ts'
import { decodeCursor, pageOf } from './paging.ts'
import type { ReadPorts } from './read-request.ts'
import { refuseUnlessSeen } from './rights-on-request.ts'

interface EventPage {
  items: AuditEvent[]
  nextCursor: string | null
}

interface PageQuery {
  readonly limit: number
  readonly cursor?: string | undefined
}

const Cursor = z.tuple([z.int()])

export async function listAuditEvents(
  ports: { readonly db: Kysely<Schema> },
  query: AuditQuery,
): Promise<EventPage> {
  return page(ports.db, query, eventFilterOf(query))
}

export function eventFilterOf(query: Omit<AuditQuery, 'limit' | 'cursor'>): EventFilter {
  const { actor, actorId, action, objectType, notObjectType, objectId, result, from, to } = query
  return {
    ...(actor !== undefined && { actor }),
    ...(actorId !== undefined && { actorId }),
    ...(action !== undefined && { action }),
    ...(objectType !== undefined && { objectType }),
    ...(notObjectType !== undefined && { notObjectType }),
    ...(objectId !== undefined && { objectId }),
    ...(result !== undefined && { result }),
    ...(from !== undefined && { from: new Date(from) }),
    ...(to !== undefined && { to: new Date(to) }),
  }
}

/** Those whom a request concerns may see its part of the trail. */
export async function listEventsOfRequest(
  ports: ReadPorts,
  actor: Actor,
  asked: PageQuery & { readonly id: RequestId },
): Promise<EventPage> {
  const rules = await rulesFor(ports, actor)
  const request = await loadRequest(ports.db, asked.id)
  refuseUnlessSeen(rules, actor, request)
  return page(ports.db, asked, { objectType: 'request', objectId: request.id })
}

async function page(
  db: Kysely<Schema>,
  { limit, cursor }: PageQuery,
  conditions: EventConditions,
): Promise<EventPage> {
  const after = decodeCursor(cursor, Cursor)
  const found = await listEvents(
    db,
    { ...conditions, ...(after && { beforeSeq: after[0] }) },
    limit,
  )
  return pageOf(found, limit, ({ seq }) => [seq])
}
