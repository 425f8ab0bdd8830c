/** What cancelling, returning and revoking have in common: who, what they said, and how it ends. */
import type { EndState } from '#core/request.ts'
import type { Announce } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { closeUnstartedGrant, stopGrant } from '#server/store/grants.ts'
import { moveRequest, type StoredRequest } from '#server/store/requests.ts'
import type { RulesStore } from '#server/store/rules.ts'
import { type Actor, eventActorOf } from './actor.ts'
import type { ChangePorts } from './making-changes.ts'

export interface StopPorts extends ChangePorts {
  readonly rules: RulesStore
  readonly announce: Announce
}

export interface StopInput {
  readonly actor: Actor
  readonly requestId: StoredRequest['id']
  readonly comment: string | null
}

export interface Stop {
  readonly verb: 'cancel' | 'return' | 'revoke'
  readonly endState: Extract<EndState, 'cancelled' | 'ended' | 'revoked'>
  readonly reason: 'cancelled' | 'returned' | 'revoked' | 'parent_returned'
}

/**
 * What has not begun is over at once, and told now. What has begun ends when AWS confirms its
 * removal; the engine does that, and tells it then.
 */
export async function stopRequest(
  ports: Pick<StopPorts, 'announce'>,
  c: Change,
  request: StoredRequest,
  stop: Stop & Pick<StopInput, 'actor' | 'comment'>,
): Promise<void> {
  const { person } = stop.actor
  const hasBegun = request.status === 'activating' || request.status === 'active'
  const version = await moveRequest(c, request.id, {
    ...(hasBegun ? { to: 'ending', endState: stop.endState } : { to: stop.endState }),
    endReason: stop.reason,
    stop: { by: { userId: person.userId, userName: person.userName }, comment: stop.comment },
  })
  if (request.grant) {
    await (hasBegun ? stopGrant(c, request.id) : closeUnstartedGrant(c, request.id))
    await c.nudge(request.grant.keyId)
  }
  c.event({
    actor: eventActorOf(stop.actor),
    action: `request.${stop.verb}`,
    object: { type: 'request', id: request.id, version },
    payload: {
      from: request.status,
      reason: stop.reason,
      comment: stop.comment,
      endState: stop.endState,
    },
  })
  if (!hasBegun) await ports.announce(c, stop.endState, request.id)
}
