/**
 * A vote on a request (the domain's "Approval"): confirm first, lock second. AWS is asked about
 * the decider, and for an approval about every earlier approver, while nothing is locked; then the
 * row is locked and everything is judged again on what is known by then. Should somebody have voted
 * in between whom AWS was not asked about, it begins anew.
 */
import {
  type ApprovalBasis,
  countsFor,
  decideVote,
  type Tally,
  type VoteFacts,
} from '#core/approval.ts'
import type { Person } from '#core/facts.ts'
import type { RequestId, UserId } from '#core/ids.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import type { Announce } from '#server/store/announce-port.ts'
import { type Change, systemActor } from '#server/store/change.ts'
import { loadPeople, type PersonInReplica } from '#server/store/people.ts'
import {
  insertDecision,
  loadRequest,
  lockRequest,
  moveRequest,
  type StoredRequest,
  touchRequest,
} from '#server/store/requests.ts'
import { holdRules, type Rules, type RulesStore } from '#server/store/rules.ts'
import { type Actor, eventActorOf, rolesIn } from './actor.ts'
import { parseComment } from './comments.ts'
import { type ConfirmPeople, confirmWith } from './confirming.ts'
import { expireIfDue } from './expire-requests.ts'
import { grantAccess } from './grant-access.ts'
import { lostEligibility, lostExtension } from './lost-eligibility.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { Refused } from './refused.ts'
import {
  approvalBasisOf,
  noSuchRequest,
  refuseUnlessAllowed,
  requestFactsOf,
} from './rights-on-request.ts'
import { inWords, refusedWith } from './words.ts'

export interface DecidePorts extends ChangePorts {
  readonly rules: RulesStore
  readonly confirmPeople: ConfirmPeople
  readonly announce: Announce
}

export interface DecideInput {
  readonly actor: Actor
  readonly requestId: RequestId
  readonly comment: string | null
  /** Where they said it, if not to TEAM itself; for the trail. */
  readonly via?: { readonly channel: 'slack'; readonly user: string }
}

interface Decision extends DecideInput {
  readonly vote: 'approved' | 'rejected'
}

const confirmedAgeSecondsMax = 30
/** Asked for a little younger, so that it is still young enough when the row is locked. */
const confirmedAgeSecondsAsked = 25
const attemptsMax = 4

export async function decideOnRequest(ports: DecidePorts, input: Decision): Promise<void> {
  const { actor, requestId } = input
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const rules = await ports.rules.load(ports.db)
    const request = await loadRequest(ports.db, requestId)
    refuseUnlessAllowed(actionOf(input), rules, actor, request)
    const comment = parseComment(input.comment, { required: rules.settings.commentRequired })
    const people = [actor.person.userId, ...earlierApprovers(input, request)]
    await confirmWith(ports.confirmPeople, people, {
      maxAgeSeconds: confirmedAgeSecondsAsked,
      about: 'everybody who approves this',
    })
    const outcome = await makeChange(ports, (c) => decide(ports, c, { ...input, comment }))
    if (outcome.kind === 'decided') return
    if (outcome.kind === 'refused') throw refusedWith(outcome.refusal, outcome.params)
  }
  throw new Refused('unavailable', {
    detail: 'Others keep deciding on this at the same time. Reload it and try again.',
  })
}

function actionOf({ vote }: Decision): 'approve' | 'reject' {
  return vote === 'approved' ? 'approve' : 'reject'
}

function earlierApprovers({ vote }: Decision, request: StoredRequest): UserId[] {
  return vote === 'rejected' ? [] : request.decisions.map(({ userId }) => userId)
}

type Outcome =
  | { readonly kind: 'decided' }
  /** Something was written all the same: the request expired, or failed. */
  | {
      readonly kind: 'refused'
      readonly refusal: Refusal
      readonly params?: Record<string, string>
    }
  | { readonly kind: 'not_confirmed' }

