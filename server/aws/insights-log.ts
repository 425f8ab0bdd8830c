/** CloudWatch Logs Insights on the log group of an organisation's trail. */
import {
  GetQueryResultsCommand,
  StartQueryCommand,
  StopQueryCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import type { LogLocation } from '#core/session-log.ts'
import type { SessionLogSource } from '#server/audit/session-logs/source.ts'
import type { AwsClients } from './clients.ts'
import { failure, sourced, unsearchable } from './log-failure.ts'
import { insightsQuery } from './log-queries.ts'

export interface SourceOptions {
  readonly clients: Pick<AwsClients, 'logs' | 'cloudTrail'>
  readonly recordsMax: number
}

const pageRows = 1_000

export function createInsightsLog(
  place: LogLocation & { source: 'cloudwatch_logs' },
  { clients, recordsMax }: SourceOptions,
): SessionLogSource {
  const client = clients.logs(place.region)
  return {
    async start({ criteria, arrivedBy }) {
      const queryString = insightsQuery(criteria, recordsMax)
      if (queryString === null) return unsearchable
      const started = await sourced(
        () =>
          client.send(
            new StartQueryCommand({
              // The only member that takes ARNs, of other accounts too; it takes names as well.
              logGroupIdentifiers: [place.logGroup],
              startTime: Math.floor(criteria.from.getTime() / 1000),
              endTime: Math.ceil(arrivedBy.getTime() / 1000),
              queryString,
            }),
          ),
        'location_not_found',
      )
      if (!started.ok) return started
      const { queryId } = started.value
      return queryId ? { ok: true, value: queryId } : failure('query_failed', 'AWS named no query.')
    },

    async look(queryId) {
      const looked = await sourced(
        () => client.send(new GetQueryResultsCommand({ queryId, maxItems: 1 })),
        'query_gone',
      )
      if (!looked.ok) return looked
      const { status } = looked.value
      if (status === 'Complete') return { ok: true, value: 'done' }
      if (status === 'Failed' || status === 'Cancelled' || status === 'Timeout') {
        return failure('query_failed', `CloudWatch Logs Insights ended the query: ${status}.`)
      }
      return { ok: true, value: 'running' }
    },

    async read(queryId, page) {
      const read = await sourced(
        () =>
          client.send(
            new GetQueryResultsCommand({
              queryId,
              maxItems: pageRows,
              ...(page !== null && { nextToken: page }),
            }),
          ),
        'query_gone',
      )
      if (!read.ok) return read
      const { results = [], nextToken } = read.value
      const records = results.flatMap(
        (row) => row.find(({ field }) => field === '@message')?.value ?? [],
      )
      return { ok: true, value: { records, next: nextToken ?? null } }
    },

    async cancel(queryId) {
      const stopped = await sourced(
        () => client.send(new StopQueryCommand({ queryId })),
        'query_gone',
      )
      return stopped.ok ? { ok: true, value: null } : stopped
    },
  }
}
