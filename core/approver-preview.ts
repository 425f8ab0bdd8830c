/**
 * Who could decide on what before a change of one approver policy, and who after it. Accounts that
 * no policy tells apart are looked at once, and there permission sets that none tells apart; what
 * policies are kept for a target (the domain's "Approval") is all that decides on it, so that equal
 * combinations are worked out only once.
 *
 * Too few are told for a requester who approves nothing: for a member of the approvers there is
 * one fewer, which the request says when it is made.
 */
import { type ApprovalBasis, approvalBasis, keptPolicies, tooFewApprovers } from './approval.ts'
import type { Approvers } from './approvers.ts'
import { withinReach } from './eligibility-preview.ts'
import type { ApproverPolicy, EnabledMembers } from './facts.ts'
import type { PolicyId, UserId } from './ids.ts'
import { countIn, has, type Mask, numbersIn, overlap, partition, set, union } from './masks.ts'
import type { ApproverDraft } from './policy.ts'
import type { Masked, Matched, PolicyIndex } from './policy-index.ts'

export const approverEffects = [
  'left_with_too_few',
  'still_too_few',
  'fewer_needed',
  'approvers_added',
  'sets_aside_no_more',
  'sets_aside',
  'more_needed',
  'approvers_removed',
  'enough_again',
] as const
export type ApproverEffect = (typeof approverEffects)[number]

export interface ApproverChange {
  readonly before: ApproverPolicy | null
  readonly after: ApproverDraft | null
}

/** The id that a policy which is not saved yet goes by here. */
export const draftPolicyId = 'draft' as PolicyId

export interface ApproverSide {
  readonly approvers: Approvers
  readonly approvalsRequired: number
  readonly exclusive: boolean
  readonly policyIds: readonly PolicyId[]
  /** Of the policy that is short of people; null: enough could approve. */
  readonly tooFew: { readonly needed: number; readonly available: number } | null
}

export interface ApproverGroup extends Matched {
  readonly effects: readonly ApproverEffect[]
  readonly before: ApproverSide
  readonly after: ApproverSide
  readonly accountCount: number
  readonly permissionSetCount: number
}

export interface ApproverComparison {
  readonly groups: readonly ApproverGroup[]
  readonly totals: readonly { readonly effect: ApproverEffect; readonly targets: number }[]
  /** On at least one target more, or less, than before. */
  readonly gaining: ReadonlySet<UserId>
  readonly losing: ReadonlySet<UserId>
  /** Policies that are kept before, and after it are pushed aside on so many targets. */
  readonly setAside: ReadonlyMap<PolicyId, number>
  readonly accounts: number
  readonly accountsCompared: number
}

export const approverStepsMax = 40_000_000

export function compareApprovers(
  index: PolicyIndex,
  { before, after }: ApproverChange,
  enabledMembers: EnabledMembers,
  stepsMax: number = approverStepsMax,
): ApproverComparison {
  const was = before?.enabled ? { policy: before, ...index.maskApprover(before) } : null
  const is = after?.enabled
    ? { policy: asPolicy(after, before), ...index.maskApprover(after) }
    : null
  const ends = [was, is].filter((end) => end !== null).map((end) => withinReach(index, end))
  const [first] = ends
  if (first === undefined) return nothing
  const reach = {
    accounts: ends.map((end) => end.accounts).reduce(union),
    permissionSets: ends.map((end) => end.permissionSets).reduce(union),
  }
  const others = index.approver.filter(
    (one) =>
      one.policy.id !== before?.id &&
      overlap(one.accounts, reach.accounts) &&
      overlap(one.permissionSets, reach.permissionSets),
  )
  return new Comparison({ was, is, others, reach, enabledMembers }).run(stepsMax)
}

function asPolicy(draft: ApproverDraft, before: ApproverPolicy | null): ApproverPolicy {
  return { ...draft, id: before?.id ?? draftPolicyId, version: 0 }
}

const nothing: ApproverComparison = {
  groups: [],
  totals: [],
  gaining: new Set(),
  losing: new Set(),
  setAside: new Map(),
  accounts: 0,
  accountsCompared: 0,
}

interface ComparisonFacts {
  readonly was: Masked<ApproverPolicy> | null
  readonly is: Masked<ApproverPolicy> | null
  readonly others: readonly Masked<ApproverPolicy>[]
  readonly reach: Matched
  readonly enabledMembers: EnabledMembers
}

class Comparison {
  private readonly facts: ComparisonFacts
  private readonly sides = new Map<string, ApproverSide>()
  private readonly rectangles = new Map<string, Rectangle>()

  constructor(facts: ComparisonFacts) {
    this.facts = facts
  }

  run(stepsMax: number): ApproverComparison {
    const { was, is, others, reach } = this.facts
    const ends = [was, is].filter((end) => end !== null)
    const accounts = numbersIn(reach.accounts)
    const sets = numbersIn(reach.permissionSets)
    const parts = partition(
      accounts,
      [...ends, ...others].map((one) => one.accounts),
    )
    let stepsLeft = stepsMax
    let accountsCompared = 0
    for (const part of parts.toSorted((a, b) => b.length - a.length)) {
      if (stepsLeft <= 0) break
      const account = part[0] ?? 0
      const covering = others.filter((one) => has(one.accounts, account))
      const covers = [...ends.filter((one) => has(one.accounts, account)), ...covering]
      const columns = partition(
        sets,
        covers.map((one) => one.permissionSets),
      )
      stepsLeft -= others.length + covers.length * (sets.length + columns.length)
      for (const column of columns) this.compare(part, column, covering)
      accountsCompared += part.length
    }
    return this.conclude(accounts.length, accountsCompared)
  }

