import { Readable } from 'node:stream'
import type { z } from 'zod'
import {
  AuditEventPage,
  AuditQuery,
  ChainVerdict,
  type ExportQuery as Exported,
  ExportQuery,
  UsagePage,
  UsageQuery,
} from '#contract/audit.ts'
import { eventColumns, eventLines, exportedEvents } from '#server/audit/export.ts'
import { grantColumns } from '#server/audit/request-columns.ts'
import { type Verdict, verifySteps } from '#server/audit/verify.ts'
import { type Actor, eventActorOf } from '#server/operations/actor.ts'
import { exportedGrant, exportedRequests } from '#server/operations/export-requests.ts'
import { eventFilterOf, listAuditEvents } from '#server/operations/list-events.ts'
import { makeChange } from '#server/operations/making-changes.ts'
import { readUsage } from '#server/operations/read-usage.ts'
import type { App } from './app.ts'
import { csvText, fileAnswer, fileName, jsonLinesText, mapped, sendFile } from './csv.ts'
import { createLongAnswers, type LongAnswers } from './long-answers.ts'
import { requestsText } from './request-files.ts'
import type { ResourcePorts } from './resources.ts'

const tags = ['audit']

export function registerAudit(app: App, ports: ResourcePorts): void {
  const longAnswers = createLongAnswers()
  app.get(
    '/api/v1/audit/events',
    {
      config: { permission: 'audit.read' },
      schema: { tags, querystring: AuditQuery, response: { 200: AuditEventPage } },
    },
    (request) => listAuditEvents(ports, request.query),
  )
  registerUsage(app, ports)
  registerExport(app, ports, longAnswers)
  registerVerify(app, ports, longAnswers)
}

function registerUsage(app: App, ports: ResourcePorts): void {
  app.get(
    '/api/v1/audit/usage',
    {
      config: { permission: 'audit.read' },
      schema: {
        tags,
        description:
          'Used against granted, by permission set, person or account; most granted first',
        querystring: UsageQuery,
        response: { 200: UsagePage },
      },
    },
    (request) => readUsage(ports, request.query),
  )
}

function registerExport(app: App, ports: ResourcePorts, longAnswers: LongAnswers): void {
  app.get(
    '/api/v1/audit/export',
    {
      // It is an event of its own, and a HEAD takes nothing.
      exposeHeadRoute: false,
      config: { permission: 'audit.export', onlyFromTeam: true },
      schema: {
        tags,
        description:
          'Events (oldest first, in the format of docs/reference/audit-format.md), requests or grants (newest first) as a file. That it was taken is itself an event',
        querystring: ExportQuery,
        response: { 200: fileAnswer('The file') },
      },
    },
    async (request, reply) => {
      const { query, actor } = request
      longAnswers.begin(reply, actor)
      const at = await noteExport(ports, actor, query)
      const name = fileName(query.kind, at)
      const text = textOf(ports, query)
      const mayGoOn = () => request.actorNow()
      return sendFile(reply, { format: query.format, name, text, mayGoOn })
    },
  )
}

/** Before the first byte: who has taken it has taken it, whether or not they waited for the end. */
async function noteExport(ports: ResourcePorts, actor: Actor, query: Exported): Promise<Date> {
  const { kind, format, ...filter } = query
  return makeChange(ports, async (c) => {
    c.event({
      actor: eventActorOf(actor),
      action: 'audit.export',
      object: { type: 'export', id: kind },
      payload: { kind, format, filter },
    })
    return c.at
  })
}

function textOf({ long }: ResourcePorts, query: Exported): AsyncIterable<string> {
  const { kind, format } = query
  if (kind === 'events') {
    const events = exportedEvents(long, eventFilterOf(query))
    return format === 'csv' ? csvText(eventColumns, events) : eventLines(events)
  }
  const found = exportedRequests(long, query)
  if (kind === 'grants') {
    const grants = mapped(found, exportedGrant)
    return format === 'csv' ? csvText(grantColumns, grants) : jsonLinesText(grants)
  }
  return requestsText(format, found)
}

/** Once in so many batches of the trail: a proxy that hears nothing for a minute hangs up. */
const batchesASign = 10

/** For the description alone: what is sent is text, and has been parsed by this schema. */
const verdictAnswer: { description: string; content: Record<string, { schema: z.ZodType }> } = {
  description: 'The verdict',
  content: { 'application/json': { schema: ChainVerdict } },
}

function registerVerify(app: App, ports: ResourcePorts, longAnswers: LongAnswers): void {
  app.get(
    '/api/v1/audit/verify',
    {
      exposeHeadRoute: false,
      config: { permission: 'audit.verify', onlyFromTeam: true },
      schema: {
        tags,
        description:
          'Computes every hash of the trail again. A long trail takes a while: blanks come first, as a sign of life, then the verdict',
        response: { 200: verdictAnswer },
      },
    },
    async (request, reply) => {
      longAnswers.begin(reply, request.actor)
      reply.header('content-type', 'application/json; charset=utf-8')
      reply.header('cache-control', 'no-store')
      return reply.send(Readable.from(verdictText(verifySteps(ports.long)), { objectMode: false }))
    },
  )
}

async function* verdictText(steps: AsyncGenerator<number, Verdict>): AsyncGenerator<Buffer> {
  try {
    for (let batches = 1; ; batches += 1) {
      const step = await steps.next()
      if (step.done === true) {
        yield Buffer.from(JSON.stringify(ChainVerdict.parse(step.value)))
        return
      }
      if (batches % batchesASign === 0) yield Buffer.from(' ')
    }
  } finally {
    await steps.return({ ok: false, events: 0, head: '' })
  }
}
