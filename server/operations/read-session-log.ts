/** The answer to whoever asked, while it is kept; to everybody else there is none. */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import type {
  SessionLog,
  SessionLogEvent,
  SessionLogFailureCode,
  SessionLogLimit,
  SessionLogQuery,
} from '#contract/session-log.ts'
import type { RequestId } from '#core/ids.ts'
import { type LoggedEvent, sessionNameOf } from '#core/session-log.ts'
import { change } from '#server/store/change.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import type { RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import {
  type EventFilter,
  keepWanted,
  listEventsOfLog,
  loadLog,
  type SealedEvent,
  type StoredLog,
} from '#server/store/session-logs.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { readerOf } from './ask-for-session-log.ts'
import type { Clock } from './making-changes.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { Refused } from './refused.ts'
import { refuseUnlessSeen } from './rights-on-request.ts'

/** Opens what was sealed for a looking; null: nothing opens it. */
export type OpenRecord = (logId: string, event: SealedEvent) => Promise<string | null>
export type ParseRecord = (json: string) => LoggedEvent | null

export interface ReadSessionLogPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly rules: RulesStore
  readonly openRecord: OpenRecord
  readonly parseRecord: ParseRecord
}

export interface SessionLogNamed {
  readonly actor: Actor
  readonly requestId: RequestId
  readonly logId: string
}

export async function readSessionLog(
  ports: ReadSessionLogPorts,
  named: SessionLogNamed & { readonly query: SessionLogQuery },
): Promise<SessionLog> {
  const { log, request, now } = await findLog(ports, named)
  await keepWanted(ports.db, log.id, now)
  const { query } = named
  const after = decodeCursor(query.cursor, z.tuple([z.int().min(0)]))
  const filter = { ...filterOf(query), after: after?.[0] ?? -1 }
  const found =
    log.state === 'done' ? await listEventsOfLog(ports.db, log.id, filter, query.limit) : []
  const { items, nextCursor } = pageOf(found, query.limit, ({ ordinal }) => [ordinal])
  const shown = await showEvents(ports, log, items)
  if (shown !== null) return { ...showLog(log, request), items: shown, nextCursor }
  // The secret that sealed it is gone.
  const failure = { code: 'unreadable', message: 'TEAM_SECRET was changed.' }
  const failed: StoredLog = { ...log, state: 'failed', failure }
  return { ...showLog(failed, request), items: [], nextCursor: null }
}

const batchRows = 200

/** All of it that fits the filter, a batch at a time. Taking it away is an event of its own. */
export async function exportSessionLog(
  ports: ReadSessionLogPorts,
  named: SessionLogNamed & { readonly filter: Omit<EventFilter, 'after'> },
): Promise<AsyncGenerator<SessionLogEvent[]>> {
  const { log, now } = await findLog(ports, named)
  if (log.state !== 'done') throw noSuchLog()
  await change(ports.db, now, async (c) => {
    c.event({
      actor: eventActorOf(named.actor),
      action: 'session-log.export',
      object: { type: 'request', id: log.requestId },
      payload: { logId: log.id, events: log.counts?.events ?? 0 },
    })
  })
  return exportedEvents(ports, log, named.filter)
}

async function* exportedEvents(
  ports: ReadSessionLogPorts,
  log: StoredLog,
  filter: Omit<EventFilter, 'after'>,
): AsyncGenerator<SessionLogEvent[]> {
  let after = -1
  for (;;) {
    const found = await listEventsOfLog(ports.db, log.id, { ...filter, after }, batchRows)
    const batch = found.slice(0, batchRows)
    const shown = await showEvents(ports, log, batch)
    if (shown === null) throw new Refused('unavailable', { detail: howToGoOn.unreadable })
    yield shown
    const last = batch.at(-1)
    if (found.length <= batchRows || last === undefined) return
    after = last.ordinal
  }
}

export function filterOf(query: {
  readonly readOnly?: boolean | undefined
  readonly failed?: boolean | undefined
}): Omit<EventFilter, 'after'> {
  const { readOnly, failed } = query
  return { ...(readOnly !== undefined && { readOnly }), ...(failed !== undefined && { failed }) }
}

function noSuchLog(): Refused {
  return new Refused('not_found', {
    detail: 'There is no such session log of yours, or it has been deleted. Ask for it again.',
  })
}

