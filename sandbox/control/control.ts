import type { IncomingMessage, ServerResponse } from 'node:http'
import * as z from 'zod'
import type { World } from '../model/world.ts'
import { readBody } from '../wire/http.ts'
import { BadInput } from './bad-input.ts'
import { behaviourRoutes } from './behaviour.ts'
import { estateRoutes } from './estate.ts'
import { organisationRoutes } from './organisation.ts'
import { readingRoutes } from './reading.ts'
import { tableRoutes } from './tables.ts'
import { trailRoutes } from './trail.ts'

export interface ControlAnswer {
  status: number
  body: unknown
}

/** A handler for each `METHOD path`; the body has been read as JSON, and is undefined when empty. */
export type ControlRoutes = Readonly<
  Record<string, (world: World, body: unknown, origin: string) => ControlAnswer>
>

const routes: ControlRoutes = {
  ...organisationRoutes,
  ...estateRoutes,
  ...readingRoutes,
  ...behaviourRoutes,
  ...trailRoutes,
  ...tableRoutes,
}

export async function serveControl(
  world: World,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const body = await readBody(incoming)
  const { status, body: answer } = control(world, {
    method: incoming.method ?? 'GET',
    path: (incoming.url ?? '/').split('?', 1)[0] ?? '/',
    host: incoming.headers.host ?? '',
    origin: incoming.headers.origin,
    body,
  })
  outgoing.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  outgoing.end(status === 204 ? undefined : JSON.stringify(answer))
}

export interface ControlRequest {
  method: string
  path: string
  host: string
  origin: string | undefined
  body: Buffer
}

export function control(world: World, request: ControlRequest): ControlAnswer {
  const own = `http://${request.host}`
  if (request.origin !== undefined && request.origin !== own) {
    return refusal(403, [{ field: 'Origin', reason: 'A page of another site may not do this.' }])
  }
  const handler = routes[`${request.method} ${request.path}`]
  if (handler === undefined) return noSuchRoute(request)
  try {
    return handler(world, parseBody(request.body), own)
  } catch (error) {
    if (error instanceof z.ZodError) {
      return refusal(
        400,
        error.issues.map((issue) => ({ field: issue.path.join('.'), reason: issue.message })),
      )
    }
    if (error instanceof BadInput) {
      return refusal(400, [{ field: error.field, reason: error.message }])
    }
    throw error
  }
}

function noSuchRoute({ method, path }: ControlRequest): ControlAnswer {
  const methods = Object.keys(routes)
    .map((route) => route.split(' '))
    .filter(([, known]) => known === path)
    .map(([known]) => known)
  if (methods.length > 0) {
    return refusal(405, [{ field: 'method', reason: `Not ${method}, but ${methods.join(', ')}.` }])
  }
  return refusal(404, [{ field: 'path', reason: `There is no ${path}.` }])
}

const refusal = (status: number, errors: { field: string; reason: string }[]) => ({
  status,
  body: { errors },
})

function parseBody(body: Buffer): unknown {
  if (body.length === 0) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new BadInput('body', 'The body is not JSON.')
  }
}
