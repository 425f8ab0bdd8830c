/**
 * `GET /api/v1/stream`: server-sent events of what the person may see, now. An event says only that
 * something changed, `{type, id, version}`; the page then reads it through the API. Whether it may
 * be told is asked anew for each event, and whether the session still lives every minute.
 *
 * An open stream is not activity: it keeps no session from falling idle.
 */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { UserId } from '#core/ids.ts'
import { Refused } from '#server/operations/refused.ts'
import type { Session } from '#server/store/sessions.ts'
import type { App } from './app.ts'
import { type Actor, type Every, everyInRealTime, type PeoplePorts } from './ports.ts'
import { securityHeaders } from './security-headers.ts'
import type { Sessions } from './sign-in/sessions.ts'

export interface LiveEvent {
  /** Grows with every event; what `Last-Event-ID` carries, and `after` of the first connection. */
  readonly seq: number
  readonly type: string
  readonly id: string
  readonly version: number
}

export interface Subscription {
  close(): void
}

export interface StreamDeps {
  readonly publicUrl: string
  readonly sessions: Sessions
  readonly people: Pick<PeoplePorts, 'loadActor'>
  /** Events after `afterSeq`, those of the past first; null: only those to come. */
  readonly subscribe: (
    afterSeq: number | null,
    onEvent: (event: LiveEvent) => void,
  ) => Subscription | Promise<Subscription>
  readonly mayReceive: (actor: Actor, event: LiveEvent) => boolean | Promise<boolean>
  readonly every?: Every
}

export const streamsPerPersonMax = 10
export const heartbeatSeconds = 15
export const sessionCheckSeconds = 60
/** Events that wait for a slow reader; beyond, the stream ends and the browser comes back. */
export const waitingEventsMax = 1000
const reconnectMs = 2000

interface Stream {
  readonly session: Session
  end(): void
}

export function registerStream(app: App, deps: StreamDeps): void {
  const streams = new Set<Stream>()
  deps.sessions.onEnd((idHash) => {
    for (const stream of streams) if (stream.session.idHash.equals(idHash)) stream.end()
  })
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end()
  })
  app.get(
    '/api/v1/stream',
    {
      // A HEAD would open a stream that says nothing and never ends.
      exposeHeadRoute: false,
      config: { permission: 'stream.read', staysOpen: true },
      schema: {
        description: 'Server-sent events {type, id, version}',
        querystring: z.object({ after: z.string().optional() }),
      },
    },
    async (request, reply) => {
      const { session } = request
      if (session === null) throw new Refused('unauthenticated')
      refuseTooMany(streams, session.userId)
      const afterSeq =
        afterSeqOf(request.headers['last-event-id']) ?? afterSeqOf(request.query.after)
      await open(deps, streams, { request, reply, session, afterSeq })
    },
  )
}

/** What is no number of ours begins anew: a refusal would end the browser's attempts for good. */
function afterSeqOf(text: string | string[] | undefined): number | null {
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null
}

function refuseTooMany(streams: ReadonlySet<Stream>, userId: UserId): void {
  const mine = [...streams].filter((stream) => stream.session.userId === userId)
  if (mine.length < streamsPerPersonMax) return
  throw new Refused('rate_limited', {
    detail: `At most ${streamsPerPersonMax} pages of TEAM can be live at once. Close one.`,
    params: { streamsPerPersonMax },
  })
}

interface Opening {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly session: Session
  readonly afterSeq: number | null
}

async function open(
  deps: StreamDeps,
  streams: Set<Stream>,
  { request, reply, session, afterSeq }: Opening,
): Promise<void> {
  const every = deps.every ?? everyInRealTime
  const response = reply.raw
  reply.hijack()
  response.writeHead(200, {
    ...securityHeaders(deps.publicUrl),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
  })
  response.write(`retry: ${reconnectMs}\n\n`)

  const closers: Subscription[] = []
  let isOpen = true
  const end = () => {
    if (!isOpen) return
    isOpen = false
    streams.delete(stream)
    for (const closer of closers) closer.close()
    response.end()
  }
  const stream: Stream = { session, end }
  streams.add(stream)
  response.on('close', end)
  const fail = (error: unknown) => {
    request.log.error({ err: error }, 'a live stream failed')
    end()
  }

  const heartbeat = every(heartbeatSeconds * 1000, () => response.write(': alive\n\n'))
  const check = every(sessionCheckSeconds * 1000, () => {
    maySeeAnything(deps, session)
      .then((may) => (may ? undefined : end()))
      .catch(fail)
  })
  closers.push({ close: heartbeat.stop }, { close: check.stop })
  try {
    const onEvent = deliverInOrder(deps, { response, session, isOpen: () => isOpen, end, fail })
    const subscription = await deps.subscribe(afterSeq, onEvent)
    if (isOpen) closers.push(subscription)
    else subscription.close()
  } catch (error) {
    fail(error)
  }
}

async function maySeeAnything(deps: StreamDeps, session: Session): Promise<boolean> {
  if (!(await deps.sessions.isLive(session))) return false
  const actor = await deps.people.loadActor(session.userId)
  return actor?.person.enabled === true
}

interface Receiver {
  readonly response: ServerResponse
  readonly session: Session
  readonly isOpen: () => boolean
  readonly end: () => void
  readonly fail: (error: unknown) => void
}

function deliverInOrder(deps: StreamDeps, receiver: Receiver): (event: LiveEvent) => void {
  const waiting: LiveEvent[] = []
  let isDelivering = false
  async function deliver(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) {
      const actor = await deps.people.loadActor(receiver.session.userId)
      if (actor === null || !actor.person.enabled) return receiver.end()
      if (!(await deps.mayReceive(actor, event))) continue
      if (!receiver.isOpen()) return
      const isTaken = receiver.response.write(textOf(event))
      if (!isTaken) await drained(receiver.response)
    }
    isDelivering = false
  }
  return (event) => {
    if (waiting.length >= waitingEventsMax) return receiver.end()
    waiting.push(event)
    if (isDelivering) return
    isDelivering = true
    deliver().catch(receiver.fail)
  }
}

function textOf({ seq, type, id, version }: LiveEvent): string {
  return `id: ${seq}\ndata: ${JSON.stringify({ type, id, version })}\n\n`
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.on('drain', done)
    response.on('close', done)
  })
}
