/**
 * Calls that change something in AWS. Each is one intent: written and committed first, sent once,
 * its answer recorded. Whatever dies in between leaves an intent in state `written`, which the next
 * look at the key turns into doubt (core/plan.ts), never into a guess. AWS's quota is waited for
 * before the intent is written, so that nothing is written long before it is sent.
 */
import { type Belief, backoffMs, doubt } from '#core/plan.ts'
import { type Change, change } from '#server/store/change.ts'
import { loadCreationHold } from '#server/store/creation-hold.ts'
import { acceptIntent, settleIntent, writeIntent } from '#server/store/intents.ts'
import { isAccountActive } from '#server/store/late.ts'
import { type LedgerGrant, type LedgerKey, lockHeld, updateKey } from '#server/store/ledger.ts'
import type { MutationOutcome, OperationStatus, RefusalCode } from './assignments-port.ts'
import type { CallPurpose } from './call-queue.ts'
import {
  accessEvent,
  activateGrant,
  endGrant,
  failUnstarted,
  lockInState,
  startGrant,
} from './grants.ts'
import type { Call } from './lanes.ts'
import type { EngineDeps, Failure } from './ports.ts'

/** A key that TEAM removed this recently is still TEAM's if a look shows it (the domain's rule 5). */
const removedJustNowMs = 60_000
/** Standing access is looked for at most this long before the first intent. */
const lookIsFreshMs = 2_000

export class Postpone extends Error {}

export interface CallDeps extends EngineDeps {
  /** Throws LaneFull. */
  readonly enterLane: (call: Call) => void
  readonly leaveLane: (keyId: number) => void
  /** This copy stops: nothing new is sent. */
  readonly isHalted: () => boolean
  /** AWS works on something now. */
  readonly onAccepted: (at: Date) => void
}

/** `call` answers whether AWS accepted it: then the lane is left when its outcome is known. */
async function inLane(
  deps: CallDeps,
  { keyId, key: target }: LedgerKey,
  kind: 'create' | 'delete',
  call: () => Promise<boolean>,
): Promise<void> {
  deps.enterLane({ keyId, kind, target })
  let accepted = false
  try {
    accepted = await call()
  } finally {
    if (!accepted) deps.leaveLane(keyId)
  }
}

async function waitForQuota(deps: CallDeps, purpose: CallPurpose): Promise<void> {
  await deps.calls.take(purpose)
  if (deps.isHalted()) throw new Postpone('this copy stops')
}

/** The first intent of a due grant: checks, look, intent, call. */
export async function begin(
  deps: CallDeps,
  epoch: number,
  key: LedgerKey,
  grant: LedgerGrant,
): Promise<void> {
  await postponeWhileHeld(deps)
  await inLane(deps, key, 'create', () => beginInLane(deps, epoch, key, grant))
}

/** After a restore: the domain's rule 10. */
async function postponeWhileHeld({ db }: EngineDeps): Promise<void> {
  const hold = await loadCreationHold(db)
  if (hold) throw new Postpone(`nothing is created after a restore: ${hold.reason}`)
}

async function beginInLane(
  deps: CallDeps,
  epoch: number,
  key: LedgerKey,
  grant: LedgerGrant,
): Promise<boolean> {
  await confirmHolder(deps, key)
  const purpose = grant.breakGlass ? 'break_glass' : 'grant'
  // For all three calls at once: nothing is to be waited for between the look and the intent.
  await Promise.all([1, 2, 3].map(() => waitForQuota(deps, purpose)))
  const sessionMinutes = await deps.assignments.sessionMinutes(key.key.permissionSetArn)
  const deadlineMinutes = await deps.activationDeadlineMinutes()
  const lookedAtMs = performance.now()
  const seen = await deps.assignments.holders(key.key)
  const now = await deps.clock.now()
  const intentId = await change(
    deps.db,
    now,
    async (c) => {
      if (!(await lockInState(c.tx, grant.requestId, ['scheduled']))) return null
      const failure =
        standingAccess(key, seen, now) ?? (await deps.checkActivation(c.tx, grant.requestId, now))
      if (failure) {
        await failUnstarted(deps, c, grant, failure)
        return null
      }
      if (performance.now() - lookedAtMs > lookIsFreshMs) throw new Postpone('the look is too old')
      const version = await startGrant(c, grant, { deadlineMinutes, sessionMinutes })
      return writeAndTell(c, epoch, key, 'create', { requestId: grant.requestId, version })
    },
    { epoch },
  )
  if (intentId === null) return false
  return send(deps, epoch, key, { intentId, kind: 'create', writtenAt: now })
}

