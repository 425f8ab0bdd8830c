import type { CreatedToken, TokenBody } from '#contract/token.ts'
import { fieldText } from '#core/fields.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import { checkText } from '#core/text.ts'
import { isScopeOf, tokenDaysMax, tokenNameCharactersMax, tokensMax } from '#core/token.ts'
import { countLiveTokens, insertToken } from '#server/store/tokens.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { parseNetwork } from './networks.ts'
import { mayOnTokens, showToken } from './read-tokens.ts'
import { Refused } from './refused.ts'
import { newSecret } from './token-secret.ts'
import { refusedForAll, refusedWith } from './words.ts'

const dayMs = 86_400_000

/** The answer is the only place where the secret ever is. */
export async function createToken(
  ports: ChangePorts,
  { actor, asked }: { readonly actor: Actor; readonly asked: TokenBody },
): Promise<CreatedToken> {
  const { kind } = asked
  if (kind === 'service' && !mayOnTokens('token.manage-service', actor)) {
    throw new Refused('not_allowed', { detail: 'Only administrators make service tokens.' })
  }
  return makeChange(ports, async (c) => {
    const { userId, userName } = actor.person
    const name = fieldText(
      'name',
      checkText(asked.name, { charactersMax: tokenNameCharactersMax, line: true }),
    )
    const refusals = [...(name.refusal ? [name.refusal] : []), ...refuseBody(asked, c.at)]
    if (refusals.length > 0) throw refusedForAll(refusals)
    if ((await countLiveTokens(c, { kind, ownerId: userId })) >= tokensMax[kind]) {
      throw refusedWith(refusal('too_many_tokens', { max: tokensMax[kind] }))
    }
    const { id, secret, hash } = newSecret()
    const token = {
      id,
      kind,
      owner: { userId, userName },
      name: name.text ?? '',
      scopes: [...new Set(asked.scopes)],
      roles: [...new Set(asked.roles)],
      addresses: [...new Set(asked.addresses)],
      expiresAt: new Date(asked.expiresAt),
    }
    await insertToken(c, token, hash)
    c.event({
      actor: eventActorOf(actor),
      action: 'token.create',
      object: { type: 'token', id, version: 1 },
      payload: {
        kind,
        ownerId: userId,
        name: token.name,
        scopes: token.scopes,
        roles: token.roles,
        addresses: token.addresses,
        expiresAt: token.expiresAt.toISOString(),
      },
    })
    const stored = { ...token, createdAt: c.at, lastUsedAt: null, lastUsedAddress: null }
    return { ...showToken(stored, actor, c.at), secret }
  })
}

function refuseBody({ kind, scopes, roles, addresses, expiresAt }: TokenBody, now: Date) {
  const refusals: Refusal[] = []
  const latest = new Date(now.getTime() + tokenDaysMax * dayMs)
  const at = new Date(expiresAt)
  if (at <= now || at > latest) {
    refusals.push(refusal('expiry_out_of_range', { max: latest.toISOString() }, 'expiresAt'))
  }
  for (const [position, scope] of scopes.entries()) {
    if (!isScopeOf(kind, scope)) {
      refusals.push(refusal('scope_not_allowed', { scope, kind }, `scopes.${position}`))
    }
  }
  if (kind === 'person' && roles.length > 0) {
    refusals.push(refusal('out_of_range', { min: 0, max: 0 }, 'roles'))
  }
  if (kind === 'service' && roles.length === 0) refusals.push(refusal('required', {}, 'roles'))
  for (const [position, address] of addresses.entries()) {
    if (parseNetwork(address) === null) {
      refusals.push(refusal('network_malformed', {}, `addresses.${position}`))
    }
  }
  return refusals
}
