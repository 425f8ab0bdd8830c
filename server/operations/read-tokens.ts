import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { Token, TokenPage } from '#contract/token.ts'
import { mayPerform } from '#core/access.ts'
import type { Schema } from '#server/store/schema.ts'
import { listTokens, type StoredToken } from '#server/store/tokens.ts'
import type { Actor } from './actor.ts'
import type { Clock } from './making-changes.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { Refused } from './refused.ts'

export interface TokenPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
}

export interface TokensAsked {
  readonly view: 'mine' | 'service' | 'all'
  readonly limit: number
  readonly cursor?: string | undefined
}

const Place = z.tuple([z.iso.datetime(), z.string()])

export async function readTokens(
  { db, clock }: TokenPorts,
  actor: Actor,
  { view, limit, cursor }: TokensAsked,
): Promise<TokenPage> {
  if (view !== 'mine' && !mayOnTokens('token.list-all', actor)) {
    throw new Refused('not_allowed', {
      detail: 'Administrators and auditors see the tokens of others. Leave out view.',
    })
  }
  const after = decodeCursor(cursor, Place)
  const which = {
    mine: { ownerId: actor.person.userId, kind: 'person' },
    service: { kind: 'service' },
    all: {},
  } as const
  const found = await listTokens(db, { ...which[view], limit, after })
  const page = pageOf(found, limit, (last) => [last.createdAt.toISOString(), last.id])
  const now = await clock.now()
  return { ...page, items: page.items.map((token) => showToken(token, actor, now)) }
}

export function mayOnTokens(action: string, actor: Actor, token?: StoredToken): boolean {
  // A program's token is the installation's: that somebody made it gives no right over it.
  const isOwn = token?.kind === 'person' && token.owner.userId === actor.person.userId
  return mayPerform(action, {
    enabled: actor.person.enabled,
    roles: actor.roles,
    relations: new Set(isOwn ? (['own'] as const) : []),
    token: actor.token ?? null,
  })
}

/** A token is never changed, only revoked; what is listed is so always the first version. */
export const tokenVersion = 1

export function showToken(token: StoredToken, actor: Actor, now: Date): Token {
  return {
    id: token.id,
    version: tokenVersion,
    kind: token.kind,
    name: token.name,
    owner: { ...token.owner },
    scopes: [...token.scopes],
    roles: [...token.roles],
    addresses: [...token.addresses],
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    expired: token.expiresAt <= now,
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
    lastUsedAddress: token.lastUsedAddress,
    mine: token.owner.userId === actor.person.userId,
  }
}