function standingAccess(
  key: LedgerKey,
  seen: Awaited<ReturnType<EngineDeps['assignments']['holders']>>,
  now: Date,
): Failure | null {
  if (seen.kind === 'gone') return { code: 'target_gone', message: seen.message }
  if (!seen.userIds.has(key.key.userId)) return null
  const { confirmedAt } = key.belief
  const removedJustNow =
    confirmedAt !== null && now.getTime() - confirmedAt.getTime() < removedJustNowMs
  if (key.held || removedJustNow) return null
  return {
    code: 'already_held',
    message:
      'The person already holds this permission set there; TEAM did not give it and leaves it.',
  }
}

/**
 * AWS has confirmed. A scheduled grant whose key stands already begins without a call, and by no
 * fewer questions.
 */
export async function activate(
  deps: CallDeps,
  epoch: number,
  key: LedgerKey,
  grant: LedgerGrant,
): Promise<void> {
  if (grant.status === 'scheduled') await confirmHolder(deps, key)
  const now = await deps.clock.now()
  await change(deps.db, now, (c) => activateGrant(deps, c, key, grant), { epoch })
}

async function confirmHolder({ confirmPerson }: CallDeps, { key }: LedgerKey): Promise<void> {
  if ((await confirmPerson(key.userId)) === 'unavailable') {
    throw new Postpone('AWS could not be asked about the person')
  }
}

/** A wanted key that is missing, or whose creation AWS had no room for. */
export async function createAgain(
  deps: CallDeps,
  epoch: number,
  key: LedgerKey,
  grant: LedgerGrant,
): Promise<void> {
  await postponeWhileHeld(deps)
  const purpose = grant.breakGlass ? 'break_glass' : 'grant'
  await inLane(deps, key, 'create', async () => {
    await waitForQuota(deps, purpose)
    return mutate(deps, epoch, key, { kind: 'create', grant })
  })
}

export async function remove(deps: CallDeps, epoch: number, key: LedgerKey): Promise<void> {
  if (!key.held) throw new Error(`The ledger does not hold key ${key.keyId}: it is not TEAM's`)
  const grant = key.grants.find((one) => one.status === 'ending') ?? null
  await inLane(deps, key, 'delete', async () => {
    await waitForQuota(deps, 'removal')
    return mutate(deps, epoch, key, { kind: 'delete', grant })
  })
}

async function mutate(
  deps: CallDeps,
  epoch: number,
  key: LedgerKey,
  { kind, grant }: { kind: 'create' | 'delete'; grant: LedgerGrant | null },
): Promise<boolean> {
  const now = await deps.clock.now()
  const intentId = await change(
    deps.db,
    now,
    async (c) => {
      if (grant === null) {
        if (kind === 'delete' && !(await lockHeld(c.tx, key.keyId))) return null
        return writeAndTell(c, epoch, key, kind, null)
      }
      const statuses =
        kind === 'create' ? (['activating', 'active'] as const) : (['ending'] as const)
      const row = await lockInState(c.tx, grant.requestId, statuses)
      if (!row) return null
      if (kind === 'delete' && !(await lockHeld(c.tx, key.keyId))) return null
      return writeAndTell(c, epoch, key, kind, { requestId: grant.requestId, version: row.version })
    },
    { epoch },
  )
  return intentId !== null && (await send(deps, epoch, key, { intentId, kind, writtenAt: now }))
}

