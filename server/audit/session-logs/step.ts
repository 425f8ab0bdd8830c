/**
 * One step of one looking: start the query, look how it is, or read what it found. A step is a job of
 * its own that queues the next one, so that no worker waits for AWS, a process may die between any
 * two, and mails are never kept from their workers. All steps share one queue: one runs at a time,
 * whichever copy works it, and so queries at once can simply be counted.
 *
 * Should the process die between AWS's answer and its note, another query is started; the first
 * ends by itself at AWS, unread.
 */
import type { Kysely } from 'kysely'
import {
  countUse,
  type LogCriteria,
  type LoggedEvent,
  lateEventMinutes,
  parseLogLocation,
  strangerBecause,
} from '#core/session-log.ts'
import { addMinutes, earlier } from '#core/window.ts'
import { type Change, change } from '#server/store/change.ts'
import { postponeUse, recordUse } from '#server/store/grant-use.ts'
import { loadRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import {
  countLook,
  countRunning,
  deleteLog,
  loadLog,
  markDone,
  markFailed,
  markRunning,
  queueStep,
  replaceEvents,
  type StoredLog,
} from '#server/store/session-logs.ts'
import { parseRecord } from './record.ts'
import { nameOfRecord } from './sealed.ts'
import {
  type FindSource,
  logRecordsMax,
  type SessionLogSource,
  type SourceFailure,
} from './source.ts'

export interface SessionLogPorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly findSource: FindSource
  readonly sealerOf: (logId: string) => Promise<{ seal(name: string, text: string): string }>
}

/** AWS allows ten (CloudTrail Lake) and a hundred (Insights); others ask as well. */
export const queriesAtOnceMax = 5
const timeoutMinutes = 10
const waitForTurnMs = 2_000
/** Half as long again each time. */
const lookAfterMs = { first: 1_000, most: 15_000 }
/** Waits for AWS's limits, or for AWS. */
const busyWaitMs = 5_000

export async function stepSessionLog(ports: SessionLogPorts, logId: string): Promise<void> {
  const log = await loadLog(ports.db, logId)
  if (log === null || log.state === 'done' || log.state === 'failed') return
  const now = await ports.clock.now()
  const place = parseLogLocation(log.source, log.location)
  if (place === null) return fail(ports, log, { code: 'location_not_found', message: log.location })
  const source = ports.findSource(place)
  const over = whyOver(log, now)
  if (over !== null) {
    if (log.queryId !== null) await source.cancel(log.queryId)
    return fail(ports, log, over)
  }
  if (log.queryId === null) return start(ports, source, log, now)
  return look(ports, source, { ...log, queryId: log.queryId })
}

function whyOver(log: StoredLog, now: Date): { code: string; message: string } | null {
  if (log.wantedUntil <= now) return { code: 'unwanted', message: 'Nobody asked for it any more.' }
  if (addMinutes(log.startedAt ?? log.askedAt, timeoutMinutes) > now) return null
  return { code: 'timed_out', message: `It took longer than ${timeoutMinutes} minutes.` }
}

async function start(
  ports: SessionLogPorts,
  source: SessionLogSource,
  log: StoredLog,
  now: Date,
): Promise<void> {
  const { db } = ports
  if ((await countRunning(db)) >= queriesAtOnceMax) return queueStep(db, log, waitForTurnMs)
  const criteria = await criteriaOf(db, log)
  if (criteria === null) return deleteLog(db, log.id)
  const arrivedBy = earlier(addMinutes(criteria.to, lateEventMinutes), now)
  const started = await source.start({ criteria, arrivedBy })
  if (!started.ok) return waitOrFail(ports, log, started)
  const queryId = started.value
  if (await markRunning(db, log.id, { queryId, at: now })) {
    return queueStep(db, log, lookAfterMs.first)
  }
  await source.cancel(queryId)
}

