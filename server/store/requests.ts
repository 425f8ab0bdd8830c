import { type Kysely, sql, type Transaction } from 'kysely'
import type {
  AccountId,
  GrantId,
  PermissionSetArn,
  PolicyId,
  RequestId,
  SubmissionId,
  Target,
  UserId,
} from '#core/ids.ts'
import type { EndState, RequestState } from '#core/request.ts'
import type { Change } from './change.ts'
import type { Schema } from './schema.ts'

export interface StoredDecision {
  readonly userId: UserId
  readonly userName: string
  readonly decision: 'approved' | 'rejected'
  readonly comment: string | null
  readonly at: Date
  readonly countedFor: readonly PolicyId[]
}

export interface StoredGrant {
  readonly grantId: GrantId
  readonly keyId: number
  readonly dueAt: Date
  readonly immediate: boolean
  readonly startsAt: Date | null
  readonly endsAt: Date | null
  readonly overAt: Date | null
  readonly removalConfirmedAt: Date | null
  readonly excessSeconds: number | null
  readonly coveredByRequestId: RequestId | null
  readonly sessionMinutes: number | null
  /** When AWS confirmed the creation. */
  readonly grantedAt: Date | null
  readonly keyWatchedUntil: Date | null
  readonly keyAlarmedAt: Date | null
}

export interface StoredRequest {
  readonly id: RequestId
  readonly version: number
  readonly submissionId: SubmissionId
  readonly status: RequestState
  readonly requester: {
    readonly userId: UserId
    readonly userName: string
    readonly displayName: string
    readonly email: string | null
  }
  readonly target: Target
  readonly accountName: string
  readonly permissionSetName: string
  readonly requestedStartsAt: Date | null
  readonly durationMinutes: number
  readonly justification: string
  readonly ticket: string | null
  readonly breakGlass: boolean
  readonly extendsId: RequestId | null
  readonly approvalRequired: boolean
  readonly approvalsRequired: number
  readonly numbersAtSubmission: ReadonlyMap<PolicyId, number>
  readonly endReason: string | null
  readonly stoppedBy: { readonly userId: UserId; readonly userName: string } | null
  readonly stopComment: string | null
  readonly failure: { readonly code: string; readonly message: string } | null
  readonly createdAt: Date
  readonly expiresAt: Date
  /** In the order in which they came. */
  readonly decisions: readonly StoredDecision[]
  readonly grant: StoredGrant | null
}

export interface NewRequest {
  readonly id: RequestId
  readonly submissionId: SubmissionId
  readonly status: 'pending' | 'scheduled'
  readonly requester: StoredRequest['requester']
  readonly target: Target
  readonly accountName: string
  readonly permissionSetName: string
  readonly requestedStartsAt: Date | null
  readonly durationMinutes: number
  readonly justification: string
  readonly ticket: string | null
  readonly breakGlass: boolean
  readonly extendsId: RequestId | null
  readonly approvalsRequired: number
  readonly quorums: readonly { readonly policyId: PolicyId; readonly needed: number }[]
  readonly explanation: object
  readonly expiresAt: Date
}

/** Raises a violation of `onePendingRequestAKey` if the person waits for the same already. */
export async function insertRequest(change: Change, request: NewRequest): Promise<void> {
  const { requester, target } = request
  await change.tx
    .insertInto('request')
    .values({
      request_id: request.id,
      version: 1,
      submission_id: request.submissionId,
      status: request.status,
      end_state: null,
      requester_id: requester.userId,
      requester_user_name: requester.userName,
      requester_name: requester.displayName,
      requester_email: requester.email,
      account_id: target.accountId,
      account_name: request.accountName,
      permission_set_arn: target.permissionSetArn,
      permission_set_name: request.permissionSetName,
      requested_starts_at: request.requestedStartsAt,
      duration_minutes: request.durationMinutes,
      justification: request.justification,
      ticket: request.ticket,
      break_glass: request.breakGlass,
      extends_request_id: request.extendsId,
      approval_required: request.approvalsRequired > 0,
      approvals_required: request.approvalsRequired,
      approval_needs: JSON.stringify(
        request.quorums.map(({ policyId, needed }) => ({ policyId, approvalsRequired: needed })),
      ),
      explanation: JSON.stringify(request.explanation),
      end_reason: null,
      failure: null,
      created_at: change.at,
      expires_at: request.expiresAt,
      updated_at: change.at,
    })
    .execute()
}

export const onePendingRequestAKey = 'one_pending_request_a_key'

export interface Move {
  readonly to: RequestState
  /** Fixed on entering `ending`. */
  readonly endState?: EndState
  readonly endReason?: string
  /** Who cancelled, returned or revoked it. */
  readonly stop?: {
    readonly by: { readonly userId: UserId; readonly userName: string }
    readonly comment: string | null
  }
  readonly failure?: { readonly code: string; readonly message: string }
}

