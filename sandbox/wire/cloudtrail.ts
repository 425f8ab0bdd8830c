/** CloudTrail, as far as queries of Lake on the organisation's store go (API reference 2013-11-01). */
import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import type { TrailQuery } from '../model/types.ts'
import { parseLake, runLake } from '../trail/lake.ts'
import { Malformed } from '../trail/tokens.ts'
import { trailPlaces } from '../trail/trail.ts'
import {
  type Context,
  listed,
  makeToken,
  operation,
  pageSize,
  type Service,
  text,
} from './service.ts'

/** User guide, "Quotas in AWS CloudTrail": queries at once, and calls a second. */
const concurrentMax = 10
const perSecond = 10
const rowsWithoutLimit = 100_000

const invalid = (message: string) => new Refusal('InvalidParameterException', message)
const queryId = text({ min: 36, max: 36, pattern: /^[a-f0-9-]+$/ })
const aboutQuery = z.object({
  QueryId: queryId,
  EventDataStore: z.string().optional(),
  EventDataStoreOwnerAccountId: z.string().optional(),
})

function knownQuery({ world }: Context, id: string): TrailQuery {
  const query = world.state.trailQueries.get(id)
  if (query?.service === 'cloudtrail') return query
  throw new Refusal('QueryIdNotFoundException', `The query ID ${id} does not exist.`)
}

function statusOf({ world }: Context, query: TrailQuery): 'RUNNING' | 'CANCELLED' | 'FINISHED' {
  if (query.cancelledAt !== null) return 'CANCELLED'
  return query.doneAt > world.now() ? 'RUNNING' : 'FINISHED'
}

function rowsOf({ world }: Context, query: TrailQuery) {
  const records = world.state.trailEvents.filter((event) => event.availableAt <= query.doneAt)
  return { scanned: records, rows: runLake(parseLake(query.statement), records) }
}

function parsed(context: Context, statement: string): void {
  let store: string
  try {
    store = parseLake(statement).store
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const message = `The query has syntax errors: ${error.message}`
    throw new Refusal('InvalidQueryStatementException', message)
  }
  const { organisation } = context.world.state
  const known = store === trailPlaces(organisation).eventDataStoreId
  if (known && context.signer.region === organisation.primaryRegion) return
  throw new Refusal('EventDataStoreNotFoundException', `Event data store ${store} was not found.`)
}

function refuseOwner({ world }: Context, owner: string | undefined): void {
  const { delegatedAdministratorId } = world.state.organisation
  if (owner === undefined || owner === delegatedAdministratorId) return
  throw new Refusal('AccessDeniedException', `No event data store of ${owner} is shared with you.`)
}

const operations = {
  StartQuery: operation(
    z.object({
      QueryStatement: text({ min: 1, max: 10_000 }).optional(),
      QueryAlias: z.string().optional(),
      QueryParameters: z.array(z.string()).optional(),
      DeliveryS3Uri: z.string().optional(),
      EventDataStoreOwnerAccountId: text({ min: 12, max: 16, pattern: /^\d+$/ }).optional(),
    }),
    (context, input) => {
      const { world } = context
      if (input.QueryAlias !== undefined || input.QueryParameters !== undefined) {
        // "…used only for the queries that populate the CloudTrail Lake dashboards."
        throw invalid('QueryAlias and QueryParameters are for dashboards only.')
      }
      if (input.DeliveryS3Uri !== undefined) throw invalid('The sandbox has no S3.')
      if (input.QueryStatement === undefined) throw invalid('QueryStatement is needed.')
      refuseOwner(context, input.EventDataStoreOwnerAccountId)
      parsed(context, input.QueryStatement)
      const startedAt = world.now()
      const running = [...world.state.trailQueries.values()].filter(
        (query) => query.service === 'cloudtrail' && statusOf(context, query) === 'RUNNING',
      )
      if (running.length >= concurrentMax) {
        throw new Refusal(
          'MaxConcurrentQueriesException',
          'You are already running the maximum number of concurrent queries.',
        )
      }
      const id = world.passingIds.uuid()
      world.note({
        type: 'trail-query',
        value: {
          queryId: id,
          service: 'cloudtrail',
          statement: input.QueryStatement,
          from: 0,
          to: Number.MAX_SAFE_INTEGER,
          limit: rowsWithoutLimit,
          startedAt,
          doneAt: startedAt + world.settings.queryDelayMs,
          cancelledAt: null,
        },
      })
      return { QueryId: id }
    },
  ),

  DescribeQuery: operation(aboutQuery, (context, input) => {
    const query = knownQuery(context, input.QueryId)
    const QueryStatus = statusOf(context, query)
    return { QueryId: query.queryId, QueryString: query.statement, QueryStatus }
  }),

  GetQueryResults: operation(
    aboutQuery.extend({ NextToken: z.string().optional(), MaxQueryResults: pageSize(1000) }),
    (context, input) => {
      const query = knownQuery(context, input.QueryId)
      const QueryStatus = statusOf(context, query)
      if (QueryStatus !== 'FINISHED') return { QueryStatus, QueryResultRows: [] }
      const { rows, scanned } = rowsOf(context, query)
      const from = input.NextToken === undefined ? 0 : placeIn(input.NextToken, query.queryId)
      const to = from + (input.MaxQueryResults ?? 1000)
      return {
        QueryStatus,
        QueryStatistics: {
          ResultsCount: Math.min(to, rows.length) - from,
          TotalResultsCount: rows.length,
          BytesScanned: scanned.length,
        },
        QueryResultRows: rows.slice(from, to),
        ...(to < rows.length && {
          NextToken: makeToken({ list: query.queryId, after: String(to) }),
        }),
      }
    },
  ),

  CancelQuery: operation(aboutQuery, (context, input) => {
    const query = knownQuery(context, input.QueryId)
    if (statusOf(context, query) !== 'RUNNING') {
      throw new Refusal(
        'InactiveQueryException',
        'The specified query cannot be canceled because it is in the FINISHED, FAILED, TIMED_OUT, or CANCELLED state.',
      )
    }
    context.world.note({
      type: 'trail-query',
      value: { ...query, cancelledAt: context.world.now() },
    })
    return { QueryId: query.queryId, QueryStatus: 'CANCELLED' }
  }),
}

function placeIn(token: string, list: string): number {
  const [known, after] = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as unknown[]
  if (known !== list)
    throw new Refusal('InvalidNextTokenException', 'The token is not of this query.')
  return Number(after)
}

export const cloudTrail: Service = {
  name: 'cloudtrail',
  scope: 'cloudtrail',
  operations,
  optional: [],
  malformed: (mistakes) => invalid(listed(mistakes)),
  throttle({ world }, name) {
    const rate = { perSecond, capacity: perSecond, othersPerSecond: 0 }
    if (world.bucket(`cloudtrail/${name}`).take(world.now(), rate)) return
    throw new Refusal('ThrottlingException', 'Rate exceeded')
  },
}
