import type { Kysely } from 'kysely'
import { csvRow } from '#core/text.ts'
import type { Schema } from '#server/store/schema.ts'
import type { StoredEvent } from './check.ts'
import { atText, eventLine } from './lines.ts'
import { type EventFilter, readEvents } from './read.ts'

export type ExportFormat = 'jsonl' | 'csv'

export interface ExportOptions {
  readonly format: ExportFormat
  readonly filter?: EventFilter
}

export const exportMediaTypes: Readonly<Record<ExportFormat, string>> = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
}

/** Spreadsheets take a file for UTF-8 by this. */
const byteOrderMark = '\uFEFF'

const csvColumns = [
  'seq',
  'at',
  'actorType',
  'actorId',
  'actorName',
  'action',
  'objectType',
  'objectId',
  'result',
  'payload',
  'salt',
  'payloadHash',
  'previousHash',
  'hash',
]

/** The trail up to now, a batch of lines at a time; docs/reference/audit-format.md describes it. */
export async function* exportEvents(
  db: Kysely<Schema>,
  options: ExportOptions,
): AsyncGenerator<string> {
  const { filter } = options
  const head = await db.selectFrom('audit_head').select('seq').executeTakeFirstOrThrow()
  const range = filter === undefined ? {} : { filter }
  if (options.format === 'csv') yield byteOrderMark + csvRow(csvColumns)
  const lineOf = options.format === 'csv' ? csvLine : jsonLine
  for await (const batch of readEvents(db, { ...range, seqMax: head.seq })) {
    yield batch.map(lineOf).join('')
  }
}

function jsonLine(event: StoredEvent): string {
  return `${eventLine(event)}\n`
}

function csvLine(event: StoredEvent): string {
  const { seq, actor, action, object, result, payload } = event
  const { salt, payloadHash, previousHash, hash } = hexOf(event)
  return csvRow([
    seq,
    atText(event),
    actor.type,
    actor.id,
    actor.name,
    action,
    object.type,
    object.id,
    result,
    payload,
    salt,
    payloadHash,
    previousHash,
    hash,
  ])
}

function hexOf({ salt, payloadHash, previousHash, hash }: StoredEvent) {
  return {
    salt: salt?.toString('hex') ?? null,
    payloadHash: payloadHash.toString('hex'),
    previousHash: previousHash.toString('hex'),
    hash: hash.toString('hex'),
  }
}