async function decide(ports: DecidePorts, c: Change, input: Decision): Promise<Outcome> {
  await holdRules(c.tx)
  const { request, parent } = await lockWithParent(c, input.requestId)
  const rules = await ports.rules.load(c.tx)
  const deciderId = input.actor.person.userId
  const approvers = earlierApprovers(input, request)
  const people = await loadPeople(c.tx, [deciderId, ...approvers, request.requester.userId])
  const decider = people.get(deciderId)
  if (!decider) throw refusedWith(refusal('person_disabled'))
  if (![deciderId, ...approvers].every((id) => isConfirmed(people.get(id), c.at))) {
    return { kind: 'not_confirmed' }
  }
  const actor = { ...input.actor, person: decider, roles: rolesIn(rules, decider) }
  refuseUnlessAllowed(actionOf(input), rules, actor, request)
  if (await expireIfDue(ports, c, request.id)) {
    return { kind: 'refused', refusal: refusal('not_pending', { status: 'expired' }) }
  }
  const requester = people.get(request.requester.userId) ?? null
  const lost =
    input.vote === 'approved'
      ? (lostEligibility(rules, request, requester) ??
        (requester && lostExtension(rules, { request, parent, requester })))
      : null
  if (lost) return fail(ports, c, { request, lost, decider })

  const basis = approvalBasisOf(rules, request)
  const facts: VoteFacts = { ...requestFactsOf(rules, request), basis }
  const decision = decideVote(facts, { userId: deciderId, decision: input.vote })
  if (!decision.ok) throw refusedWith(decision.refusal)
  await record(ports, c, { input, request, rules, basis, decider, tally: decision.tally })
  return { kind: 'decided' }
}

/** As everywhere, the parent before its extension. */
async function lockWithParent(c: Change, id: RequestId) {
  const extendsId = (await loadRequest(c.tx, id))?.extendsId ?? null
  const parent = extendsId && (await lockRequest(c.tx, extendsId))
  const request = await lockRequest(c.tx, id)
  if (request === null) throw noSuchRequest()
  return { request, parent }
}

function isConfirmed(person: PersonInReplica | undefined, at: Date): boolean {
  if (person === undefined) return false
  const ageMs = at.getTime() - person.readAt.getTime()
  // Somebody else may just have asked; a time far ahead is from before the clock was set back.
  return Math.abs(ageMs) <= confirmedAgeSecondsMax * 1000
}

async function fail(
  ports: DecidePorts,
  c: Change,
  { request, lost, decider }: { request: StoredRequest; lost: Refusal; decider: Person },
): Promise<Outcome> {
  const failure = { code: lost.code, message: inWords(lost) }
  const version = await moveRequest(c, request.id, {
    to: 'failed',
    endReason: lost.code,
    failure,
  })
  c.event({
    actor: systemActor,
    action: 'request.fail',
    object: { type: 'request', id: request.id, version },
    payload: { from: 'pending', failure, noticedBy: decider.userId },
  })
  await ports.announce(c, 'failed', request.id)
  return { kind: 'refused', refusal: refusal('no_longer_eligible', { reason: lost.code }) }
}

interface Recorded {
  readonly input: Decision
  readonly request: StoredRequest
  readonly rules: Rules
  readonly basis: ApprovalBasis
  readonly decider: Person
  readonly tally: Tally
}

async function record(ports: DecidePorts, c: Change, recorded: Recorded): Promise<void> {
  const { input, request, rules, basis, decider, tally } = recorded
  const { userId, userName } = decider
  const countedFor = countsFor(basis, userId)
  await insertDecision(c, request.id, {
    userId,
    userName,
    decision: input.vote,
    comment: input.comment,
    countedFor,
  })
  const version = await carryOut(c, request.id, tally.outcome)
  const granted = tally.outcome === 'approved' ? await grantAccess(c, request, rules) : null
  c.event({
    actor: eventActorOf(input.actor),
    action: input.vote === 'approved' ? 'request.approve' : 'request.reject',
    object: { type: 'request', id: request.id, version },
    payload: {
      comment: input.comment,
      ...(input.via && { via: input.via }),
      outcome: tally.outcome,
      missing: tally.missing,
      approvalsRequired: basis.approvalsRequired,
      countedFor,
      approverPolicies: basis.quorums.map(({ policyId, version: policyVersion, needed }) => ({
        policyId,
        version: policyVersion,
        needed,
      })),
      ...(input.vote === 'approved' && {
        grant: granted && {
          dueAt: granted.dueAt.toISOString(),
          immediate: granted.immediate,
          durationMinutes: request.durationMinutes,
        },
      }),
    },
  })
  if (tally.outcome !== 'pending') await ports.announce(c, tally.outcome, request.id)
}

function carryOut(c: Change, id: RequestId, outcome: Tally['outcome']): Promise<number> {
  switch (outcome) {
    case 'pending':
      return touchRequest(c, id)
    case 'rejected':
      return moveRequest(c, id, { to: 'rejected' })
    case 'approved':
      return moveRequest(c, id, { to: 'scheduled' })
    default:
      return outcome satisfies never
  }
}