  private compare(
    accounts: readonly number[],
    sets: readonly number[],
    covering: readonly Masked<ApproverPolicy>[],
  ): void {
    const { was, is, reach } = this.facts
    const account = accounts[0] ?? 0
    const number = sets[0] ?? 0
    const matches = (one: Masked<ApproverPolicy> | null) =>
      one !== null && has(one.accounts, account) && has(one.permissionSets, number)
    const there = covering.filter((one) => has(one.permissionSets, number))
    const at = (end: Masked<ApproverPolicy> | null) =>
      this.side(
        [...there, ...(end && matches(end) ? [end] : [])].map((one) => one.policy),
        end,
      )
    if (!matches(was) && !matches(is)) return
    const [before, after] = [at(was), at(is)]
    const key = `${before.key}>${after.key}|${sets.join()}`
    const known = this.rectangles.get(key) ?? {
      before: before.side,
      after: after.side,
      accounts: new Uint32Array(reach.accounts.length),
      permissionSets: new Uint32Array(reach.permissionSets.length),
    }
    this.rectangles.set(key, known)
    for (const one of accounts) set(known.accounts, one)
    for (const one of sets) set(known.permissionSets, one)
  }

  /** The changed policy has one id before and after, and is told apart by which end it is of. */
  private side(matching: readonly ApproverPolicy[], end: Masked<ApproverPolicy> | null) {
    const kept = keptPolicies(matching)
    const mine = end !== null && kept.includes(end.policy)
    const which = end === this.facts.was ? 'was' : 'is'
    const key = `${kept.map(({ id }) => id).join()}${mine ? ` ${which}` : ''}`
    const side = this.sides.get(key) ?? sideOf(kept, this.facts.enabledMembers)
    this.sides.set(key, side)
    return { key, side }
  }

  private conclude(accounts: number, accountsCompared: number): ApproverComparison {
    const changed = (this.facts.is ?? this.facts.was)?.policy.id
    const gaining = new Set<UserId>()
    const losing = new Set<UserId>()
    const setAside = new Map<PolicyId, number>()
    const groups: ApproverGroup[] = []
    for (const { before, after, ...matched } of this.rectangles.values()) {
      const aside = setAsideBy(before, after, changed)
      const effects = approverEffectsOf(before, after, aside)
      if (effects.length === 0) continue
      const accountCount = countIn(matched.accounts)
      const permissionSetCount = countIn(matched.permissionSets)
      groups.push({ effects, before, after, ...matched, accountCount, permissionSetCount })
      for (const one of after.approvers) if (!before.approvers.has(one)) gaining.add(one)
      for (const one of before.approvers) if (!after.approvers.has(one)) losing.add(one)
      for (const id of aside.added) {
        setAside.set(id, (setAside.get(id) ?? 0) + accountCount * permissionSetCount)
      }
    }
    const totals = approverEffects.flatMap((effect) => {
      const having = groups.filter(({ effects }) => effects.includes(effect))
      return having.length === 0 ? [] : [{ effect, targets: sum(having.map(targetsOf)) }]
    })
    const shown = groups.toSorted((a, b) => rank(a) - rank(b) || targetsOf(b) - targetsOf(a))
    return { groups: shown, totals, gaining, losing, setAside, accounts, accountsCompared }
  }
}

interface Rectangle extends Matched {
  readonly before: ApproverSide
  readonly after: ApproverSide
  readonly accounts: Mask
  readonly permissionSets: Mask
}

const nobody = '' as UserId

function sideOf(kept: readonly ApproverPolicy[], enabledMembers: EnabledMembers): ApproverSide {
  const basis: ApprovalBasis = approvalBasis(kept, { requesterId: nobody, enabledMembers })
  const short = tooFewApprovers(basis)
  return {
    approvers: basis.approvers,
    approvalsRequired: basis.approvalsRequired,
    exclusive: basis.exclusive,
    policyIds: kept.map(({ id }) => id),
    tooFew: short && {
      needed: Number(short.params.needed),
      available: Number(short.params.available),
    },
  }
}

/** Policies that stop counting, or count again, because of what is exclusive; not the changed one. */
function setAsideBy(before: ApproverSide, after: ApproverSide, changed: PolicyId | undefined) {
  const missing = (from: ApproverSide, to: ApproverSide) =>
    from.policyIds.filter((id) => id !== changed && !to.policyIds.includes(id))
  return { added: missing(before, after), dropped: missing(after, before) }
}

function approverEffectsOf(
  before: ApproverSide,
  after: ApproverSide,
  aside: { readonly added: readonly PolicyId[]; readonly dropped: readonly PolicyId[] },
): ApproverEffect[] {
  const holds: Record<ApproverEffect, boolean> = {
    left_with_too_few: after.tooFew !== null && before.tooFew === null,
    still_too_few: after.tooFew !== null && before.tooFew !== null,
    fewer_needed: after.approvalsRequired < before.approvalsRequired,
    approvers_added: [...after.approvers].some((one) => !before.approvers.has(one)),
    sets_aside_no_more: aside.dropped.length > 0,
    sets_aside: aside.added.length > 0,
    more_needed: after.approvalsRequired > before.approvalsRequired,
    approvers_removed: [...before.approvers].some((one) => !after.approvers.has(one)),
    enough_again: after.tooFew === null && before.tooFew !== null,
  }
  return approverEffects.filter((effect) => holds[effect])
}

function targetsOf(group: ApproverGroup): number {
  return group.accountCount * group.permissionSetCount
}

function rank({ effects: [first] }: ApproverGroup): number {
  return first === undefined ? 0 : approverEffects.indexOf(first)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
