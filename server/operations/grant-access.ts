import { activationDeadline, startStillAhead } from '#core/window.ts'
import type { Change } from '#server/store/change.ts'
import { insertGrant } from '#server/store/grants.ts'
import type { NewRequest } from '#server/store/requests.ts'
import type { Rules } from '#server/store/rules.ts'

export type GrantedRequest = Pick<
  NewRequest,
  'id' | 'target' | 'requester' | 'requestedStartsAt' | 'durationMinutes'
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
  const startsAt = startStillAhead(request.requestedStartsAt, change.at)
  const dueAt = startsAt ?? change.at
  const immediate = startsAt === null
  const { keyId } = await insertGrant(change, {
    requestId: request.id,
    key: { userId: request.requester.userId, ...request.target },
    dueAt,
    immediate,
    durationMinutes: request.durationMinutes,
    activationDeadline: activationDeadline(dueAt, rules.settings),
  })
  await change.nudge(keyId)
  return { dueAt, immediate }
}
