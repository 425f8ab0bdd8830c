/** Who may decide on a request, and when their votes carry (the domain page's "Approval"). */

import { type Approvers, allBut } from './approvers.ts'
import { type AskedFor, byPolicyId } from './eligibility.ts'
import type { ApproverPolicy, EnabledMembers } from './facts.ts'
import type { PolicyId, UserId } from './ids.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { RequestState } from './request.ts'
import { coveredBy, namedBy } from './targets.ts'

/** What one kept policy asks for. */
export interface Quorum {
  readonly policyId: PolicyId
  readonly version: number
  readonly needed: number
  /** Enabled members of its own groups, less the requester. */
  readonly able: Approvers
}

export interface ApprovalBasis {
  readonly quorums: readonly Quorum[]
  readonly approvers: Approvers
  /** The largest number that any kept policy asks for; one if no policy was kept. */
  readonly approvalsRequired: number
  /** Whether exclusive policies pushed the others aside. */
  readonly exclusive: boolean
}

/** The numbers that the kept policies asked for when the request was made. */
export type NumbersAtSubmission = ReadonlyMap<PolicyId, number>

export function approverPolicyMatches(policy: ApproverPolicy, asked: AskedFor): boolean {
  const { account, permissionSet } = asked
  if (!policy.enabled || account === null || permissionSet === null) return false
  if (coveredBy(policy.targets, account) === null) return false
  return policy.permissionSets === null || namedBy(policy.permissionSets, permissionSet) !== null
}

/** Of the policies that match, the exclusive ones if there are any; by id. */
export function keptPolicies(matching: readonly ApproverPolicy[]): ApproverPolicy[] {
  const exclusive = matching.filter((policy) => policy.exclusive)
  return (exclusive.length > 0 ? exclusive : matching).toSorted(byPolicyId)
}

export interface BasisFacts {
  readonly requesterId: UserId
  readonly enabledMembers: EnabledMembers
  readonly atSubmission?: NumbersAtSubmission
}

export function approvalBasis(kept: readonly ApproverPolicy[], facts: BasisFacts): ApprovalBasis {
  return basisOf(
    kept.map((policy) => ({ policy, able: membersOf(policy, facts) })),
    (all) => new Set(all.flatMap((able) => [...able])),
    facts.atSubmission,
  )
}

/** From the kept policies, each with those who may decide by it. */
export function basisOf<Able extends Approvers>(
  kept: readonly { readonly policy: ApproverPolicy; readonly able: Able }[],
  unite: (all: readonly Able[]) => Approvers,
  atSubmission?: NumbersAtSubmission,
): ApprovalBasis {
  const quorums = kept.map(({ policy, able }) => ({
    policyId: policy.id,
    version: policy.version,
    needed: Math.max(policy.approvalsRequired, atSubmission?.get(policy.id) ?? 0),
    able,
  }))
  return {
    quorums,
    approvers: unite(kept.map(({ able }) => able)),
    approvalsRequired: Math.max(1, ...quorums.map(({ needed }) => needed)),
    exclusive: kept.some(({ policy }) => policy.exclusive),
  }
}

/** The same from a basis that leaves nobody out, whose people are shared where the requester is not among them. */
export function basisFor(
  whole: ApprovalBasis,
  facts: Pick<BasisFacts, 'requesterId' | 'atSubmission'>,
): ApprovalBasis {
  const { requesterId, atSubmission } = facts
  if (!atSubmission?.size && !whole.approvers.has(requesterId)) return whole
  const quorums = whole.quorums.map((quorum) => ({
    ...quorum,
    needed: Math.max(quorum.needed, atSubmission?.get(quorum.policyId) ?? 0),
    able: allBut(quorum.able, requesterId),
  }))
  return {
    quorums,
    approvers: allBut(whole.approvers, requesterId),
    approvalsRequired: Math.max(1, ...quorums.map(({ needed }) => needed)),
    exclusive: whole.exclusive,
  }
}

function membersOf(policy: ApproverPolicy, facts: BasisFacts): Set<UserId> {
  const able = new Set<UserId>()
  for (const groupId of policy.approverGroups) {
    for (const userId of facts.enabledMembers.get(groupId) ?? []) able.add(userId)
  }
  able.delete(facts.requesterId)
  return able
}

export function decideApprovers(
  asked: AskedFor,
  policies: readonly ApproverPolicy[],
  facts: BasisFacts,
): ApprovalBasis {
  return approvalBasis(keptFor(asked, policies), facts)
}

export function keptFor(asked: AskedFor, policies: readonly ApproverPolicy[]): ApproverPolicy[] {
  return keptPolicies(policies.filter((policy) => approverPolicyMatches(policy, asked)))
}

