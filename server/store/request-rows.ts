/** From rows to requests: what is stored of them, read and parsed. */
import { type InferResult, type Kysely, sql } from 'kysely'
import type {
  AccountId,
  GrantId,
  PermissionSetArn,
  PolicyId,
  RequestId,
  SubmissionId,
  UserId,
} from '#core/ids.ts'
import type { RequestState } from '#core/request.ts'
import { grantUseOf } from './grant-use.ts'
import { preparedOnce } from './prepared.ts'
import type { StoredDecision, StoredGrant, StoredRequest, StoredReview } from './requests.ts'
import type { Schema } from './schema.ts'

export async function readRequestRows(
  db: Kysely<Schema>,
  ids: readonly RequestId[],
): Promise<ReadonlyMap<string, StoredRequest>> {
  const rows = await rowsOfRequests(db, ids)
  return new Map(rows.map((row) => [row.request_id, requestFromRow(row)]))
}

function selectRequests(db: Kysely<Schema>, ids: readonly RequestId[]) {
  return db
    .selectFrom('request as r')
    .leftJoin('access_grant as g', 'g.request_id', 'r.request_id')
    .leftJoin('ledger_key as k', 'k.key_id', 'g.key_id')
    .leftJoin('access_grant as c', 'c.grant_id', 'g.covered_by')
    .leftJoin('review as v', 'v.request_id', 'r.request_id')
    .where('r.request_id', '=', sql<string>`any(${ids}::uuid[])`)
    .select([
      'r.request_id',
      'r.version',
      'r.submission_id',
      'r.status',
      'r.requester_id',
      'r.requester_user_name',
      'r.requester_name',
      'r.requester_email',
      'r.account_id',
      'r.account_name',
      'r.permission_set_arn',
      'r.permission_set_name',
      'r.requested_starts_at',
      'r.duration_minutes',
      'r.justification',
      'r.ticket',
      'r.break_glass',
      'r.extends_request_id',
      'r.approval_required',
      'r.approvals_required',
      'r.approval_needs',
      'r.end_reason',
      'r.stopped_by_id',
      'r.stopped_by_name',
      'r.stop_comment',
      'r.failure',
      'r.created_at',
      'r.expires_at',
      'r.chain_minutes',
      'g.grant_id',
      'g.key_id',
      'g.due_at',
      'g.immediate',
      'g.granted_at',
      'g.starts_at',
      'g.ends_at',
      'g.over_at',
      'g.removal_confirmed_at',
      'g.excess_seconds',
      'g.session_minutes',
      'g.intent_at',
      'g.use_summary',
      'c.request_id as covering_request_id',
      'k.watched_until',
      'k.late_alarm_at',
      'v.due_at as review_due_at',
      'v.reviewer_id',
      'v.reviewer_user_name',
      'v.outcome as review_outcome',
      'v.comment as review_comment',
      'v.reviewed_at',
      decisionsOf.as('decisions'),
      extensionOf.as('extension'),
    ])
}

const rowsOfRequests = preparedOnce(selectRequests)

type RequestRow = InferResult<ReturnType<typeof selectRequests>>[number]

interface DecisionRow {
  readonly userId: string
  readonly userName: string
  readonly decision: StoredDecision['decision']
  readonly comment: string | null
  readonly at: string
  readonly countedFor: readonly string[]
}

const decisionsOf = sql<DecisionRow[]>`
  (select coalesce(json_agg(json_build_object('userId', d.user_id, 'userName', d.user_name,
      'decision', d.decision, 'comment', d.comment, 'at', d.at, 'countedFor', d.counted_for)
    order by d.at, d.user_id), '[]')
  from decision d where d.request_id = r.request_id)`

/** The latest that still counts. */
const extensionOf = sql<{ id: string; status: RequestState } | null>`
  (select json_build_object('id', e.request_id, 'status', e.status)
  from request e
  where e.extends_request_id = r.request_id
    and e.status not in ('rejected', 'cancelled', 'expired', 'failed')
  order by e.created_at desc limit 1)`

// Ids in these rows were parsed when they were written, or made by us.
function requestFromRow(row: RequestRow): StoredRequest {
  return {
    id: row.request_id as RequestId,
    version: row.version,
    submissionId: row.submission_id as SubmissionId,
    status: row.status,
    requester: {
      userId: row.requester_id as UserId,
      userName: row.requester_user_name,
      displayName: row.requester_name,
      email: row.requester_email,
    },
    target: {
      accountId: row.account_id as AccountId,
      permissionSetArn: row.permission_set_arn as PermissionSetArn,
    },
    accountName: row.account_name,
    permissionSetName: row.permission_set_name,
    requestedStartsAt: row.requested_starts_at,
    durationMinutes: row.duration_minutes,
    justification: row.justification,
    ticket: row.ticket,
    breakGlass: row.break_glass,
    extendsId: row.extends_request_id as RequestId | null,
    extension: row.extension && { ...row.extension, id: row.extension.id as RequestId },
    chainMinutes: row.chain_minutes ?? row.duration_minutes,
    review: reviewFromRow(row),
    approvalRequired: row.approval_required,
    approvalsRequired: row.approvals_required,
    numbersAtSubmission: new Map(
      row.approval_needs.map((need) => [need.policyId as PolicyId, need.approvalsRequired]),
    ),
    endReason: row.end_reason,
    stoppedBy:
      row.stopped_by_id === null
        ? null
        : {
            userId: row.stopped_by_id as UserId,
            userName: row.stopped_by_name ?? row.stopped_by_id,
          },
    stopComment: row.stop_comment,
    failure: row.failure,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decisions: row.decisions.map((one) => ({
      ...one,
      userId: one.userId as UserId,
      at: new Date(one.at),
      countedFor: one.countedFor as PolicyId[],
    })),
    grant: grantFromRow(row),
  }
}

function reviewFromRow(row: RequestRow): StoredReview | null {
  const { review_due_at: dueAt, review_outcome: outcome, review_comment: comment } = row
  if (dueAt === null) return null
  const { reviewer_id: userId, reviewer_user_name: userName, reviewed_at: at } = row
  // Given whole or not at all: a constraint of the table.
  if (!outcome || comment === null || !userId || !userName || !at) return { dueAt, given: null }
  return { dueAt, given: { by: { userId: userId as UserId, userName }, outcome, comment, at } }
}

function grantFromRow(row: RequestRow): StoredGrant | null {
  const { grant_id, key_id, due_at, immediate } = row
  if (grant_id === null || key_id === null || due_at === null || immediate === null) return null
  return {
    grantId: grant_id as GrantId,
    keyId: key_id,
    dueAt: due_at,
    immediate,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    overAt: row.over_at,
    removalConfirmedAt: row.removal_confirmed_at,
    excessSeconds: row.excess_seconds === null ? null : Number(row.excess_seconds),
    coveredByRequestId: row.covering_request_id as RequestId | null,
    sessionMinutes: row.session_minutes,
    intentAt: row.intent_at,
    use: row.use_summary && grantUseOf(row.use_summary),
    grantedAt: row.granted_at,
    keyWatchedUntil: row.watched_until,
    keyAlarmedAt: row.late_alarm_at,
  }
}
