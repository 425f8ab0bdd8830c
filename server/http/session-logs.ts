import type { z } from 'zod'
import {
  SessionLog,
  type SessionLogEvent,
  SessionLogExportQuery,
  SessionLogParams,
  SessionLogQuery,
} from '#contract/session-log.ts'
import type { RequestId } from '#core/ids.ts'
import { parseRecord } from '#server/audit/session-logs/record.ts'
import { askForSessionLog } from '#server/operations/ask-for-session-log.ts'
import {
  exportSessionLog,
  filterOf,
  type ReadSessionLogPorts,
  readSessionLog,
} from '#server/operations/read-session-log.ts'
import type { App } from './app.ts'
import { type Columns, csvText, fileAnswer, jsonLinesText, sendFile } from './csv.ts'
import { IdParams, type ResourcePorts } from './resources.ts'

const tags = ['session logs']
const permission = 'request.read-session-log'
const askAgainSeconds = 2

export function registerSessionLogs(app: App, resources: ResourcePorts): void {
  const ports: ReadSessionLogPorts = { ...resources, parseRecord }
  app.get(
    '/api/v1/requests/:id/session-log',
    {
      exposeHeadRoute: false,
      config: { permission, onlyFromTeam: true },
      schema: {
        tags,
        description:
          'Asks for what was done with an access: answers the address at which it will be. Each asking is an event of the trail',
        params: IdParams,
        response: { 202: SessionLog },
      },
    },
    async (request, reply) => {
      const { actor } = request
      const requestId = request.params.id as RequestId
      const logId = await askForSessionLog(resources, { actor, requestId })
      const query = SessionLogQuery.parse({})
      const log = await readSessionLog(ports, { actor, requestId, logId, query })
      reply.header('location', `/api/v1/requests/${requestId}/session-log/${logId}`)
      reply.header('retry-after', String(askAgainSeconds))
      reply.header('cache-control', 'no-store')
      return reply.code(202).send(log)
    },
  )
  app.get(
    '/api/v1/requests/:id/session-log/:logId',
    {
      config: { permission },
      schema: {
        tags,
        description:
          'One of your own: 202 while AWS works on it, then 200 for 15 minutes. Not asked after for two minutes, it is cancelled',
        params: SessionLogParams,
        querystring: SessionLogQuery,
        response: { 200: SessionLog, 202: SessionLog },
      },
    },
    async (request, reply) => {
      const { actor, query } = request
      const log = await readSessionLog(ports, { actor, ...namedIn(request), query })
      reply.header('cache-control', 'no-store')
      if (log.state === 'done' || log.state === 'failed') return reply.code(200).send(log)
      reply.header('retry-after', String(askAgainSeconds))
      return reply.code(202).send(log)
    },
  )
  app.get(
    '/api/v1/requests/:id/session-log/:logId/export',
    {
      exposeHeadRoute: false,
      config: { permission, onlyFromTeam: true },
      schema: {
        tags,
        description: 'One of your own as a file. An event of the trail',
        params: SessionLogParams,
        querystring: SessionLogExportQuery,
        response: { 200: fileAnswer('The events of the session log') },
      },
    },
    async (request, reply) => {
      const { actor, query } = request
      const named = namedIn(request)
      const batches = await exportSessionLog(ports, { actor, ...named, filter: filterOf(query) })
      const { format } = query
      const text = format === 'csv' ? csvText(columns, batches) : jsonLinesText(recordsOf(batches))
      const name = `session-log-${named.requestId}`
      return sendFile(reply, { format, name, text, mayGoOn: () => request.actorNow() })
    },
  )
}

function namedIn(request: { readonly params: z.output<typeof SessionLogParams> }) {
  return { requestId: request.params.id as RequestId, logId: request.params.logId }
}

const columns: Columns<SessionLogEvent> = {
  time: ({ at }) => at,
  service: ({ service }) => service,
  action: ({ action }) => action,
  region: ({ region }) => region,
  resources: ({ resources }) => resources.join('\n'),
  sourceAddress: ({ sourceAddress }) => sourceAddress,
  errorCode: ({ errorCode }) => errorCode,
  errorMessage: ({ errorMessage }) => errorMessage,
  readOrWrite: ({ readOnly }) => (readOnly ? 'read' : 'write'),
  eventId: ({ eventId }) => eventId,
  record: ({ record }) => JSON.stringify(record),
}

/** For programs the records as CloudTrail wrote them. */
async function* recordsOf(batches: AsyncIterable<readonly SessionLogEvent[]>) {
  for await (const batch of batches) yield batch.map(({ record }) => record)
}
