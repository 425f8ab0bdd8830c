/**
 * A change that widens access and waits for another administrator (the domain's "Nobody widens for
 * themselves", with the setting "second administrator" on): who may do what with it, and when.
 */
import type { Role } from './access.ts'
import type { UserId } from './ids.ts'
import { type Refusal, refusal } from './refusals.ts'

/** Then nobody remembers why it was proposed; it is void, and may be proposed anew. */
export const proposalDaysMax = 7

export const proposalStates = ['waiting', 'accepted', 'refused', 'withdrawn', 'void'] as const
export type ProposalState = (typeof proposalStates)[number]

/** Why it is void: its object is another by now, or nobody decided in time. */
export type VoidReason = 'changed' | 'expired'

export const proposalActions = ['accept', 'refuse', 'withdraw'] as const
export type ProposalAction = (typeof proposalActions)[number]

export interface ProposalFacts {
  readonly state: ProposalState
  readonly voidReason: VoidReason | null
  readonly expiresAt: Date
  readonly authorId: UserId
  /** Whether its author is an enabled administrator now. */
  readonly authorIsAdmin: boolean
  readonly decided: { readonly byName: string; readonly at: Date } | null
}

export interface ProposalViewer {
  readonly userId: UserId
  readonly enabled: boolean
  readonly roles: ReadonlySet<Role>
  /** A program decides on nothing, whatever it may change. */
  readonly byToken: boolean
}

export function expiresProposal(at: Date): Date {
  return new Date(at.getTime() + proposalDaysMax * 24 * 60 * 60_000)
}

/** As it stands now: what nobody decided in time is void, whether or not that is written yet. */
export function stateAt(
  { state, voidReason, expiresAt }: Pick<ProposalFacts, 'state' | 'voidReason' | 'expiresAt'>,
  now: Date,
): { readonly state: ProposalState; readonly voidReason: VoidReason | null } {
  if (state === 'waiting' && expiresAt <= now) return { state: 'void', voidReason: 'expired' }
  return { state, voidReason }
}

export function refuseOnProposal(
  action: ProposalAction,
  facts: ProposalFacts,
  viewer: ProposalViewer,
  now: Date,
): Refusal | null {
  if (!viewer.enabled || viewer.byToken || !viewer.roles.has('admin')) return refusal('not_allowed')
  const isOwn = viewer.userId === facts.authorId
  if (action === 'withdraw' && !isOwn) return refusal('not_allowed')
  if (action !== 'withdraw' && isOwn) return refusal('own_proposal')
  const over = refuseOver(facts, now)
  if (over) return over
  return action === 'accept' && !facts.authorIsAdmin ? refusal('author_not_administrator') : null
}

function refuseOver(facts: ProposalFacts, now: Date): Refusal | null {
  const { state, voidReason } = stateAt(facts, now)
  if (state === 'waiting') return null
  if (state === 'void') {
    return voidReason === 'changed'
      ? refusal('version_conflict', { reason: 'proposal_stale' })
      : refusal('proposal_expired', { expiresAt: facts.expiresAt.toISOString() })
  }
  const { decided } = facts
  return refusal('already_decided', {
    status: state,
    ...(decided && { byName: decided.byName, at: decided.at.toISOString() }),
  })
}

export interface ProposalActionHint {
  readonly name: ProposalAction
  readonly allowed: boolean
  readonly code?: Refusal['code']
  readonly params?: Refusal['params']
}

/** What to offer: withdrawing to its author, the word on it to the others. */
export function actionsOnProposal(
  facts: ProposalFacts,
  viewer: ProposalViewer,
  now: Date,
): ProposalActionHint[] {
  if (!viewer.roles.has('admin') || viewer.byToken) return []
  if (stateAt(facts, now).state !== 'waiting') return []
  const isOwn = viewer.userId === facts.authorId
  return proposalActions
    .filter((name) => name === 'accept' || (name === 'withdraw') === isOwn)
    .map((name) => {
      const refused = refuseOnProposal(name, facts, viewer, now)
      return refused
        ? { name, allowed: false, code: refused.code, params: refused.params }
        : { name, allowed: true }
    })
}
