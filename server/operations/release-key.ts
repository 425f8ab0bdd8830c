import { refuseKeyAction } from '#core/key-actions.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { closeUnstartedGrant, handOverGrant } from '#server/store/grants.ts'
import { letGoOfKey, loadStoredKey, lockKey, type StoredKey } from '#server/store/ledger-keys.ts'
import { lockGrantedRequests } from '#server/store/request-searches.ts'
import { endStateOf, moveRequest, type StoredRequest } from '#server/store/requests.ts'
import type { KeyInput } from './acknowledge-alarm.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { requireComment } from './comments.ts'
import { makeChange } from './making-changes.ts'
import { keyFactsOf, noSuchKey } from './read-keys.ts'
import type { StopPorts } from './stop-request.ts'
import { refusedWith } from './words.ts'

export interface ReleasePorts extends Pick<StopPorts, 'db' | 'clock' | 'announce'> {
  readonly tellOverseers: TellOverseers
}

/**
 * Hands a key over: what stands in AWS stays there and is not TEAM's any more. Everything that was
 * granted on it is over, and nothing is removed.
 *
 * Requests are locked before the key, as the engine does. An intent that the engine was about to
 * write then finds its request over, or the key not held; one that it has written is seen here, and
 * the release refused: a call of ours that is under way would still change what was handed over.
 */
export async function releaseKey(ports: ReleasePorts, input: KeyInput): Promise<void> {
  const comment = requireComment(input.comment)
  const { actor, keyId } = input
  await makeChange(ports, async (c) => {
    const named = await loadStoredKey(c.tx, keyId)
    if (named === null) throw noSuchKey()
    const granted = await lockGrantedRequests(c.tx, named.userId, named)
    await lockKey(c.tx, keyId)
    const key = (await loadStoredKey(c.tx, keyId)) ?? named
    const refused = refuseKeyAction('release', keyFactsOf(actor, key))
    if (refused) throw refusedWith(refused, { until: key.watchedUntil?.toISOString() ?? null })
    for (const request of granted) await endRequest(ports, c, request, { actor, comment })
    await letGoOfKey(c.tx, keyId, c.at)
    const requestIds = granted.map(({ id }) => id)
    recordRelease(c, key, { actor, comment, requestIds })
    await ports.tellOverseers(c, {
      event: 'key_released',
      facts: { keyId, by: actor.person.userName, comment, at: c.at.toISOString() },
    })
    await c.nudge(keyId)
  })
}

interface Word {
  readonly actor: Actor
  readonly comment: string
}

async function endRequest(
  ports: Pick<ReleasePorts, 'announce'>,
  c: Change,
  request: StoredRequest,
  { actor, comment }: Word,
): Promise<void> {
  const { userId, userName } = actor.person
  const word = { endReason: 'released', stop: { by: { userId, userName }, comment } } as const
  const fixed = await endStateOf(c.tx, request.id)
  const endState = fixed ?? 'revoked'
  if (request.status === 'activating' || request.status === 'active') {
    await moveRequest(c, request.id, { to: 'ending', endState, ...word })
  }
  const version = await moveRequest(c, request.id, { to: endState, ...word })
  await (request.status === 'scheduled'
    ? closeUnstartedGrant(c, request.id)
    : handOverGrant(c, request.id))
  c.event({
    actor: eventActorOf(actor),
    action: 'access.released',
    object: { type: 'request', id: request.id, version },
    payload: { from: request.status, comment, endState },
  })
  await ports.announce(c, endState, request.id)
}

function recordRelease(
  c: Change,
  key: StoredKey,
  { actor, comment, requestIds }: Word & { requestIds: readonly string[] },
): void {
  const { userId, accountId, permissionSetArn, held, presence } = key
  c.event({
    actor: eventActorOf(actor),
    action: 'key.release',
    object: { type: 'key', id: String(key.keyId) },
    payload: {
      userId,
      accountId,
      permissionSetArn,
      comment,
      before: { held, presence, late: key.alarm !== null },
      after: { held: false },
      requestIds,
    },
  })
}