/** Policies that ask for two or more; those that ask for one are met by any approval at all. */
function demanding(basis: ApprovalBasis): Quorum[] {
  return basis.quorums.filter((quorum) => quorum.needed >= 2)
}

export function tooFewApprovers(basis: ApprovalBasis): Refusal | null {
  if (basis.approvers.size === 0) {
    return refusal('too_few_approvers', { needed: 1, available: 0, policyId: null }, 'targets')
  }
  const short = demanding(basis).find((quorum) => quorum.able.size < quorum.needed)
  if (!short) return null
  const { needed, able, policyId } = short
  return refusal('too_few_approvers', { needed, available: able.size, policyId }, 'targets')
}

export interface Vote {
  readonly userId: UserId
  readonly decision: 'approved' | 'rejected'
}

export interface Missing {
  /** Null: no policy asks for two or more, and nobody has approved yet. */
  readonly policyId: PolicyId | null
  readonly needed: number
  readonly given: number
}

export interface Tally {
  readonly outcome: 'pending' | 'approved' | 'rejected'
  readonly missing: readonly Missing[]
}

/** Votes of people who are no longer approvers do not count, nor does anybody twice. */
export function tally(basis: ApprovalBasis, votes: readonly Vote[]): Tally {
  const counting = votes.filter((vote) => basis.approvers.has(vote.userId))
  if (counting.some((vote) => vote.decision === 'rejected')) {
    return { outcome: 'rejected', missing: [] }
  }
  const missing = missingApprovals(basis, new Set(counting.map((vote) => vote.userId)))
  return { outcome: missing.length === 0 ? 'approved' : 'pending', missing }
}

function missingApprovals(basis: ApprovalBasis, approved: ReadonlySet<UserId>): Missing[] {
  const quorums = demanding(basis)
  if (quorums.length === 0) {
    return approved.size > 0 ? [] : [{ policyId: null, needed: 1, given: 0 }]
  }
  return quorums
    .map(({ policyId, needed, able }) => {
      const given = [...approved].filter((userId) => able.has(userId)).length
      return { policyId, needed, given }
    })
    .filter(({ needed, given }) => given < needed)
}

export interface VoteFacts {
  readonly requesterId: UserId
  readonly status: RequestState
  /** From today's policies and members, with the numbers of the submission. */
  readonly basis: ApprovalBasis
  /** Everybody's votes so far, in any order. */
  readonly votes: readonly Vote[]
  /** Who settled it, if anybody did. */
  readonly decidedBy: { readonly userId: UserId; readonly at: Date } | null
}

export type VoteDecision =
  | { readonly ok: true; readonly tally: Tally }
  | { readonly ok: false; readonly refusal: Refusal }

/** What follows if this person votes now. */
export function decideVote(facts: VoteFacts, vote: Vote): VoteDecision {
  const refused = refuseVote(facts, vote.userId)
  return refused
    ? { ok: false, refusal: refused }
    : { ok: true, tally: tally(facts.basis, [...facts.votes, vote]) }
}

export function refuseVote(facts: VoteFacts, voterId: UserId): Refusal | null {
  if (voterId === facts.requesterId) return refusal('own_request')
  if (!facts.basis.approvers.has(voterId)) return refusal('not_allowed')
  return refuseVoteByState(facts, voterId)
}

/** The part of the refusal that does not depend on who is an approver. */
export function refuseVoteByState(
  facts: Pick<VoteFacts, 'status' | 'decidedBy' | 'votes'>,
  voterId: UserId,
): Refusal | null {
  const { status, decidedBy } = facts
  if (status !== 'pending') {
    return decidedBy === null
      ? refusal('not_pending', { status })
      : refusal('already_decided', {
          status,
          by: decidedBy.userId,
          at: decidedBy.at.toISOString(),
        })
  }
  const voted = facts.votes.some((vote) => vote.userId === voterId)
  return voted ? refusal('already_voted') : null
}

/**
 * Whether what was given still suffices when access is about to be created. A vote was good when
 * it was cast, so people who have left since count here for the policies they voted under.
 */
export function approvalsStillSuffice(
  basis: ApprovalBasis,
  given: readonly { readonly userId: UserId; readonly countedFor: readonly PolicyId[] }[],
): boolean {
  if (given.length === 0) return false
  return demanding(basis).every((quorum) => {
    const counting = given.filter(
      (vote) => vote.countedFor.includes(quorum.policyId) || quorum.able.has(vote.userId),
    )
    return new Set(counting.map((vote) => vote.userId)).size >= quorum.needed
  })
}

/** The kept policies in whose groups the voter is: kept with the vote. */
export function countsFor(basis: ApprovalBasis, voterId: UserId): PolicyId[] {
  return basis.quorums.filter(({ able }) => able.has(voterId)).map(({ policyId }) => policyId)
}