/** Rights are judged anew each time: whoever may not see the request now sees none of it. */
async function findLog(
  ports: ReadSessionLogPorts,
  { actor, requestId, logId }: SessionLogNamed,
): Promise<{ log: StoredLog; request: StoredRequest; now: Date }> {
  const [rules, request, now] = [
    await ports.rules.load(ports.db),
    await loadRequest(ports.db, requestId),
    await ports.clock.now(),
  ]
  refuseUnlessSeen(rules, actor, request)
  const log = await loadLog(ports.db, logId)
  if (log === null || log.requestId !== requestId || log.askedBy !== readerOf(actor)) {
    throw noSuchLog()
  }
  if (log.expiresAt <= now) throw noSuchLog()
  return { log, request, now }
}

/** Null: one of them can't be opened, and half a log would look like a whole one. */
async function showEvents(
  ports: ReadSessionLogPorts,
  log: StoredLog,
  sealed: readonly SealedEvent[],
): Promise<SessionLogEvent[] | null> {
  const shown: SessionLogEvent[] = []
  for (const item of sealed) {
    const event = await showEvent(ports, log, item)
    if (event === null) return null
    shown.push(event)
  }
  return shown
}

async function showEvent(
  ports: ReadSessionLogPorts,
  log: StoredLog,
  sealed: SealedEvent,
): Promise<SessionLogEvent | null> {
  const json = await ports.openRecord(log.id, sealed)
  const event = json === null ? null : ports.parseRecord(json)
  if (json === null || event === null) return null
  return {
    eventId: event.eventId,
    at: event.at.toISOString(),
    service: event.service,
    action: event.action,
    region: event.region,
    resources: [...event.resources],
    sourceAddress: event.sourceAddress,
    errorCode: event.errorCode,
    errorMessage: event.errorMessage,
    readOnly: event.readOnly,
    record: JSON.parse(json),
  }
}

function showLog(log: StoredLog, request: StoredRequest): Omit<SessionLog, 'items' | 'nextCursor'> {
  return {
    id: log.id,
    requestId: log.requestId,
    state: log.state,
    source: log.source,
    from: log.from.toISOString(),
    to: log.to.toISOString(),
    completeAt: log.completeAt?.toISOString() ?? null,
    askedAt: log.askedAt.toISOString(),
    finishedAt: log.finishedAt?.toISOString() ?? null,
    expiresAt: log.expiresAt.toISOString(),
    failure: log.failure && showFailure(log.failure),
    counts: log.counts && {
      events: log.counts.events,
      reads: log.counts.reads,
      writes: log.counts.writes,
      errors: log.counts.errors,
    },
    limits: limitsOf(log, request),
  }
}

function limitsOf(log: StoredLog, request: StoredRequest): SessionLogLimit[] {
  const limits: SessionLogLimit[] = [
    'role_chaining',
    'data_events',
    'minutes_late',
    'regions_of_trail',
    'log_retention',
  ]
  if (sessionNameOf(request.requester.userName) === null) limits.unshift('session_name_unknown')
  if (log.truncated) limits.unshift('truncated')
  return limits
}

const howToGoOn: Record<SessionLogFailureCode, string> = {
  denied:
    'AWS does not let TEAM read there. An administrator must allow it what docs/operate/session-logs.md lists.',
  location_not_found:
    'AWS knows no such log group or event data store there. An administrator must check the setting.',
  unavailable: 'AWS could not be reached. Try again in a few minutes.',
  busy: 'AWS’s limit on queries is used up. Try again in a few minutes.',
  query_failed: 'AWS ended the query. Try again; if it happens again, tell an administrator why.',
  query_gone: 'AWS knows the query no more. Try again.',
  unsearchable: 'A name has signs that no query can hold safely, so none was made.',
  unwanted: 'Nobody asked for it for a while, so it was cancelled. Ask again.',
  timed_out: 'It took too long and was cancelled. Try again when AWS is less busy.',
  unreadable: 'What was found cannot be read any more. Ask again.',
}

function isFailureCode(code: string): code is SessionLogFailureCode {
  return Object.hasOwn(howToGoOn, code)
}

function showFailure(failure: { code: string; message: string }) {
  const code = isFailureCode(failure.code) ? failure.code : 'query_failed'
  return { code, message: howToGoOn[code], reason: failure.message }
}
