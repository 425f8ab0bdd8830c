/**
 * What becomes of a submission, target by target (the domain page's "Eligibility", "Approval",
 * "Break-glass" and "States"). A preview asks the same and changes nothing.
 */
import { type ApprovalBasis, tooFewApprovers } from './approval.ts'
import type { Approvers } from './approvers.ts'
import type { EligibilityDecision, Explanation } from './eligibility.ts'
import type { PolicyEvaluator } from './evaluator.ts'
import { type ExtendedGrant, isPastExtending, refuseChain } from './extension.ts'
import type { Account, PermissionSet, Person } from './facts.ts'
import { fieldText, isBlank } from './fields.ts'
import { keyText, type PolicyId, type RequestId, type Target } from './ids.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { Settings } from './settings.ts'
import { checkText, checkTicket } from './text.ts'
import { earlier, endsAbout, expiresAt, furthestStart, startStillAhead } from './window.ts'

export const targetsPerSubmissionMax = 20

export interface Submission {
  readonly targets: readonly Target[]
  /** Null: at once. */
  readonly startsAt: Date | null
  readonly durationMinutes: number
  readonly justification: string
  readonly ticket: string | null
  readonly breakGlass: boolean
}

/** Whether the person holds the target already, and how; `unknown` if AWS was not asked lately. */
export type Held = 'none' | 'direct' | 'group' | 'unknown'

export interface SubmissionFacts {
  readonly purpose: 'preview' | 'submission'
  readonly via: 'session' | 'token' | 'slack' | 'schedule'
  readonly now: Date
  readonly requester: Person
  readonly settings: Settings
  readonly evaluator: PolicyEvaluator
  /** By `keyText`: the requester's pending requests. */
  readonly pending: ReadonlyMap<string, RequestId>
  /** By `keyText`; absent means `unknown`. */
  readonly held: ReadonlyMap<string, Held>
  /** The requester has a break-glass review that is overdue. */
  readonly reviewOverdue: boolean
  /** By `keyText`: access that the requester widened for themselves lately. */
  readonly ownWidening: ReadonlySet<string>
  /** The grant that this would extend; null: it stands by itself. */
  readonly extending: ExtendedGrant | null
}

/** All that a request's row needs to know about the decision to let it in. */
export interface RequestDraft {
  readonly target: Target
  readonly account: Account
  readonly permissionSet: PermissionSet
  readonly status: 'pending' | 'scheduled'
  readonly requestedStartsAt: Date | null
  readonly durationMinutes: number
  readonly justification: string
  readonly ticket: string | null
  readonly breakGlass: boolean
  /** 0 if nobody needs to approve. */
  readonly approvalsRequired: number
  readonly approverCount: number
  /** The numbers that the kept approver policies ask for; empty if nobody needs to approve. */
  readonly quorums: readonly {
    readonly policyId: PolicyId
    readonly version: number
    readonly needed: number
  }[]
  readonly expiresAt: Date
}

export interface TargetVerdict {
  readonly target: Target
  /** Null: nothing speaks against this target. */
  readonly refusal: Refusal | null
  readonly held: Held
  readonly explanation: Explanation
  readonly approvalsRequired: number
  readonly approverCount: number
  readonly approverIds: Approvers
  /** What is known of it even if the target is refused. */
  readonly endsAbout: Date | null
  readonly permissionSet: PermissionSet | null
}

export interface SubmissionVerdict {
  readonly targets: readonly TargetVerdict[]
  /** What is wrong with the submission as a whole, each naming its field. */
  readonly refusals: readonly Refusal[]
  /** Present if nothing at all is refused: all or none. */
  readonly requests: readonly RequestDraft[] | null
}

interface Judged {
  readonly verdict: TargetVerdict
  readonly decision: EligibilityDecision
  readonly basis: ApprovalBasis
  readonly account: Account | null
}