async function criteriaOf(
  db: Kysely<Schema>,
  log: Pick<StoredLog, 'requestId' | 'from' | 'to'>,
): Promise<LogCriteria | null> {
  const request = await loadRequest(db, log.requestId)
  return (
    request && {
      userId: request.requester.userId,
      userName: request.requester.userName,
      accountId: request.target.accountId,
      permissionSetName: request.permissionSetName,
      from: log.from,
      to: log.to,
    }
  )
}

type RunningLog = StoredLog & { readonly queryId: string }

async function look(
  ports: SessionLogPorts,
  source: SessionLogSource,
  log: RunningLog,
): Promise<void> {
  const looked = await source.look(log.queryId)
  if (!looked.ok) return waitOrFail(ports, log, looked)
  if (looked.value === 'done') return read(ports, source, log)
  await countLook(ports.db, log.id)
  const waitMs = lookAfterMs.first * 1.5 ** log.looks
  return queueStep(ports.db, log, Math.min(waitMs, lookAfterMs.most))
}

interface Found {
  readonly event: LoggedEvent
  readonly json: string
}

async function read(
  ports: SessionLogPorts,
  source: SessionLogSource,
  log: RunningLog,
): Promise<void> {
  const criteria = await criteriaOf(ports.db, log)
  if (criteria === null) return deleteLog(ports.db, log.id)
  const records: string[] = []
  let page: string | null = null
  do {
    const answered = await source.read(log.queryId, page)
    if (!answered.ok) return waitOrFail(ports, log, answered)
    records.push(...answered.value.records)
    page = answered.value.next
  } while (page !== null && records.length < logRecordsMax)
  const truncated = page !== null || records.length >= logRecordsMax
  const found = records.slice(0, logRecordsMax).flatMap((json): Found[] => {
    const event = parseRecord(json)
    return event && strangerBecause(event, criteria) === null ? [{ event, json }] : []
  })
  found.sort((one, other) => one.event.at.getTime() - other.event.at.getTime())
  if (log.askedBy === null) return summarise(ports, log, { found, truncated })
  await keep(ports, log, { found, truncated, leftOut: records.length - found.length })
}

async function keep(
  ports: SessionLogPorts,
  log: RunningLog,
  { found, truncated, leftOut }: { found: readonly Found[]; truncated: boolean; leftOut: number },
): Promise<void> {
  const sealer = await ports.sealerOf(log.id)
  const rows = found.map(({ event, json }, ordinal) => ({
    ordinal,
    readOnly: event.readOnly === true,
    failed: event.errorCode !== null,
    sealed: sealer.seal(nameOfRecord(log.id, ordinal), json),
  }))
  await replaceEvents(ports.db, log.id, rows)
  const { reads, writes, errors } = countUse(found.map(({ event }) => event))
  const counts = { events: found.length, reads, writes, errors, leftOut }
  await inChange(ports, (c) => markDone(c, log.id, { counts, truncated }))
}

async function summarise(
  ports: SessionLogPorts,
  log: RunningLog,
  { found, truncated }: { found: readonly Found[]; truncated: boolean },
): Promise<void> {
  const use = countUse(found.map(({ event }) => event))
  await inChange(ports, async (c) => {
    await recordUse(c, log.requestId, { ...use, source: log.source, truncated })
    await deleteLog(c.tx, log.id)
  })
}

/** AWS's limits and failures pass; the time limit of the whole is what ends waiting for them. */
async function waitOrFail(
  ports: SessionLogPorts,
  log: StoredLog,
  failed: SourceFailure,
): Promise<void> {
  if (failed.code === 'busy' || failed.code === 'unavailable') {
    return queueStep(ports.db, log, busyWaitMs)
  }
  return fail(ports, log, failed)
}

async function fail(
  ports: SessionLogPorts,
  log: StoredLog,
  { code, message }: { code: string; message: string },
): Promise<void> {
  await inChange(ports, async (c) => {
    if (log.askedBy !== null) return markFailed(c, log.id, { code, message })
    await postponeUse(c, log.requestId)
    await deleteLog(c.tx, log.id)
  })
}

async function inChange(
  ports: SessionLogPorts,
  work: (c: Change) => Promise<unknown>,
): Promise<void> {
  await change(ports.db, await ports.clock.now(), work)
}
