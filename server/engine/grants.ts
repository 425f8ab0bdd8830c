/** The engine's steps that only write: a grant begins, becomes active, ends, is over. */
import type { Transaction } from 'kysely'
import type { RequestId } from '#core/ids.ts'
import type { Belief } from '#core/plan.ts'
import type { RequestState } from '#core/request.ts'
import { addMinutes, hardEnd, immediateEndsAt, scheduledEndsAt } from '#core/window.ts'
import { type Change, systemActor } from '#server/store/change.ts'
import { sessionMinutesOf } from '#server/store/directory-objects.ts'
import { dueOfUse } from '#server/store/grant-use.ts'
import { type LedgerGrant, type LedgerKey, updateKey } from '#server/store/ledger.ts'
import { moveRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import type { EngineDeps, Failure } from './ports.ts'

/** Locks the request: its state, or null if it is no longer one that the plan saw. */
export async function lockInState<State extends RequestState>(
  tx: Transaction<Schema>,
  requestId: RequestId,
  states: readonly State[],
): Promise<{ readonly status: State; readonly version: number } | null> {
  const row = await tx
    .selectFrom('request')
    .select(['status', 'version'])
    .where('request_id', '=', requestId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  const status = states.find((state) => state === row.status)
  return status === undefined ? null : { status, version: row.version }
}

export function accessEvent(
  c: Change,
  action: string,
  grant: { requestId: string; version: number },
  payload: object,
): void {
  c.event({
    actor: systemActor,
    action,
    object: { type: 'request', id: grant.requestId, version: grant.version },
    payload,
  })
}

/** scheduled → activating, in the transaction of the first intent. */
export async function startGrant(
  c: Change,
  grant: LedgerGrant,
  facts: { deadlineMinutes: number; sessionMinutes: number | null },
): Promise<number> {
  const version = await moveRequest(c, grant.requestId, { to: 'activating' })
  await c.tx
    .updateTable('access_grant')
    .set({
      intent_at: c.at,
      activation_deadline: addMinutes(grant.dueAt, facts.deadlineMinutes),
      session_minutes: facts.sessionMinutes,
      hard_end: hardEnd({
        intentAt: c.at,
        durationMinutes: grant.durationMinutes,
        activationDeadlineMinutes: facts.deadlineMinutes,
      }),
      ...(!grant.immediate && {
        starts_at: grant.dueAt,
        ends_at: scheduledEndsAt({
          startsAt: grant.dueAt,
          durationMinutes: grant.durationMinutes,
        }),
      }),
    })
    .where('grant_id', '=', grant.grantId)
    .execute()
  return version
}

/**
 * activating → active: AWS has confirmed. A scheduled grant whose key TEAM already holds passes
 * through activating in the same transaction, without a call; its clock starts now.
 */
export async function activateGrant(
  deps: EngineDeps,
  c: Change,
  key: LedgerKey,
  grant: LedgerGrant,
): Promise<void> {
  const row = await lockInState(c.tx, grant.requestId, ['scheduled', 'activating'])
  if (!row) return
  let end = grant.hardEnd
  if (row.status === 'scheduled') {
    const failure = await deps.checkActivation(c.tx, grant.requestId, c.at)
    if (failure) return failUnstarted(deps, c, grant, failure)
    const deadlineMinutes = await deps.activationDeadlineMinutes()
    const sessionMinutes = await sessionMinutesOf(c.tx, key.key.permissionSetArn)
    await startGrant(c, grant, { deadlineMinutes, sessionMinutes })
    const { durationMinutes } = grant
    end = hardEnd({ intentAt: c.at, durationMinutes, activationDeadlineMinutes: deadlineMinutes })
  }
  const confirmedAt = row.status === 'scheduled' ? c.at : (key.belief.confirmedAt ?? c.at)
  const { durationMinutes } = grant
  const window = grant.immediate
    ? {
        startsAt: confirmedAt,
        endsAt: immediateEndsAt({ confirmedAt, durationMinutes, hardEnd: end ?? confirmedAt }),
      }
    : {
        startsAt: grant.dueAt,
        endsAt: scheduledEndsAt({ startsAt: grant.dueAt, durationMinutes }),
      }
  await c.tx
    .updateTable('access_grant')
    .set({ granted_at: confirmedAt, starts_at: window.startsAt, ends_at: window.endsAt })
    .where('grant_id', '=', grant.grantId)
    .execute()
  const version = await moveRequest(c, grant.requestId, { to: 'active' })
  const secondsFromDue = (confirmedAt.getTime() - grant.dueAt.getTime()) / 1000
  deps.metrics.timeToGrantSeconds(Math.max(0, secondsFromDue))
  accessEvent(
    c,
    'access.active',
    { requestId: grant.requestId, version },
    {
      ...key.key,
      grantId: grant.grantId,
      startsAt: window.startsAt.toISOString(),
      endsAt: window.endsAt.toISOString(),
      secondsFromDue,
    },
  )
  await deps.announce(c, 'active', grant.requestId)
}

/** `ended`: its time is up. Otherwise it is stopped before its time, now. */
export type EndWhy =
  | { readonly endState: 'ended'; readonly reason: string }
  | { readonly endState: 'revoked'; readonly reason: string }
  | { readonly endState: 'failed'; readonly failure: Failure }

/** active or activating → ending. What stands in AWS is taken away by later steps. */
export async function endGrant(
  c: Change,
  key: LedgerKey,
  grant: LedgerGrant,
  why: EndWhy,
): Promise<void> {
  if (!(await lockInState(c.tx, grant.requestId, ['activating', 'active']))) return
  const failed = why.endState === 'failed'
  const version = await moveRequest(c, grant.requestId, {
    to: 'ending',
    endState: why.endState,
    endReason: failed ? why.failure.code : why.reason,
    ...(failed && { failure: why.failure }),
  })
  if (why.endState !== 'ended') {
    await c.tx
      .updateTable('access_grant')
      .set({ stopped_at: goneBy(grant, why, c.at) })
      .where('grant_id', '=', grant.grantId)
      .execute()
  }
  accessEvent(
    c,
    'access.ending',
    { requestId: grant.requestId, version },
    {
      ...key.key,
      grantId: grant.grantId,
      why: failed ? why.failure : why.reason,
    },
  )
}

/** What missed its deadline while no copy was there to see it is in excess since that deadline. */
function goneBy(grant: LedgerGrant, why: EndWhy, at: Date): Date {
  if (why.endState !== 'failed' || why.failure.code !== 'not_granted_in_time') return at
  const { activationDeadline, endsAt } = grant
  const deadline = endsAt !== null && endsAt < activationDeadline ? endsAt : activationDeadline
  return deadline < at ? deadline : at
}

/** The assignment is not there any more, and TEAM did not take it: what lived by it is over. */
export async function endEveryActive(
  c: Change,
  key: LedgerKey,
  { reason, absentSince }: { reason: string; absentSince: Date },
): Promise<void> {
  for (const grant of key.grants.filter(({ status }) => status === 'active')) {
    await endGrant(c, key, grant, { endState: 'revoked', reason })
  }
  const belief: Belief = { ...key.belief, presence: 'absent', confirmedAt: absentSince }
  await updateKey(c.tx, key.keyId, { belief, missingSince: null, observedAt: c.at }, c.at)
}

/** scheduled → failed: nothing was asked of AWS. */
export async function failUnstarted(
  deps: EngineDeps,
  c: Change,
  grant: LedgerGrant,
  failure: Failure,
): Promise<void> {
  if (!(await lockInState(c.tx, grant.requestId, ['scheduled']))) return
  const version = await moveRequest(c, grant.requestId, {
    to: 'failed',
    endReason: failure.code,
    failure,
  })
  await c.tx
    .updateTable('access_grant')
    .set({ over_at: c.at })
    .where('grant_id', '=', grant.grantId)
    .execute()
  accessEvent(c, 'access.not_given', { requestId: grant.requestId, version }, { failure })
  await deps.announce(c, 'failed', grant.requestId)
}

/** ending → its end state: absence is confirmed, or another grant covers the key. */
export async function finishGrant(
  deps: EngineDeps,
  c: Change,
  key: LedgerKey,
  grant: LedgerGrant,
  coveredBy: string | null,
): Promise<void> {
  if (grant.endState === null) return
  if (!(await lockInState(c.tx, grant.requestId, ['ending']))) return
  const excess =
    coveredBy === null ? excessSeconds(key, grant) : uncoveredSeconds(key, grant, coveredBy)
  await c.tx
    .updateTable('access_grant')
    .set({
      over_at: c.at,
      covered_by: coveredBy,
      removal_confirmed_at: coveredBy === null ? (key.belief.confirmedAt ?? c.at) : null,
      excess_seconds: String(excess),
      use_due_at: dueOfUse({ goneAt: c.at, goesOn: coveredBy !== null }),
    })
    .where('grant_id', '=', grant.grantId)
    .execute()
  const version = await moveRequest(c, grant.requestId, { to: grant.endState })
  const others = key.grants.filter((other) => other.grantId !== grant.grantId)
  if (!holdsKey(others)) await closeKey(c, key)
  deps.metrics.excessSeconds(excess)
  accessEvent(
    c,
    'access.over',
    { requestId: grant.requestId, version },
    {
      ...key.key,
      grantId: grant.grantId,
      endState: grant.endState,
      excessSeconds: excess,
      coveredBy,
      watchedUntil: key.belief.watchedUntil?.toISOString() ?? null,
    },
  )
  await deps.announce(c, grant.endState, grant.requestId)
}

/** What is scheduled holds nothing yet: what stands there before it begins is not TEAM's. */
export function holdsKey(grants: readonly Pick<LedgerGrant, 'status'>[]): boolean {
  return grants.some(({ status }) => status !== 'scheduled')
}

async function closeKey(c: Change, key: LedgerKey): Promise<void> {
  const settled = key.belief.watchedUntil === null
  await updateKey(
    c.tx,
    key.keyId,
    {
      attempts: 0,
      notBefore: null,
      lastError: null,
      alarmedAt: null,
      alarmNotBefore: null,
      missingSince: null,
      ...(settled && { held: false }),
    },
    c.at,
  )
}

/** Access that another grant covers is in excess only for the time before that grant began. */
function uncoveredSeconds(key: LedgerKey, grant: LedgerGrant, coveredBy: string): number {
  const startsAt = key.grants.find((other) => other.grantId === coveredBy)?.startsAt ?? null
  if (startsAt === null || grant.goneBy === null) return 0
  return Math.max(0, (startsAt.getTime() - grant.goneBy.getTime()) / 1000)
}

/** From the end of the window, or the commit of the revocation, to confirmed removal. */
function excessSeconds(key: LedgerKey, grant: LedgerGrant): number {
  const { confirmedAt } = key.belief
  if (confirmedAt === null || grant.goneBy === null) return 0
  return Math.max(0, (confirmedAt.getTime() - grant.goneBy.getTime()) / 1000)
}
