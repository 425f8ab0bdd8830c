/** A list of requests as a file, for whoever sees the list. */
import { RequestExportQuery } from '#contract/request.ts'
import { requestColumns } from '#server/audit/request-columns.ts'
import { exportedRequest, exportRequestList } from '#server/operations/export-requests.ts'
import type { StoredRequest } from '#server/store/requests.ts'
import type { App } from './app.ts'
import {
  csvText,
  type ExportFormat,
  fileAnswer,
  fileName,
  jsonLinesText,
  mapped,
  sendFile,
} from './csv.ts'
import { createLongAnswers } from './long-answers.ts'
import type { ResourcePorts } from './resources.ts'

export const exportsOfOneMax = 2

export function registerRequestFiles(app: App, ports: ResourcePorts): void {
  // Not those of the audit: whoever may sign in may ask for these.
  const longAnswers = createLongAnswers(exportsOfOneMax)
  app.get(
    '/api/v1/requests/export',
    {
      // It is an event of its own, and a HEAD takes nothing.
      exposeHeadRoute: false,
      config: { permission: 'request.list', onlyFromTeam: true },
      schema: {
        tags: ['requests'],
        description:
          'All that the list shows you under the same view and filters, in its order, as a file. That it was taken is an event of the trail',
        querystring: RequestExportQuery,
        response: { 200: fileAnswer('A line a request') },
      },
    },
    async (request, reply) => {
      const { query } = request
      longAnswers.begin(reply, request.actor)
      const { at, batches } = await exportRequestList(ports, () => request.actor, query)
      const { format, view } = query
      const name = fileName(view, at)
      const text = requestsText(format, batches)
      return sendFile(reply, { format, name, text, mayGoOn: () => request.actorNow() })
    },
  )
}

export function requestsText(
  format: ExportFormat,
  batches: AsyncIterable<readonly StoredRequest[]>,
): AsyncIterable<string> {
  const requests = mapped(batches, exportedRequest)
  return format === 'csv' ? csvText(requestColumns, requests) : jsonLinesText(requests)
}
