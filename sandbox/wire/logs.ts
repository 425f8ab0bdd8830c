/** CloudWatch Logs, as far as Insights on the trail's log group goes (API reference 2014-03-28). */
import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import type { TrailQuery } from '../model/types.ts'
import { parseInsights, runInsights } from '../trail/insights.ts'
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

/** User guide, "CloudWatch Logs quotas": per account, and per Region a second. */
const concurrentMax = 100
const perSecond = { StartQuery: 5, GetQueryResults: 5 } as const
const rowsMax = 100_000
const pageRowsMax = 10_000

const invalid = (message: string) => new Refusal('InvalidParameterException', message)

const queryInput = z.object({
  queryLanguage: z.enum(['CWLI', 'SQL', 'PPL']).optional(),
  logGroupName: z.string().optional(),
  logGroupNames: z.array(z.string()).optional(),
  logGroupIdentifiers: z
    .array(text({ min: 1, max: 2048, pattern: /^[\w#+=/:,.@*-]*$/ }))
    .optional(),
  startTime: z.number().min(0),
  endTime: z.number().min(0),
  queryString: text({ min: 0, max: 10_000 }),
  limit: z.int().min(1).max(rowsMax).optional(),
})

/** Every group that the query names must be there, in this Region. */
function refuseGroups(context: Context, input: z.output<typeof queryInput>): void {
  const { organisation } = context.world.state
  const { logGroup, logGroupArn } = trailPlaces(organisation)
  const given = [
    input.logGroupName === undefined ? [] : [input.logGroupName],
    input.logGroupNames ?? [],
    input.logGroupIdentifiers ?? [],
  ].filter((names) => names.length > 0)
  const [names] = given
  if (names === undefined || given.length > 1) {
    throw invalid('Exactly one of logGroupName, logGroupNames and logGroupIdentifiers is needed.')
  }
  for (const name of names) {
    const known = name === logGroup || name === logGroupArn
    if (known && context.signer.region === organisation.primaryRegion) continue
    throw new Refusal('ResourceNotFoundException', `Log group '${name}' does not exist`)
  }
}

function runningOf({ world }: Context): number {
  const now = world.now()
  const running = (query: TrailQuery) =>
    query.service === 'logs' && query.cancelledAt === null && query.doneAt > now
  return [...world.state.trailQueries.values()].filter(running).length
}

function knownQuery({ world }: Context, id: string): TrailQuery {
  const query = world.state.trailQueries.get(id)
  if (query?.service === 'logs') return query
  throw new Refusal('ResourceNotFoundException', `Query with id ${id} not found.`)
}

function statusOf({ world }: Context, query: TrailQuery): 'Running' | 'Cancelled' | 'Complete' {
  if (query.cancelledAt !== null) return 'Cancelled'
  return query.doneAt > world.now() ? 'Running' : 'Complete'
}

function rowsOf({ world }: Context, query: TrailQuery) {
  const lines = world.state.trailEvents
    .filter((event) => event.availableAt <= query.doneAt)
    .filter((event) => event.at >= query.from && event.at <= query.to)
    .map((event) => ({ at: event.at, message: event.json }))
  return {
    scanned: lines,
    rows: runInsights(parseInsights(query.statement), lines).slice(0, query.limit),
  }
}

const operations = {
  StartQuery: operation(queryInput, (context, input) => {
    const { world } = context
    if (input.queryLanguage !== undefined && input.queryLanguage !== 'CWLI') {
      throw invalid('The sandbox knows the Logs Insights query language only.')
    }
    refuseGroups(context, input)
    if (input.startTime > input.endTime) throw invalid('End time should not be before start time')
    parsed(input.queryString)
    if (runningOf(context) >= concurrentMax) {
      throw new Refusal('LimitExceededException', 'Account maximum query concurrency limit reached')
    }
    const startedAt = world.now()
    const queryId = world.passingIds.uuid()
    world.note({
      type: 'trail-query',
      value: {
        queryId,
        service: 'logs',
        statement: input.queryString,
        from: input.startTime * 1000,
        to: input.endTime * 1000 + 999,
        limit: input.limit ?? rowsMax,
        startedAt,
        doneAt: startedAt + world.settings.queryDelayMs,
        cancelledAt: null,
      },
    })
    return { queryId }
  }),

  GetQueryResults: operation(
    z.object({
      queryId: text({ min: 0, max: 256 }),
      nextToken: z.string().optional(),
      maxItems: pageSize(pageRowsMax),
    }),
    (context, input) => {
      const query = knownQuery(context, input.queryId)
      const status = statusOf(context, query)
      if (status !== 'Complete') return { queryLanguage: 'CWLI', results: [], status }
      const { rows, scanned } = rowsOf(context, query)
      const from = input.nextToken === undefined ? 0 : placeIn(input.nextToken, query.queryId)
      const to = from + (input.maxItems ?? pageRowsMax)
      const nextToken =
        to < rows.length ? makeToken({ list: query.queryId, after: String(to) }) : undefined
      return {
        queryLanguage: 'CWLI',
        results: rows.slice(from, to),
        status,
        statistics: { recordsMatched: rows.length, recordsScanned: scanned.length },
        ...(nextToken && { nextToken }),
      }
    },
  ),

  StopQuery: operation(z.object({ queryId: text({ min: 0, max: 256 }) }), (context, input) => {
    const query = knownQuery(context, input.queryId)
    if (statusOf(context, query) !== 'Running') {
      throw invalid(`Query is not in a running state: ${input.queryId}`)
    }
    context.world.note({
      type: 'trail-query',
      value: { ...query, cancelledAt: context.world.now() },
    })
    return { success: true }
  }),
}

function parsed(query: string): void {
  try {
    parseInsights(query)
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    const queryCompileError = {
      location: { startCharOffset: error.at, endCharOffset: error.at },
      message: error.message,
    }
    throw new Refusal('MalformedQueryException', error.message, { queryCompileError })
  }
}

function placeIn(token: string, list: string): number {
  const [known, after] = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as unknown[]
  if (known !== list) throw invalid('The token is not of this query.')
  return Number(after)
}

export const logs: Service = {
  name: 'logs',
  scope: 'logs',
  operations,
  optional: [],
  malformed: (mistakes) => invalid(listed(mistakes)),
  throttle({ world }, name) {
    const rate = Reflect.get(perSecond, name) as number | undefined
    if (rate === undefined) return
    if (
      world
        .bucket(`logs/${name}`)
        .take(world.now(), { perSecond: rate, capacity: rate, othersPerSecond: 0 })
    )
      return
    throw new Refusal('ThrottlingException', 'Rate exceeded')
  },
}
