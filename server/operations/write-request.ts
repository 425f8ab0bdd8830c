/** What a submission and an extension have in common once they are let in: the row and its event. */
import { randomUUID } from 'node:crypto'
import type { Person } from '#core/facts.ts'
import type { RequestId, SubmissionId } from '#core/ids.ts'
import type { RequestDraft, TargetVerdict } from '#core/submission.ts'
import { addMinutes } from '#core/window.ts'
import type { Announce } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { insertRequest, type NewRequest, type StoredRequest } from '#server/store/requests.ts'
import { openReview } from '#server/store/reviews.ts'
import type { Rules } from '#server/store/rules.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { grantAccess } from './grant-access.ts'

export interface Written {
  readonly draft: RequestDraft
  readonly verdict: TargetVerdict | undefined
  readonly person: Person
  readonly submissionId: SubmissionId
  readonly rules: Rules
  /** The one that it extends. */
  readonly parent: StoredRequest | null
  readonly token?: Actor['token'] | undefined
}

export async function writeRequest(
  ports: { readonly announce: Announce },
  c: Change,
  written: Written,
): Promise<RequestId> {
  const { draft, rules } = written
  const request = requestOf(written)
  await insertRequest(c, request)
  c.event({
    actor: eventActorOf({ person: request.requester, token: written.token }),
    action: 'request.submit',
    object: { type: 'request', id: request.id, version: 1 },
    payload: {
      submissionId: request.submissionId,
      status: request.status,
      ...request.target,
      accountName: request.accountName,
      permissionSetName: request.permissionSetName,
      requestedStartsAt: request.requestedStartsAt?.toISOString() ?? null,
      durationMinutes: request.durationMinutes,
      justification: request.justification,
      ticket: request.ticket,
      breakGlass: request.breakGlass,
      extends: request.extendsId,
      approvalsRequired: draft.approvalsRequired,
      approverCount: draft.approverCount,
      approverPolicies: draft.quorums,
      explanation: request.explanation,
      expiresAt: request.expiresAt.toISOString(),
    },
  })
  // Its page says that it is being extended.
  if (request.extendsId !== null) c.changed('request', request.extendsId)
  if (request.status === 'pending') await ports.announce(c, 'requested', request.id)
  else await grantAccess(c, request, rules)
  if (request.breakGlass) await breakGlass(ports, c, request, rules)
  return request.id
}

function requestOf({ draft, person, ...written }: Written): NewRequest {
  const { userId, userName, displayName, email } = person
  const { parent, verdict, submissionId } = written
  return {
    id: randomUUID() as RequestId,
    submissionId,
    status: draft.status,
    requester: { userId, userName, displayName, email },
    target: draft.target,
    accountName: draft.account.name,
    permissionSetName: draft.permissionSet.name,
    requestedStartsAt: draft.requestedStartsAt,
    durationMinutes: draft.durationMinutes,
    justification: draft.justification,
    ticket: draft.ticket,
    breakGlass: draft.breakGlass,
    extendsId: parent?.id ?? null,
    chainMinutes: (parent?.chainMinutes ?? 0) + draft.durationMinutes,
    approvalsRequired: draft.approvalsRequired,
    quorums: draft.quorums,
    explanation: verdict?.explanation ?? {},
    expiresAt: draft.expiresAt,
  }
}

/** Nobody was asked before, so everybody concerned is told now, and one of them has to look at it. */
async function breakGlass(
  ports: { readonly announce: Announce },
  c: Change,
  request: NewRequest,
  { settings }: Rules,
): Promise<void> {
  const dueAt = addMinutes(c.at, settings.reviewDueHours * 60)
  await openReview(c, request.id, dueAt)
  c.event({
    actor: eventActorOf({ person: request.requester }),
    action: 'request.break_glass',
    object: { type: 'request', id: request.id, version: 1 },
    payload: {
      ...request.target,
      durationMinutes: request.durationMinutes,
      justification: request.justification,
      reviewDueAt: dueAt.toISOString(),
    },
  })
  await ports.announce(c, 'break_glass_used', request.id)
}
