import { activationDeadline, startStillAhead } from '#core/window.ts'
import type { Change } from '#server/store/change.ts'
import { insertGrant } from '#server/store/grants.ts'
import { loadRequest, type NewRequest } from '#server/store/requests.ts'
import type { Rules } from '#server/store/rules.ts'

export type GrantedRequest = Pick<
  NewRequest,
  'id' | 'target' | 'requester' | 'requestedStartsAt' | 'durationMinutes' | 'extendsId'
>

export interface Granted {
  readonly dueAt: Date
  /** Its clock starts when AWS confirms; else at `dueAt`, however late AWS is. */
  readonly immediate: boolean
}

/** Nothing stands in the way any more: the engine brings the access about when it is due. */
export async function grantAccess(
  change: Change,
  request: GrantedRequest,
  rules: Rules,
): Promise<Granted> {
  const { dueAt, immediate, extendsGrantId } = await startOf(change, request)
  const { keyId } = await insertGrant(change, {
    requestId: request.id,
    key: { userId: request.requester.userId, ...request.target },
    dueAt,
    immediate,
    durationMinutes: request.durationMinutes,
    activationDeadline: activationDeadline(dueAt, rules.settings),
    extendsGrantId,
  })
  await change.nudge(keyId)
  return { dueAt, immediate }
}

/** An extension begins where its parent ends, which the caller has locked and found active. */
async function startOf(change: Change, { extendsId, requestedStartsAt }: GrantedRequest) {
  if (extendsId !== null) {
    const grant = (await loadRequest(change.tx, extendsId))?.grant
    if (!grant?.endsAt) throw new Error(`The request ${extendsId} has no access to extend`)
    return { dueAt: grant.endsAt, immediate: false, extendsGrantId: grant.grantId }
  }
  const startsAt = startStillAhead(requestedStartsAt, change.at)
  return { dueAt: startsAt ?? change.at, immediate: startsAt === null, extendsGrantId: null }
}