export function decideSubmission(facts: SubmissionFacts, asked: Submission): SubmissionVerdict {
  const countRefused = refuseTargetCount(asked.targets)
  if (countRefused) return { targets: [], refusals: [countRefused], requests: null }

  const judged = asked.targets.map((target, i) => judgeTarget(facts, asked, target, i))
  const start = checkStart(facts, asked)
  const expires = expiresAt(facts.now, facts.settings)
  const justification = checkJustification(judged, facts, asked)
  const ticket = checkTicketField(judged, facts, asked)
  const refusals = [
    ...(isDuration(asked.durationMinutes) ? [] : [durationMalformed]),
    ...refuseBreakGlass(facts, asked, start.startsAt),
    ...refuseOver(facts),
    ...[start.refusal, justification.refusal, ticket.refusal].filter((one) => one !== null),
  ]
  const targets = judged.map(({ verdict }) => verdict)
  if (refusals.length > 0 || targets.some((verdict) => verdict.refusal !== null)) {
    return { targets, refusals, requests: null }
  }
  const common = {
    requestedStartsAt: start.startsAt,
    durationMinutes: asked.durationMinutes,
    justification: justification.text ?? '',
    ticket: ticket.text,
    breakGlass: asked.breakGlass,
    // Once the parent is over, nobody can decide on its extension any more.
    expiresAt: facts.extending?.endsAt ? earlier(expires, facts.extending.endsAt) : expires,
  }
  return { targets, refusals, requests: judged.map((one) => ({ ...draftOf(one), ...common })) }
}

function refuseTargetCount(targets: readonly Target[]): Refusal | null {
  if (targets.length === 0) return refusal('targets_empty', {}, 'targets')
  return targets.length > targetsPerSubmissionMax
    ? refusal('too_many_targets', { max: targetsPerSubmissionMax }, 'targets')
    : null
}

const durationMalformed = refusal('duration_malformed', {}, 'durationMinutes')

function isDuration(minutes: number): boolean {
  return Number.isSafeInteger(minutes) && minutes >= 1
}

function judgeTarget(
  facts: SubmissionFacts,
  asked: Submission,
  target: Target,
  position: number,
): Judged {
  const { evaluator, requester, now } = facts
  const key = keyText({ userId: requester.userId, ...target })
  const decision = evaluator.eligibility(requester, target, {
    breakGlass: asked.breakGlass,
    mustBeApprovedByAnother: facts.ownWidening.has(key),
  })
  const basis = evaluator.approval(target, requester.userId)
  // What is extended is held by TEAM's own hand.
  const held = facts.extending ? 'none' : (facts.held.get(key) ?? 'unknown')
  const earlier = asked.targets.slice(0, position)
  const { account, permissionSet } = evaluator.asked(target)
  const approval = decision.eligible && decision.terms.approvalRequired
  const verdict: TargetVerdict = {
    target,
    refusal:
      (earlier.some((one) => sameTarget(one, target))
        ? refusal('duplicate_target', {}, `targets.${position}`)
        : null) ?? onTarget(position, refuseTarget({ facts, asked, key, decision, basis, held })),
    held,
    explanation: decision.explanation,
    approvalsRequired: approval ? basis.approvalsRequired : 0,
    approverCount: basis.approvers.size,
    approverIds: basis.approvers,
    endsAbout: isDuration(asked.durationMinutes)
      ? endsAbout({
          requestedStartsAt: facts.extending?.endsAt ?? asked.startsAt,
          durationMinutes: asked.durationMinutes,
          now,
        })
      : null,
    permissionSet,
  }
  return { verdict, decision, basis, account }
}

function sameTarget(a: Target, b: Target): boolean {
  return a.accountId === b.accountId && a.permissionSetArn === b.permissionSetArn
}

/** Names the target by its place, so that the form can mark the row. */
function onTarget(position: number, refused: Refusal | null): Refusal | null {
  return refused?.field === 'targets' ? { ...refused, field: `targets.${position}` } : refused
}

interface TargetFacts {
  readonly facts: SubmissionFacts
  readonly asked: Submission
  readonly key: string
  readonly decision: EligibilityDecision
  readonly basis: ApprovalBasis
  readonly held: Held
}

function refuseTarget(one: TargetFacts): Refusal | null {
  const { facts, asked, key, decision, basis, held } = one
  if (!decision.eligible) return decision.refusal
  const { terms } = decision
  if (isDuration(asked.durationMinutes) && asked.durationMinutes > terms.maxDurationMinutes) {
    const { maxDurationMinutes } = terms
    return refusal('duration_too_long', { maxDurationMinutes }, 'durationMinutes')
  }
  if (facts.extending && isDuration(asked.durationMinutes)) {
    const chain = { ...facts.extending, ...terms, settings: facts.settings }
    const tooLong = refuseChain(chain, asked.durationMinutes)
    if (tooLong) return tooLong
  }
  if (held === 'direct') return refusal('already_held', {}, 'targets')
  if (held === 'unknown' && facts.purpose === 'submission') return refusal('unconfirmed_with_aws')
  const requestId = facts.pending.get(key)
  if (requestId !== undefined && !facts.extending)
    return refusal('duplicate_pending', { requestId }, 'targets')
  if (asked.breakGlass) return refuseBreakGlassTarget(facts, key, basis)
  return terms.approvalRequired ? tooFewApprovers(basis) : null
}

