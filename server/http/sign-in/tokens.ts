/**
 * `Authorization: Bearer team_…`. Whether the token is known, alive and used from where it may be
 * is judged here; what its owner may do with it is judged where everybody's rights are. Whoever
 * guesses is stopped for a minute after twenty wrong ones, before the database is asked; whoever
 * holds the right secret of a token that is over is no guesser, and stops nobody but that token.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Kysely } from 'kysely'
import type { UserId } from '#core/ids.ts'
import type { RefusedSignIn } from '#server/audit/refused-sign-ins.ts'
import type { ActingToken } from '#server/operations/actor.ts'
import { isWithin, plainAddress } from '#server/operations/networks.ts'
import { Refused } from '#server/operations/refused.ts'
import { revokeTokensOfDisabled } from '#server/operations/revoke-token.ts'
import { idInSecret, isSecretOf } from '#server/operations/token-secret.ts'
import type { Schema } from '#server/store/schema.ts'
import {
  findToken,
  type TokenToCheck,
  tokenTouchSeconds,
  touchToken,
} from '#server/store/tokens.ts'
import type { Clock } from '../ports.ts'
import { sha256 } from './secrets.ts'

export interface TokenInUse extends ActingToken {
  readonly ownerId: UserId
  /** Of a service token: beside what every requester may. */
  readonly roles: readonly string[]
}

export interface Tokens {
  /** Throws what is to be answered. */
  authenticate(secret: string, address: string): Promise<TokenInUse>
  revokeAllOf(userId: UserId): Promise<void>
}

export interface TokensPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly recordRefused: (refused: RefusedSignIn, at: Date) => Promise<void>
}

export const wrongTokensMax = 20
export const deadTokenUsesMax = 60
const windowMs = 60_000
const rememberedMax = 10_000

/** Null: no bearer; then it is the cookie's turn. */
export function bearerOf(headers: IncomingHttpHeaders): string | null {
  const match = /^bearer(?: +(.*))?$/i.exec(headers.authorization ?? '')
  return match === null ? null : (match[1] ?? '').trim()
}

export function createTokens(ports: TokensPorts): Tokens {
  const { db, clock } = ports
  const wrong = createCounter(wrongTokensMax)
  const dead = createCounter(deadTokenUsesMax)

  async function refuse(
    why: TokenFault,
    given: { secret: string; address: string; now: Date },
  ): Promise<never> {
    const { secret, address, now } = given
    const reason = `token_${why}`
    const hash = sha256(secret).toString('hex')
    const length = Buffer.byteLength(secret)
    await ports.recordRefused({ reason, length, sha256: hash, address }, now)
    throw new Refused('unauthenticated', {
      detail:
        'The token is unknown, expired or revoked, or may not be used from this address. Look at the list of your tokens, and make a new one if need be.',
    })
  }

  return {
    async authenticate(secret, peer) {
      const address = plainAddress(peer)
      const now = await clock.now()
      const waitSeconds = wrong.secondsToWait(address, now)
      if (waitSeconds > 0) throw tooManyWrong(waitSeconds)
      const id = idInSecret(secret)
      const token = id === null ? null : await findToken(db, id)
      const given = { secret, address, now }
      if (token === null || !isSecretOf(secret, token.secretHash)) {
        wrong.count(address, now)
        return refuse('unknown', given)
      }
      const fault = faultOf(token, address, now)
      if (fault !== null) {
        const waitForDead = dead.secondsToWait(token.id, now)
        if (waitForDead > 0) throw tooManyWrong(waitForDead)
        dead.count(token.id, now)
        return refuse(fault, given)
      }
      const sinceUseMs = now.getTime() - (token.lastUsedAt?.getTime() ?? 0)
      if (sinceUseMs >= tokenTouchSeconds * 1000)
        await touchToken(db, token.id, { at: now, address })
      return {
        id: token.id,
        name: token.name,
        kind: token.kind,
        scopes: new Set(token.scopes),
        roles: token.roles,
        ownerId: token.owner.userId,
      }
    },
    revokeAllOf: (userId) => revokeTokensOfDisabled(ports, userId),
  }
}

type TokenFault = 'unknown' | 'revoked' | 'expired' | 'address'

function faultOf(token: TokenToCheck, address: string, now: Date): TokenFault | null {
  if (token.isRevoked) return 'revoked'
  if (now >= token.expiresAt) return 'expired'
  if (token.addresses.length > 0 && !isWithin(address, token.addresses)) return 'address'
  return null
}

function tooManyWrong(retryAfterSeconds: number): Refused {
  return new Refused('rate_limited', {
    detail: `Too many tokens that are not valid came from here. Wait ${retryAfterSeconds} seconds, then try again.`,
    params: { retryAfterSeconds },
  })
}

interface Counted {
  readonly since: number
  count: number
}

/** A window each, in memory: what a restart forgives is twenty guesses of 2²⁵⁶. */
function createCounter(max: number) {
  const counted = new Map<string, Counted>()
  const current = (key: string, now: Date): Counted | null => {
    const window = counted.get(key)
    const isOver = window !== undefined && Math.abs(now.getTime() - window.since) >= windowMs
    if (isOver) counted.delete(key)
    return isOver ? null : (window ?? null)
  }
  return {
    secondsToWait(key: string, now: Date): number {
      const window = current(key, now)
      if (window === null || window.count < max) return 0
      return Math.max(1, Math.ceil((window.since + windowMs - now.getTime()) / 1000))
    },
    count(key: string, now: Date): void {
      const window = current(key, now)
      if (window !== null) {
        window.count += 1
        return
      }
      const [oldest] = counted.keys()
      if (counted.size >= rememberedMax && oldest !== undefined) counted.delete(oldest)
      counted.set(key, { since: now.getTime(), count: 1 })
    },
  }
}
