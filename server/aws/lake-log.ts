/** CloudTrail Lake, for those who had an event data store before it closed to new customers. */
import {
  CancelQueryCommand,
  DescribeQueryCommand,
  GetQueryResultsCommand,
  StartQueryCommand,
} from '@aws-sdk/client-cloudtrail'
import type { LogLocation } from '#core/session-log.ts'
import type { SessionLogSource } from '#server/audit/session-logs/source.ts'
import type { SourceOptions } from './insights-log.ts'
import { failure, sourced, unsearchable } from './log-failure.ts'
import { lakeStatement } from './log-queries.ts'

const pageRows = 1_000

export function createLakeLog(
  place: LogLocation & { source: 'cloudtrail_lake' },
  { clients, recordsMax }: SourceOptions,
): SessionLogSource {
  const client = clients.cloudTrail(place.region)
  const owner = { EventDataStoreOwnerAccountId: place.ownerAccountId }
  return {
    async start({ criteria }) {
      const statement = lakeStatement(criteria, place, recordsMax)
      if (statement === null) return unsearchable
      const started = await sourced(
        () => client.send(new StartQueryCommand({ ...owner, QueryStatement: statement })),
        'location_not_found',
      )
      if (!started.ok) return started
      const { QueryId } = started.value
      return QueryId ? { ok: true, value: QueryId } : failure('query_failed', 'AWS named no query.')
    },

    async look(queryId) {
      const looked = await sourced(
        () => client.send(new DescribeQueryCommand({ ...owner, QueryId: queryId })),
        'query_gone',
      )
      if (!looked.ok) return looked
      const { QueryStatus, ErrorMessage } = looked.value
      if (QueryStatus === 'FINISHED') return { ok: true, value: 'done' }
      if (QueryStatus === 'FAILED' || QueryStatus === 'CANCELLED' || QueryStatus === 'TIMED_OUT') {
        const why = ErrorMessage ? `: ${ErrorMessage}` : '.'
        return failure('query_failed', `CloudTrail Lake ended the query (${QueryStatus})${why}`)
      }
      return { ok: true, value: 'running' }
    },

    async read(queryId, page) {
      const read = await sourced(
        () =>
          client.send(
            new GetQueryResultsCommand({
              ...owner,
              QueryId: queryId,
              MaxQueryResults: pageRows,
              ...(page !== null && { NextToken: page }),
            }),
          ),
        'query_gone',
      )
      if (!read.ok) return read
      const { QueryResultRows = [], NextToken } = read.value
      // A row is a list of columns, each an object of one member named by the column.
      const records = QueryResultRows.flatMap((row) =>
        row
          .flatMap((column) => Object.entries(column))
          .flatMap(([name, value]) => (name.toLowerCase() === 'eventjson' ? [value] : [])),
      )
      return { ok: true, value: { records, next: NextToken ?? null } }
    },

    async cancel(queryId) {
      const stopped = await sourced(
        () => client.send(new CancelQueryCommand({ ...owner, QueryId: queryId })),
        'query_gone',
      )
      return stopped.ok ? { ok: true, value: null } : stopped
    },
  }
}
