import type { Kysely } from 'kysely'
import type { UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { type Change, systemActor } from '#server/store/change.ts'
import type { Schema } from '#server/store/schema.ts'
import { lockToken, lockTokensOf, revokeToken, type StoredToken } from '#server/store/tokens.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { mayOnTokens, tokenVersion } from './read-tokens.ts'
import { Refused } from './refused.ts'
import { refusedWith } from './words.ts'

/** It only takes away, so it works while AWS cannot be asked. */
export async function revokeOneToken(
  ports: ChangePorts,
  {
    actor,
    id,
    version,
  }: { readonly actor: Actor; readonly id: string; readonly version: number | null },
): Promise<void> {
  await makeChange(ports, async (c) => {
    const token = await lockToken(c, id)
    if (token === null || !maySee(actor, token)) throw noSuchToken()
    if (!mayOnTokens('token.delete', actor, token)) throw notYours()
    if (version === null) throw refusedWith(refusal('version_required'))
    if (version !== tokenVersion) throw refusedWith(refusal('version_conflict'))
    await revokeToken(c, id, { by: actor.person.userId, why: 'revoked' })
    tell(c, token, eventActorOf(actor), 'revoked')
  })
}

/** Who is disabled loses them for good: enabled again, they make new ones. */
export async function revokeTokensOfDisabled(ports: ChangePorts, userId: UserId): Promise<void> {
  if (!(await hasTokens(ports.db, userId))) return
  await makeChange(ports, async (c) => {
    for (const token of await lockTokensOf(c, userId)) {
      await revokeToken(c, token.id, { by: systemActor.id, why: 'owner_disabled' })
      tell(c, token, systemActor, 'owner_disabled')
    }
  })
}

async function hasTokens(db: Kysely<Schema>, userId: UserId): Promise<boolean> {
  const one = await db
    .selectFrom('api_token')
    .select('token_id')
    .where('owner_id', '=', userId)
    .where('revoked_at', 'is', null)
    .limit(1)
    .executeTakeFirst()
  return one !== undefined
}

function tell(
  c: Change,
  token: StoredToken,
  by: ReturnType<typeof eventActorOf>,
  why: 'revoked' | 'owner_disabled',
): void {
  const { id, kind, owner, name, scopes } = token
  c.event({
    actor: by,
    action: 'token.revoke',
    object: { type: 'token', id, version: 2 },
    result: why,
    payload: { kind, ownerId: owner.userId, ownerName: owner.userName, name, scopes },
  })
}

function maySee(actor: Actor, token: StoredToken): boolean {
  const isOwn = token.kind === 'person' && token.owner.userId === actor.person.userId
  return isOwn || mayOnTokens('token.list-all', actor)
}

function notYours(): Refused {
  const detail = 'Its owner or an administrator revokes it.'
  return new Refused('not_allowed', { detail })
}

function noSuchToken(): Refused {
  return new Refused('not_found', {
    detail: 'There is no such token, or it is not yours. It may have been revoked already.',
  })
}
