/**
 * The domain's "Nobody widens for themselves", where no second administrator said yes: for 30 days a
 * person's own request that a change of theirs makes possible or easier needs another's approval.
 *
 * What is asked is compared with what would be so without their changes. Those are not simply left
 * out, because others have built on them: the versions of each thing are gone through again from
 * before the person's first change, what others changed is changed, member by member, and of what
 * the person changed only that which narrows. So nobody gains by widening far and narrowing half the
 * way back, nor by narrowing first; and what another administrator wrote counts as theirs.
 */
import { type ApprovalBasis, decideApprovers, tooFewApprovers } from './approval.ts'
import { isWithin } from './approvers.ts'
import { decideEligibility, namesPerson } from './eligibility.ts'
import type { PolicyEvaluator } from './evaluator.ts'
import { refuseChain } from './extension.ts'
import type { ApproverPolicy, Directory, EligibilityPolicy, Person } from './facts.ts'
import type { PolicyId, Target } from './ids.ts'
import { approverWidening, eligibilityWidening } from './policy-difference.ts'
import { settingWidens } from './setting-widening.ts'
import type { Settings } from './settings.ts'

export const ownWideningDays = 30

export function ownWideningSince(now: Date): Date {
  return new Date(now.getTime() - ownWideningDays * 24 * 60 * 60_000)
}

/** One state of a thing, and whether the person alone brought it about in the last 30 days. */
export interface Version<Body> {
  /** Null: there is none. */
  readonly body: Body | null
  readonly own: boolean
}

/** Oldest first; the first of each is from before the person's first change. */
export interface OwnChanges {
  readonly eligibility: ReadonlyMap<PolicyId, readonly Version<EligibilityPolicy>[]>
  readonly approver: ReadonlyMap<PolicyId, readonly Version<ApproverPolicy>[]>
  /** Empty: they changed none. */
  readonly settings: readonly Version<Settings>[]
}

type Step<Body> = (body: Body) => Body

/** What would be there had the person's own changes only narrowed. */
export function withoutOwn<Body extends object>(
  versions: readonly Version<Body>[],
  widens: (before: Body | null, after: Body | null) => boolean,
): Body | null {
  const [first, ...later] = versions
  let state = first?.body ?? null
  let before = state
  for (const { body: after, own } of later) {
    const may = (candidate: Body | null) => !own || !widens(state, candidate)
    if (before === null || after === null) {
      // What the person made is not there without them, whatever others made of it.
      if (may(after)) state = after
    } else {
      for (const step of stepsBetween(before, after)) {
        const candidate: Body | null = state === null ? null : step(state)
        if (may(candidate)) state = candidate
      }
    }
    before = after
  }
  return state
}

/** A change as small changes of a member each; of a list, what goes and what comes. */
function stepsBetween<Body extends object>(before: Body, after: Body): Step<Body>[] {
  const old = new Map<string, unknown>(Object.entries(before))
  return Object.entries(after).flatMap(([name, fresh]: [string, unknown]) =>
    changesOf(old.get(name), fresh).map(
      (change): Step<Body> =>
        (body) => ({ ...body, [name]: change(new Map(Object.entries(body)).get(name)) }),
    ),
  )
}

type Change = (value: unknown) => unknown

function changesOf(before: unknown, after: unknown): Change[] {
  if (textOf(before) === textOf(after)) return []
  if (Array.isArray(before) && Array.isArray(after)) return changesOfList(before, after)
  if (name(before) === 'object' && name(after) === 'object' && isGroupOfLists(after)) {
    return Object.entries(after).flatMap(([member, fresh]) =>
      changesOf(memberOf(before, member), fresh).map(
        (change): Change =>
          (value) => ({ ...Object(value), [member]: change(memberOf(value, member)) }),
      ),
    )
  }
  return [() => after]
}

function changesOfList(before: readonly unknown[], after: readonly unknown[]): Change[] {
  const had = new Set(before.map(textOf))
  const has = new Set(after.map(textOf))
  const come = after.filter((one) => !had.has(textOf(one)))
  const goes = (one: unknown) => had.has(textOf(one)) && !has.has(textOf(one))
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
  return [
    ...(before.some(goes) ? [(value: unknown) => list(value).filter((one) => !goes(one))] : []),
    ...(come.length > 0
      ? [
          (value: unknown) => {
            const present = new Set(list(value).map(textOf))
            return [...list(value), ...come.filter((one) => !present.has(textOf(one)))]
          },
        ]
      : []),
  ]
}