async function writeAndTell(
  c: Change,
  epoch: number,
  key: LedgerKey,
  kind: 'create' | 'delete',
  request: { requestId: string; version: number } | null,
): Promise<number> {
  const intentId = await writeIntent(c.tx, {
    keyId: key.keyId,
    kind,
    epoch,
    at: c.at,
    requestId: request?.requestId ?? null,
  })
  if (kind === 'create') await updateKey(c.tx, key.keyId, { held: true }, c.at)
  const payload = { ...key.key, intentId, epoch }
  if (request) accessEvent(c, `access.${kind}_intended`, request, payload)
  else {
    c.event({
      actor: { type: 'system', id: 'team', name: 'TEAM' },
      action: `access.${kind}_intended`,
      object: { type: 'key', id: String(key.keyId) },
      payload,
    })
  }
  return intentId
}

/** Whether AWS accepted it. */
async function send(
  deps: CallDeps,
  epoch: number,
  key: LedgerKey,
  intent: { intentId: number; kind: 'create' | 'delete'; writtenAt: Date },
): Promise<boolean> {
  const { intentId, kind } = intent
  deps.log.info({ intent: { intentId, kind, epoch, ...key.key } }, 'intent')
  const isKept = await deps.keepIntent({ ...intent, epoch, key: key.key })
  const guard = () => deps.leader.mayAct() && deps.leader.epoch() === epoch
  // Access is not given that a restored database would know nothing of; it is taken away all the same.
  const outcome: MutationOutcome =
    intent.kind === 'delete'
      ? await deps.assignments.remove(key.key, guard)
      : isKept
        ? await deps.assignments.create(key.key, guard)
        : { kind: 'not_sent', message: 'The intent could not be written outside the database' }
  deps.log.info({ intentId: intent.intentId, outcome }, 'intent answered')
  const now = await deps.clock.now()
  if (outcome.kind === 'accepted') deps.onAccepted(now)
  await change(deps.db, now, (c) => record(c, key, intent, outcome), { epoch })
  return outcome.kind === 'accepted'
}

async function record(
  c: Change,
  key: LedgerKey,
  intent: { intentId: number; kind: 'create' | 'delete' },
  outcome: MutationOutcome,
): Promise<void> {
  const { intentId, kind } = intent
  switch (outcome.kind) {
    case 'accepted':
      return acceptIntent(c.tx, intentId, outcome.awsRequestId, c.at)
    case 'failed':
      return recordFailed(c, key, intent, outcome.reason)
    case 'not_sent':
      await settleIntent(c.tx, intentId, { state: 'refused', reason: outcome.message, at: c.at })
      return postponeKey(c, key, 'busy', outcome.message)
    case 'unknown':
      await settleIntent(c.tx, intentId, { state: 'unknown', reason: outcome.message, at: c.at })
      return updateKey(
        c.tx,
        key.keyId,
        { belief: doubt(key.belief, c.at), attempts: key.attempts + 1, lastError: outcome.message },
        c.at,
      )
    case 'refused':
      await settleIntent(c.tx, intentId, {
        state: 'refused',
        reason: `${outcome.code}: ${outcome.message}`,
        at: c.at,
      })
      return kind === 'create'
        ? recordRefusedCreation(c, key, outcome)
        : recordRefusedDeletion(c, key, outcome)
    default:
      return outcome satisfies never
  }
}

async function recordRefusedCreation(
  c: Change,
  key: LedgerKey,
  refusal: { code: RefusalCode; message: string },
): Promise<void> {
  if (isBusy(refusal.code)) return postponeKey(c, key, 'busy', refusal.message)
  const failure = { code: `aws_${refusal.code}`, message: refusal.message }
  for (const grant of key.grants) await endGrant(c, key, grant, { endState: 'failed', failure })
}

