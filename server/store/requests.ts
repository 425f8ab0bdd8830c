import { type Kysely, sql, type Transaction } from 'kysely'
import type { GrantId, PolicyId, RequestId, SubmissionId, Target, UserId } from '#core/ids.ts'
import type { EndState, RequestState } from '#core/request.ts'
import type { Change } from './change.ts'
import type { GrantUse } from './grant-use.ts'
import { readRequestRows } from './request-rows.ts'
import type { GivenReview } from './reviews.ts'
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
  /** When the access may first have been there. */
  readonly intentAt: Date | null
  /** What was done with it; null: not recorded. */
  readonly use: GrantUse | null
  /** When AWS confirmed the creation. */
  readonly grantedAt: Date | null
  readonly keyWatchedUntil: Date | null
  readonly keyAlarmedAt: Date | null
}

export interface StoredReview {
  readonly dueAt: Date
  /** Null: nobody has reviewed it yet. */
  readonly given: (GivenReview & { readonly at: Date }) | null
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
  /** The newest request that extends it, unless it came to nothing. */
  readonly extension: { readonly id: RequestId; readonly status: RequestState } | null
  /** From the first grant of its chain to the end of this one. */
  readonly chainMinutes: number
  /** Of break-glass. */
  readonly review: StoredReview | null
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
  readonly chainMinutes: number
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
      chain_minutes: request.chainMinutes,
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

/** In the order of the ids; unknown ones are left out. One query, however many there are. */
export async function loadRequests(
  db: Kysely<Schema>,
  ids: readonly RequestId[],
): Promise<StoredRequest[]> {
  if (ids.length === 0) return []
  const byId = await readRequestRows(db, ids)
  return ids.flatMap((id) => byId.get(id) ?? [])
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
