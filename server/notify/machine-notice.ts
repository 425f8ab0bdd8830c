/**
 * A notice for programs: what SNS and webhooks carry. The same JSON by both, described in
 * docs/reference/notices.md and versioned by its `schema`: members are added, none is changed.
 */
import type { StoredRequest } from '#server/store/requests.ts'
import type { Outgoing } from './channel-port.ts'
import { oneLine } from './email/plain.ts'

export const machineSchema = 'team.notice.v1'
/** SNS takes 256 KB with the attributes; see its API reference, Publish. */
export const machineBytesMax = 240 * 1024

export type RequestFacts = ReturnType<typeof requestFacts>

/** Ids, names and times; no address of anybody, and no channel's secret. */
export function requestFacts(request: StoredRequest) {
  const { requester, target, grant, failure, review } = request
  return {
    id: request.id,
    submissionId: request.submissionId,
    status: request.status,
    requester: {
      userId: requester.userId,
      userName: requester.userName,
      displayName: requester.displayName,
    },
    accountId: target.accountId,
    accountName: request.accountName,
    permissionSetArn: target.permissionSetArn,
    permissionSetName: request.permissionSetName,
    requestedStartsAt: iso(request.requestedStartsAt),
    durationMinutes: request.durationMinutes,
    startsAt: iso(grant?.startsAt),
    grantedAt: iso(grant?.grantedAt),
    endsAt: iso(grant?.endsAt),
    endedAt: iso(grant?.overAt),
    excessSeconds: grant?.excessSeconds ?? null,
    justification: request.justification,
    ticket: request.ticket,
    breakGlass: request.breakGlass,
    reviewDueAt: iso(review?.dueAt),
    extends: request.extendsId,
    approvalsRequired: request.approvalsRequired,
    approvals: request.decisions.map(({ userId, userName, decision, comment, at }) => {
      return { userId, userName, decision, comment, at: at.toISOString() }
    }),
    stoppedBy: request.stoppedBy && { ...request.stoppedBy, comment: request.stopComment },
    endReason: request.endReason,
    failure: failure && { code: failure.code, message: failure.message },
    createdAt: request.createdAt.toISOString(),
    expiresAt: request.expiresAt.toISOString(),
  }
}

const iso = (at: Date | null | undefined) => at?.toISOString() ?? null

/** Of two copies the whole text is the same, but for `sentAt`. */
export function machineNotice(outgoing: Outgoing): string {
  const { letter, request } = outgoing
  const whole = {
    schema: machineSchema,
    noticeId: outgoing.noticeId,
    event: outgoing.event,
    at: outgoing.at.toISOString(),
    sentAt: outgoing.now.toISOString(),
    subject: letter.subject,
    url: letter.links[0]?.url ?? outgoing.publicUrl,
    request,
    details: request
      ? []
      : letter.facts.map(({ label, value }) => ({ label, value: oneLine(value) })),
  }
  const text = JSON.stringify(whole)
  if (Buffer.byteLength(text) <= machineBytesMax) return text
  // Never so long today; should it be, what people wrote is on the page that `url` opens.
  const short = request && { ...request, justification: '', approvals: [], stoppedBy: null }
  return JSON.stringify({ ...whole, request: short, details: [], shortened: true })
}