function refuseBreakGlassTarget(facts: SubmissionFacts, key: string, basis: ApprovalBasis) {
  if (facts.ownWidening.has(key)) {
    return refusal('break_glass_not_allowed', { reason: 'own_widening' }, 'breakGlass')
  }
  return basis.approvers.size === 0 ? tooFewApprovers(basis) : null
}

/** Break-glass is for a person at a screen, now. */
function refuseBreakGlass(
  facts: SubmissionFacts,
  asked: Submission,
  startsAt: Date | null,
): Refusal[] {
  if (!asked.breakGlass) return []
  if (facts.via !== 'session') {
    return [refusal('break_glass_not_allowed', { reason: facts.via }, 'breakGlass')]
  }
  if (facts.extending) {
    return [refusal('break_glass_not_allowed', { reason: 'extension' }, 'breakGlass')]
  }
  if (startsAt !== null) {
    return [refusal('break_glass_not_allowed', { reason: 'scheduled' }, 'startsAt')]
  }
  return facts.reviewOverdue ? [refusal('review_overdue', {}, 'breakGlass')] : []
}

function refuseOver({ extending, now }: SubmissionFacts): Refusal[] {
  if (extending === null || !isPastExtending(extending, now)) return []
  return [refusal('already_ending', { status: extending.status })]
}

function checkStart(facts: SubmissionFacts, asked: Submission) {
  const { now, settings, extending } = facts
  // How far ahead it is was decided with the parent.
  if (extending) return { startsAt: extending.endsAt, refusal: null }
  if (asked.startsAt !== null && Number.isNaN(asked.startsAt.getTime())) {
    return { startsAt: null, refusal: refusal('start_malformed', {}, 'startsAt') }
  }
  const startsAt = startStillAhead(asked.startsAt, now)
  const furthest = furthestStart(now, settings)
  if (startsAt === null || startsAt <= furthest) return { startsAt, refusal: null }
  const params = { furthestStartDays: settings.furthestStartDays, furthest: furthest.toISOString() }
  return { startsAt, refusal: refusal('start_too_far', params, 'startsAt') }
}

function checkJustification(judged: readonly Judged[], facts: SubmissionFacts, asked: Submission) {
  const requiredBy = policiesThatWant('justificationRequired', judged)
  const required = facts.settings.justificationRequired || asked.breakGlass || requiredBy.length > 0
  if (!required && isBlank(asked.justification)) return { text: '', refusal: null }
  return fieldText('justification', checkText(asked.justification), { requiredBy })
}

function checkTicketField(judged: readonly Judged[], facts: SubmissionFacts, asked: Submission) {
  const requiredBy = policiesThatWant('ticketRequired', judged)
  const required = facts.settings.ticketRequired || requiredBy.length > 0
  const { ticketPattern: pattern, ticketExample: example } = facts.settings
  if (asked.ticket === null || isBlank(asked.ticket)) {
    const missing = required
      ? refusal('ticket_required', { requiredBy, pattern, example }, 'ticket')
      : null
    return { text: null, refusal: missing }
  }
  return fieldText('ticket', checkTicket(asked.ticket, pattern), { example })
}

function policiesThatWant(
  point: 'justificationRequired' | 'ticketRequired',
  judged: readonly Judged[],
): PolicyId[] {
  const policyIds = judged.flatMap(({ decision }) => decision.explanation.won?.[point].policyIds)
  return [...new Set(policyIds.filter((policyId) => policyId !== undefined))]
}

function draftOf({ verdict, basis, account }: Judged) {
  const { target, permissionSet, approvalsRequired, approverCount } = verdict
  if (account === null || permissionSet === null) {
    throw new Error('A target that is unknown to the directory was found eligible.')
  }
  const approval = approvalsRequired > 0
  return {
    target,
    account,
    permissionSet,
    status: approval ? ('pending' as const) : ('scheduled' as const),
    approvalsRequired,
    approverCount,
    quorums: approval
      ? basis.quorums.map(({ policyId, version, needed }) => ({ policyId, version, needed }))
      : [],
  }
}
