/** The columns of requests and grants in CSV: the members of JSON lines, each in a cell. */
import type { Columns } from '#server/http/csv.ts'
import type { exportedGrant, exportedRequest } from '#server/operations/export-requests.ts'

type RequestRow = ReturnType<typeof exportedRequest>

export const requestColumns: Columns<RequestRow> = {
  id: (row) => row.id,
  submissionId: (row) => row.submissionId,
  status: (row) => row.status,
  userId: (row) => row.userId,
  userName: (row) => row.userName,
  displayName: (row) => row.displayName,
  accountId: (row) => row.accountId,
  accountName: (row) => row.accountName,
  permissionSetArn: (row) => row.permissionSetArn,
  permissionSetName: (row) => row.permissionSetName,
  createdAt: (row) => row.createdAt,
  requestedStartsAt: (row) => row.requestedStartsAt,
  durationMinutes: (row) => row.durationMinutes,
  justification: (row) => row.justification,
  ticket: (row) => row.ticket,
  breakGlass: (row) => row.breakGlass,
  extends: (row) => row.extends,
  approvalRequired: (row) => row.approvalRequired,
  approvalsRequired: (row) => row.approvalsRequired,
  approvals: (row) => row.approvals.map(inOneLine).join('\n'),
  reviewOutcome: (row) => row.reviewOutcome,
  reviewComment: (row) => row.reviewComment,
  reviewedBy: (row) => row.reviewedBy,
  startsAt: (row) => row.startsAt,
  endsAt: (row) => row.endsAt,
  grantedAt: (row) => row.grantedAt,
  endedAt: (row) => row.endedAt,
  excessSeconds: (row) => row.excessSeconds,
  endReason: (row) => row.endReason,
  stoppedBy: (row) => row.stoppedBy,
  stopComment: (row) => row.stopComment,
  failure: (row) => row.failure,
  sessionsMayLiveUntil: (row) => row.sessionsMayLiveUntil,
}

function inOneLine({ userName, decision, at, comment }: RequestRow['approvals'][number]): string {
  return `${userName} ${decision} ${at}${comment === null ? '' : `: ${comment}`}`
}

type GrantRow = ReturnType<typeof exportedGrant>

export const grantColumns: Columns<GrantRow> = {
  grantId: (row) => row.grantId,
  requestId: (row) => row.requestId,
  status: (row) => row.status,
  userId: (row) => row.userId,
  userName: (row) => row.userName,
  accountId: (row) => row.accountId,
  accountName: (row) => row.accountName,
  permissionSetArn: (row) => row.permissionSetArn,
  permissionSetName: (row) => row.permissionSetName,
  breakGlass: (row) => row.breakGlass,
  durationMinutes: (row) => row.durationMinutes,
  dueAt: (row) => row.dueAt,
  grantedAt: (row) => row.grantedAt,
  startsAt: (row) => row.startsAt,
  endsAt: (row) => row.endsAt,
  endedAt: (row) => row.endedAt,
  removalConfirmedAt: (row) => row.removalConfirmedAt,
  excessSeconds: (row) => row.excessSeconds,
  coveredByRequestId: (row) => row.coveredByRequestId,
  sessionMinutes: (row) => row.sessionMinutes,
  endReason: (row) => row.endReason,
}
