/**
 * Where CloudTrail's events are looked for: one interface, a file a source in `server/aws`. A source
 * only fetches records; which of them belong to a grant is decided by `core/session-log.ts`.
 */
import type { LogCriteria, LogLocation } from '#core/session-log.ts'

/** The most records that one query brings; that there are more is said. */
export const logRecordsMax = 10_000

export interface LogQuery {
  readonly criteria: LogCriteria
  /** Records may carry the time at which they arrived, and arrive late: how far to look. */
  readonly arrivedBy: Date
}

export type SourceFailureCode =
  /** TEAM may not. */
  | 'denied'
  /** The log group or the event data store is not there. */
  | 'location_not_found'
  /** AWS's limit on queries or calls. */
  | 'busy'
  | 'unavailable'
  /** AWS did not understand the query, or ended it. */
  | 'query_failed'
  /** AWS knows the query no more. */
  | 'query_gone'
  /** The person or the permission set has a name that no query can hold safely. */
  | 'unsearchable'

export interface SourceFailure {
  readonly ok: false
  readonly code: SourceFailureCode
  /** AWS's own words. */
  readonly message: string
}

export type Sourced<Value> = { readonly ok: true; readonly value: Value } | SourceFailure

export interface RecordPage {
  /** As JSON, as CloudTrail wrote them. */
  readonly records: readonly string[]
  readonly next: string | null
}

export interface SessionLogSource {
  /** Answers AWS's id of the query. */
  start(query: LogQuery): Promise<Sourced<string>>
  look(queryId: string): Promise<Sourced<'running' | 'done'>>
  /** Of a query that is done. */
  read(queryId: string, page: string | null): Promise<Sourced<RecordPage>>
  cancel(queryId: string): Promise<Sourced<null>>
}

export type FindSource = (location: LogLocation) => SessionLogSource