/** Targets are changed list by list; a subject is one thing, and changes as a whole. */
function isGroupOfLists(value: unknown): value is object {
  return name(value) === 'object' && Object.values(Object(value)).some(Array.isArray)
}

function name(value: unknown): string {
  return value === null || Array.isArray(value) ? 'other' : typeof value
}

function memberOf(value: unknown, member: string): unknown {
  return new Map<string, unknown>(Object.entries(Object(value))).get(member)
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

export interface OwnWideningFacts {
  readonly person: Person
  readonly changes: OwnChanges
  readonly eligibilityPolicies: readonly EligibilityPolicy[]
  readonly approverPolicies: readonly ApproverPolicy[]
  readonly directory: Directory
  readonly settings: Settings
  readonly evaluator: PolicyEvaluator
}

export interface AskedOnOwn {
  readonly target: Target
  readonly durationMinutes: number
  readonly breakGlass: boolean
  /** Of the chain that it would prolong, so far; null: it stands by itself. */
  readonly chainMinutes: number | null
}

/** Answers of each request whether the person's own changes make it possible or easier. */
export function ownWideningJudge(facts: OwnWideningFacts): (asked: AskedOnOwn) => boolean {
  const { changes, person } = facts
  const none = changes.eligibility.size + changes.approver.size + changes.settings.length === 0
  if (none) return () => false
  const policies = replaced(facts.eligibilityPolicies, changes.eligibility, (before, after) => {
    return eligibilityWidening(before, after).length > 0
  }).filter((policy) => policy.enabled && namesPerson(policy, person))
  const approvers = replaced(facts.approverPolicies, changes.approver, (before, after) => {
    return approverWidening(before, after).length > 0
  })
  const settings = settingsWithout(facts)
  return (asked) => {
    const { target, durationMinutes, breakGlass, chainMinutes } = asked
    const now = facts.evaluator.eligibility(person, target, { breakGlass })
    // What is refused anyhow is made neither possible nor easier.
    if (!now.eligible || durationMinutes > now.terms.maxDurationMinutes) return false
    const named = facts.evaluator.asked(target)
    const then = decideEligibility(person, named, policies, settings, { breakGlass })
    if (!then.eligible || durationMinutes > then.terms.maxDurationMinutes) return true
    if (!now.terms.approvalRequired && then.terms.approvalRequired) return true
    if (chainMinutes !== null) {
      if (!settings.extensionAllowed) return true
      const chain = { chainMinutes, settings, ...then.terms }
      if (refuseChain(chain, durationMinutes)) return true
    }
    if (changes.approver.size === 0) return false
    const { userId: requesterId } = person
    const { enabledMembers } = facts.directory
    const was = decideApprovers(named, approvers, { requesterId, enabledMembers })
    const is = facts.evaluator.approval(target, requesterId)
    if (breakGlass) return was.approvers.size === 0 && is.approvers.size > 0
    return now.terms.approvalRequired && isEasier(was, is)
  }
}

/** Somebody may approve who could not, or fewer need to, or enough can where too few could. */
function isEasier(was: ApprovalBasis, is: ApprovalBasis): boolean {
  return (
    is.approvalsRequired < was.approvalsRequired ||
    !isWithin(is.approvers, was.approvers) ||
    (tooFewApprovers(was) !== null && tooFewApprovers(is) === null)
  )
}

function replaced<Policy extends { readonly id: PolicyId }>(
  policies: readonly Policy[],
  changes: ReadonlyMap<PolicyId, readonly Version<Policy>[]>,
  widens: (before: Policy | null, after: Policy | null) => boolean,
): Policy[] {
  const others = policies.filter(({ id }) => !changes.has(id))
  const without = [...changes.values()].map((versions) => withoutOwn(versions, widens))
  return [...others, ...without.filter((policy) => policy !== null)]
}

function settingsWithout({ changes, settings }: OwnWideningFacts): Settings {
  const widens = (before: Settings | null, after: Settings | null) => {
    const old = new Map<string, unknown>(Object.entries(before ?? {}))
    return Object.entries(after ?? {}).some(([one, value]) =>
      settingWidens(one, old.get(one), value),
    )
  }
  return withoutOwn(changes.settings, widens) ?? settings
}