async function recordRefusedDeletion(
  c: Change,
  key: LedgerKey,
  refusal: { code: RefusalCode; message: string },
): Promise<void> {
  if (isBusy(refusal.code)) return postponeKey(c, key, 'busy', refusal.message)
  if (refusal.code === 'not_found') {
    // It may be gone, or be shown still: with patience, lest it be asked for without a pause.
    await lookNow(c, key)
    return postponeKey(c, key, 'failed', refusal.message)
  }
  if (refusal.code === 'denied') {
    const { userId, accountId, permissionSetArn } = key.key
    const command = `aws sso-admin delete-account-assignment --instance-arn ${instanceArnOf(permissionSetArn)} --target-type AWS_ACCOUNT --target-id ${accountId} --permission-set-arn ${permissionSetArn} --principal-type USER --principal-id ${userId}`
    const message = `${refusal.message} To end it by hand, run in the management account: ${command}`
    return postponeKey(c, key, 'denied', message)
  }
  return postponeKey(c, key, 'failed', refusal.message)
}

/** `arn:aws:sso:::permissionSet/ssoins-…/ps-…` names the instance it belongs to. */
function instanceArnOf(permissionSetArn: string): string {
  const [head, instance] = permissionSetArn.split('/')
  return `${(head ?? '').replace(/permissionSet$/, 'instance')}/${instance ?? ''}`
}

function isBusy(code: RefusalCode): boolean {
  return code === 'throttled' || code === 'conflict' || code === 'quota'
}

function postponeKey(
  c: Change,
  key: LedgerKey,
  reason: 'busy' | 'failed' | 'denied',
  lastError: string,
): Promise<void> {
  const notBefore = new Date(c.at.getTime() + backoffMs(key.attempts, reason))
  return updateKey(c.tx, key.keyId, { notBefore, attempts: key.attempts + 1, lastError }, c.at)
}

/** Nothing is believed until a look has told. */
function lookNow(c: Change, key: LedgerKey): Promise<void> {
  const belief: Belief = {
    ...key.belief,
    presence: 'unknown',
    absentSeenAt: null,
    confirmedAt: null,
    nextLookAt: c.at,
  }
  return updateKey(c.tx, key.keyId, { belief }, c.at)
}

/** What AWS says became of an accepted call. */
export async function recordStatus(
  c: Change,
  key: LedgerKey,
  intent: { intentId: number; kind: 'create' | 'delete' },
  status: Exclude<OperationStatus, { kind: 'in_progress' }>,
): Promise<void> {
  const { intentId, kind } = intent
  if (status.kind === 'failed') return recordFailed(c, key, intent, status.reason)
  if (status.kind === 'forgotten') {
    const reason = 'AWS no longer knows the request'
    await settleIntent(c.tx, intentId, { state: 'unknown', reason, at: c.at })
    const belief = { ...doubt(key.belief, c.at), nextLookAt: c.at }
    return updateKey(c.tx, key.keyId, { belief }, c.at)
  }
  await settleIntent(c.tx, intentId, { state: 'succeeded', reason: null, at: c.at })
  const belief: Belief = {
    ...key.belief,
    presence: kind === 'create' ? 'present' : 'absent',
    absentSeenAt: null,
    confirmedAt: c.at,
  }
  const done = { belief, attempts: 0, notBefore: null, lastError: null, missingSince: null }
  await updateKey(c.tx, key.keyId, done, c.at)
}

async function recordFailed(
  c: Change,
  key: LedgerKey,
  intent: { intentId: number; kind: 'create' | 'delete' },
  reason: string,
): Promise<void> {
  await settleIntent(c.tx, intent.intentId, { state: 'failed', reason, at: c.at })
  if (intent.kind === 'create') {
    const failure = { code: 'aws_failed', message: reason }
    for (const grant of key.grants) await endGrant(c, key, grant, { endState: 'failed', failure })
    return lookNow(c, key)
  }
  // The assignment may be gone already (then AWS fails the deletion with a 404), or still there:
  // a look tells, and patience is kept before the next attempt.
  await lookNow(c, key)
  const patience = (await isAccountActive(c.tx, key.key.accountId)) ? 'failed' : 'denied'
  await postponeKey(c, key, patience, reason)
}
