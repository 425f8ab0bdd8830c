/**
 * `Idempotency-Key`, for every POST: the same key with the same body is answered as it was the
 * first time, for a day; with another body it is refused. Only what succeeded is kept: a refusal
 * changed nothing, so the same key may be tried again. After a fault of ours nobody knows what was
 * done, so the claim stays; a minute later the next attempt takes it over, with its age.
 */
import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Kysely } from 'kysely'
import { isWrite } from '#core/access.ts'
import { canonicalJson } from '#server/audit/chain.ts'
import { Refused } from '#server/operations/refused.ts'
import { answerKey, claimKey, giveUpKey, type IdempotencyKey } from '#server/store/idempotency.ts'
import type { Schema } from '#server/store/schema.ts'
import type { App } from './app.ts'
import type { Clock } from './ports.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The claim under which this write is done; null if the client sent no key. */
    idempotencyClaim: IdempotencyClaim | null
  }
}

export interface IdempotencyClaim extends IdempotencyKey {
  /** When the key was first claimed, be it by a copy that died. */
  readonly since: Date
}

export function addIdempotency(
  app: App,
  deps: { readonly db: Kysely<Schema>; readonly clock: Clock },
): void {
  app.decorateRequest('idempotencyClaim', null)
  app.addHook('preHandler', async (request, reply) => {
    const header = request.headers['idempotency-key']
    const { permission } = request.routeOptions.config
    if (request.method !== 'POST' || header === undefined || permission === 'public') return
    // A preview, say, may be asked for as often as one likes: nothing is to be kept of it.
    if (!isWrite(permission)) return
    return claim(deps, request, reply, header)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    if (!request.idempotencyClaim) return
    const { shownOnce = [] } = request.routeOptions.config
    await settle(deps.db, request.idempotencyClaim, {
      status: reply.statusCode,
      payload,
      shownOnce,
    })
  })
}

async function claim(
  deps: { readonly db: Kysely<Schema>; readonly clock: Clock },
  request: FastifyRequest,
  reply: FastifyReply,
  header: string | string[],
): Promise<FastifyReply | undefined> {
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,200}$/.test(header)) {
    const message = 'Idempotency-Key must be 1 to 200 visible ASCII characters.'
    const errors = [{ field: 'Idempotency-Key', code: 'malformed', message }]
    throw new Refused('malformed', { detail: message, errors })
  }
  const route = `${request.method} ${request.url.split('?', 1)[0]}`
  const { person, token } = request.actor
  const actorId = token ? `token:${token.id}` : person.userId
  const key = { actorId, route, key: header }
  const bodyHash = hashOf(request.body ?? null)
  const claimed = await claimKey(deps.db, key, { bodyHash, now: await deps.clock.now() })
  switch (claimed.kind) {
    case 'claimed':
      request.idempotencyClaim = { ...key, since: claimed.since }
      return undefined
    case 'answered':
      return reply.code(claimed.answer.status).send(claimed.answer.response)
    case 'other_body':
      throw new Refused('idempotency_key_reused', {
        detail: 'This key was sent with another body before. Use a new key for a new request.',
      })
    case 'in_progress':
      throw new Refused('in_progress', {
        detail: 'The same request is still being answered. Try again in a moment.',
        params: { retryAfterSeconds: 1 },
      })
    default:
      return claimed satisfies never
  }
}

/** Half of a character and an endless number are in no canonical form, and TEAM takes neither. */
function hashOf(body: unknown): Buffer {
  try {
    return createHash('sha256').update(canonicalJson(body)).digest()
  } catch {
    throw new Refused('malformed', {
      detail: 'The body holds half of a character (an unpaired surrogate) or too large a number.',
    })
  }
}

async function settle(
  db: Kysely<Schema>,
  key: IdempotencyClaim,
  answer: { status: number; payload: unknown; shownOnce: readonly string[] },
): Promise<void> {
  const { status, payload, shownOnce } = answer
  if (status >= 200 && status < 300) {
    const response = typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : {}
    for (const member of shownOnce) response[member] = null
    await answerKey(db, key, { status, response })
  } else if (status < 500 || status === 503) {
    await giveUpKey(db, key)
  }
}
