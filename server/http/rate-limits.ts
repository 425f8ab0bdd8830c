/**
 * A brake on runaway clients and guessing, counted by each copy of the server by itself. Addresses
 * get a wide limit, for an office may share one; a session gets what a fast reader with several
 * tabs needs, and a token as much.
 */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refused } from '#server/operations/refused.ts'

export interface RateLimits {
  readonly addressPerMinute: number
  readonly signInPerMinute: number
  readonly sessionPerMinute: number
  readonly tokenPerMinute: number
}

export const defaultRateLimits: RateLimits = {
  addressPerMinute: 6000,
  signInPerMinute: 300,
  sessionPerMinute: 600,
  tokenPerMinute: 600,
}

type Check = (request: FastifyRequest) => Promise<void>

export interface RateChecks {
  readonly session: Check
  readonly token: Check
}

export async function addRateLimits(app: FastifyInstance, limits: RateLimits): Promise<RateChecks> {
  await app.register(rateLimit, { global: false })
  const byAddress = checkOf(app, limits.addressPerMinute, (request) => request.ip)
  const bySignIn = checkOf(app, limits.signInPerMinute, (request) => `sign-in ${request.ip}`)
  app.addHook('onRequest', async (request) => {
    await (request.url.startsWith('/auth/') ? bySignIn(request) : byAddress(request))
  })
  return {
    session: checkOf(
      app,
      limits.sessionPerMinute,
      (request) => request.session?.idHash.toString('base64') ?? request.ip,
    ),
    token: checkOf(app, limits.tokenPerMinute, (request) => `token ${request.token?.id}`),
  }
}

function checkOf(
  app: FastifyInstance,
  max: number,
  keyGenerator: (request: FastifyRequest) => string,
): Check {
  const limit = app.createRateLimit({ max, timeWindow: 60_000, keyGenerator })
  return async (request) => {
    const count = await limit(request)
    if (count.isAllowed || !count.isExceeded) return
    throw new Refused('rate_limited', {
      detail: `Wait ${count.ttlInSeconds} seconds, then try again.`,
      params: { retryAfterSeconds: count.ttlInSeconds },
    })
  }
}