/** The caller holds the row's lock. Answers the new version. */
export async function moveRequest(change: Change, id: RequestId, move: Move): Promise<number> {
  const row = await change.tx
    .updateTable('request')
    .set({
      status: move.to,
      version: sql`version + 1`,
      updated_at: change.at,
      ...(move.endState && { end_state: move.endState }),
      ...(move.endReason && { end_reason: move.endReason }),
      ...(move.stop && {
        stopped_by_id: move.stop.by.userId,
        stopped_by_name: move.stop.by.userName,
        stop_comment: move.stop.comment,
      }),
      ...(move.failure && { failure: JSON.stringify(move.failure) }),
    })
    .where('request_id', '=', id)
    .returning('version')
    .executeTakeFirstOrThrow()
  return row.version
}

/** Something about it changed that is not its state: a vote that does not settle it. */
export async function touchRequest(change: Change, id: RequestId): Promise<number> {
  const row = await change.tx
    .updateTable('request')
    .set({ version: sql`version + 1`, updated_at: change.at })
    .where('request_id', '=', id)
    .returning('version')
    .executeTakeFirstOrThrow()
  return row.version
}

export async function insertDecision(
  change: Change,
  requestId: RequestId,
  vote: Omit<StoredDecision, 'at'>,
): Promise<void> {
  await change.tx
    .insertInto('decision')
    .values({
      request_id: requestId,
      user_id: vote.userId,
      user_name: vote.userName,
      decision: vote.decision,
      comment: vote.comment,
      at: change.at,
      counted_for: [...vote.countedFor],
    })
    .execute()
}

export async function loadRequest(
  db: Kysely<Schema>,
  id: RequestId,
): Promise<StoredRequest | null> {
  return (await loadRequests(db, [id]))[0] ?? null
}

/** As it is once nobody else is changing it; nobody else can until the transaction ends. */
export async function lockRequest(
  tx: Transaction<Schema>,
  id: RequestId,
): Promise<StoredRequest | null> {
  const row = await tx
    .selectFrom('request')
    .select('request_id')
    .where('request_id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row ? loadRequest(tx, id) : null
}

/** In the order of the ids; unknown ones are left out. Two queries, however many there are. */
export async function loadRequests(
  db: Kysely<Schema>,
  ids: readonly RequestId[],
): Promise<StoredRequest[]> {
  if (ids.length === 0) return []
  const rows = await selectRequests(db, ids)
  const decisions = await selectDecisions(db, ids)
  const byId = new Map(
    rows.map((row) => [row.request_id, requestFromRow(row, decisions.get(row.request_id) ?? [])]),
  )
  return ids.flatMap((id) => byId.get(id) ?? [])
}

function selectRequests(db: Kysely<Schema>, ids: readonly RequestId[]) {
  return db
    .selectFrom('request as r')
    .leftJoin('access_grant as g', 'g.request_id', 'r.request_id')
    .leftJoin('ledger_key as k', 'k.key_id', 'g.key_id')
    .leftJoin('access_grant as c', 'c.grant_id', 'g.covered_by')
    .where('r.request_id', '=', sql<string>`any(${[...ids]}::uuid[])`)
    .selectAll('r')
    .select([
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
      'c.request_id as covering_request_id',
      'k.watched_until',
      'k.late_alarm_at',
    ])
    .execute()
}

type RequestRow = Awaited<ReturnType<typeof selectRequests>>[number]

async function selectDecisions(db: Kysely<Schema>, ids: readonly RequestId[]) {
  const rows = await db
    .selectFrom('decision')
    .selectAll()
    .where('request_id', '=', sql<string>`any(${[...ids]}::uuid[])`)
    .orderBy('at')
    .orderBy('user_id')
    .execute()
  return Map.groupBy(rows, (row) => row.request_id)
}

type DecisionRow =
  Awaited<ReturnType<typeof selectDecisions>> extends Map<string, (infer Row)[]> ? Row : never

// Ids in these rows were parsed when they were written, or made by us.
function requestFromRow(row: RequestRow, decisions: readonly DecisionRow[]): StoredRequest {
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
    decisions: decisions.map((one) => ({
      userId: one.user_id as UserId,
      userName: one.user_name,
      decision: one.decision,
      comment: one.comment,
      at: one.at,
      countedFor: one.counted_for as PolicyId[],
    })),
    grant: grantFromRow(row),
  }
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
    grantedAt: row.granted_at,
    keyWatchedUntil: row.watched_until,
    keyAlarmedAt: row.late_alarm_at,
  }
}

/** What a request that is ending will end as; null: that is not fixed. */
export async function endStateOf(db: Kysely<Schema>, id: RequestId): Promise<EndState | null> {
  const row = await db
    .selectFrom('request')
    .select('end_state')
    .where('request_id', '=', id)
    .executeTakeFirstOrThrow()
  // The table's check allows no other.
  return row.end_state as EndState | null
}
