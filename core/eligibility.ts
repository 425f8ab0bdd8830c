/**
 * May this person ask for this target, and on what terms (the domain page's "Eligibility").
 * This is the definition; `compiled.ts` answers the same faster and is tested against it.
 */
import type { Account, EligibilityPolicy, PermissionSet, Person } from './facts.ts'
import type { PolicyId } from './ids.ts'
import type { Refusal } from './refusals.ts'
import { refusal } from './refusals.ts'
import type { Settings } from './settings.ts'
import { type CoveredBy, coveredBy, namedBy } from './targets.ts'

export type EligibilitySettings = Pick<
  Settings,
  'maxDurationMinutes' | 'approvalRequired' | 'ticketRequired' | 'justificationRequired'
>

export interface EligibilityOptions {
  /** Only policies with `breakGlass` count, and nobody needs to approve. */
  readonly breakGlass?: boolean
  /** The person widened this access for themselves: another must approve, whatever else says. */
  readonly mustBeApprovedByAnother?: boolean
}

export interface Terms {
  readonly maxDurationMinutes: number
  readonly approvalRequired: boolean
  readonly ticketRequired: boolean
  readonly justificationRequired: boolean
  /** Whether the person could also take this target by break-glass, and for how long. */
  readonly breakGlass: boolean
  readonly breakGlassMaxDurationMinutes: number | null
}

/** Which part stands in the way: who asks, the account, the permission set, or break-glass. */
export type FailedPart = 'subject' | 'account' | 'permissionSet' | 'breakGlass'

export type OutOfReach =
  | 'account_not_active'
  | 'management_account'
  | 'permission_set_in_management_account'

/** How close their own policies come to what was refused. */
export type NearMiss = 'account_for_other_sets' | 'set_for_other_accounts' | 'without_break_glass'

/** An enabled policy that names the person, or a group of theirs. */
export interface PolicyLookedAt {
  readonly policyId: PolicyId
  readonly version: number
  readonly subject: EligibilityPolicy['subject']
  readonly accountMatches: boolean
  readonly permissionSetMatches: boolean
  /** Whether it matched in full, so that it had a say. */
  readonly counts: boolean
  readonly coveredBy: CoveredBy | null
  readonly namedBy: string | null
  readonly maxDurationMinutes: number
  readonly approvalRequired: boolean
  readonly ticketRequired: boolean
  readonly justificationRequired: boolean
  readonly breakGlass: boolean
}

/** What was decided on one point, and by whom: policies, a setting, or a rule of TEAM's. */
export interface Won<Value> {
  readonly value: Value
  readonly policyIds: readonly PolicyId[]
  readonly otherwise: 'setting' | 'break_glass' | 'own_widening' | null
}

export interface Explanation {
  readonly failed: FailedPart | null
  /** Empty where they are eligible. */
  readonly nearMisses: readonly NearMiss[]
  readonly outOfReach: OutOfReach | null
  readonly breakGlass: boolean
  /** Those that count first, then by id; at most `policiesExplainedMax` of them. */
  readonly policies: readonly PolicyLookedAt[]
  readonly policyCount: number
  readonly won: {
    readonly maxDurationMinutes: Won<number>
    readonly approvalRequired: Won<boolean>
    readonly ticketRequired: Won<boolean>
    readonly justificationRequired: Won<boolean>
  } | null
}

export type EligibilityDecision =
  | { readonly eligible: true; readonly terms: Terms; readonly explanation: Explanation }
  | { readonly eligible: false; readonly refusal: Refusal; readonly explanation: Explanation }

/** What is asked about. Null: the directory does not know it (any more). */
export interface AskedFor {
  readonly account: Account | null
  readonly permissionSet: PermissionSet | null
}

/** How far one policy matches; the subject has matched already. */
export interface Looked {
  readonly policy: EligibilityPolicy
  readonly accountMatches: boolean
  readonly permissionSetMatches: boolean
}

export const policiesExplainedMax = 50

export function outOfReach(asked: AskedFor): OutOfReach | null {
  if (asked.account?.isManagement) return 'management_account'
  if (asked.account && asked.account.state !== 'ACTIVE') return 'account_not_active'
  if (asked.permissionSet?.inManagementAccount) return 'permission_set_in_management_account'
  return null
}

export function namesPerson(policy: EligibilityPolicy, person: Person): boolean {
  return policy.subject.type === 'user'
    ? policy.subject.id === person.userId
    : person.groupIds.has(policy.subject.id)
}

export function decideEligibility(
  person: Person,
  asked: AskedFor,
  policies: readonly EligibilityPolicy[],
  settings: EligibilitySettings,
  options: EligibilityOptions = {},
): EligibilityDecision {
  const looked = policies
    .filter((policy) => policy.enabled && namesPerson(policy, person))
    .map((policy) => ({
      policy,
      accountMatches: asked.account !== null && coveredBy(policy.targets, asked.account) !== null,
      permissionSetMatches:
        asked.permissionSet !== null &&
        namedBy(policy.permissionSets, asked.permissionSet) !== null,
    }))
  return concludeEligibility(person, asked, looked, settings, options)
}

/** From what was found to match to the decision and its explanation; order does not matter. */
export function concludeEligibility(
  person: Person,
  asked: AskedFor,
  looked: readonly Looked[],
  settings: EligibilitySettings,
  options: EligibilityOptions,
): EligibilityDecision {
  const breakGlass = options.breakGlass ?? false
  const outside = outOfReach(asked)
  const matching = looked.filter((one) => one.accountMatches && one.permissionSetMatches)
  const counting = breakGlass ? matching.filter((one) => one.policy.breakGlass) : matching
  const usable = person.enabled && outside === null
  const explained = {
    nearMisses: counting.length === 0 ? nearMissesOf(looked, matching) : [],
    outOfReach: outside,
    breakGlass,
    policies: explainPolicies(asked, looked, usable ? counting : []),
    policyCount: looked.length,
  }
  if (!person.enabled) {
    const explanation = { ...explained, failed: 'subject', won: null } as const
    return { eligible: false, refusal: refusal('person_disabled'), explanation }
  }
  if (outside !== null) {
    const explanation = { ...explained, failed: null, won: null }
    const refused = refusal('out_of_reach', { reason: outside }, 'targets')
    return { eligible: false, refusal: refused, explanation }
  }
  if (counting.length === 0) {
    const failed = failedPart(looked, matching)
    const explanation = { ...explained, failed, won: null }
    return {
      eligible: false,
      refusal: refusal('not_eligible', { failed }, 'targets'),
      explanation,
    }
  }
  const byId = counting.map((one) => one.policy).toSorted(byPolicyId)
  const won = whatWins(byId, settings, options)
  return {
    eligible: true,
    terms: {
      maxDurationMinutes: won.maxDurationMinutes.value,
      approvalRequired: won.approvalRequired.value,
      ticketRequired: won.ticketRequired.value,
      justificationRequired: won.justificationRequired.value,
      ...breakGlassTerms(byId, settings),
    },
    explanation: { ...explained, failed: null, won },
  }
}

/** The part that the policy which came furthest stopped at. */
function failedPart(looked: readonly Looked[], matching: readonly Looked[]): FailedPart {
  if (matching.length > 0) return 'breakGlass'
  if (looked.length === 0) return 'subject'
  return looked.some((one) => one.accountMatches) ? 'permissionSet' : 'account'
}

function nearMissesOf(looked: readonly Looked[], matching: readonly Looked[]): NearMiss[] {
  if (matching.length > 0) return ['without_break_glass']
  const misses: NearMiss[] = []
  if (looked.some((one) => one.accountMatches)) misses.push('account_for_other_sets')
  if (looked.some((one) => one.permissionSetMatches)) misses.push('set_for_other_accounts')
  return misses
}

function whatWins(
  counting: readonly EligibilityPolicy[],
  settings: EligibilitySettings,
  options: EligibilityOptions,
) {
  return {
    maxDurationMinutes: longest(counting, settings.maxDurationMinutes),
    approvalRequired: approvalWins(counting, settings, options),
    ticketRequired: strictest(counting, 'ticketRequired', settings.ticketRequired, null),
    justificationRequired: strictest(
      counting,
      'justificationRequired',
      settings.justificationRequired,
      options.breakGlass ? 'break_glass' : null,
    ),
  }
}

function longest(counting: readonly EligibilityPolicy[], cap: number): Won<number> {
  const largest = Math.max(...counting.map((policy) => policy.maxDurationMinutes))
  const policyIds = counting
    .filter((policy) => policy.maxDurationMinutes === largest)
    .map((policy) => policy.id)
  return largest > cap
    ? { value: cap, policyIds, otherwise: 'setting' }
    : { value: largest, policyIds, otherwise: null }
}

function approvalWins(
  counting: readonly EligibilityPolicy[],
  settings: EligibilitySettings,
  options: EligibilityOptions,
): Won<boolean> {
  const policyIds = counting.filter((policy) => policy.approvalRequired).map((policy) => policy.id)
  if (options.mustBeApprovedByAnother) return { value: true, policyIds, otherwise: 'own_widening' }
  if (options.breakGlass) return { value: false, policyIds: [], otherwise: 'break_glass' }
  if (!settings.approvalRequired) return { value: false, policyIds: [], otherwise: 'setting' }
  return { value: policyIds.length > 0, policyIds, otherwise: null }
}

function strictest(
  counting: readonly EligibilityPolicy[],
  point: 'ticketRequired' | 'justificationRequired',
  bySetting: boolean,
  byRule: 'break_glass' | null,
): Won<boolean> {
  const policyIds = counting.filter((policy) => policy[point]).map((policy) => policy.id)
  const otherwise = byRule ?? (bySetting ? 'setting' : null)
  return { value: policyIds.length > 0 || otherwise !== null, policyIds, otherwise }
}

function breakGlassTerms(counting: readonly EligibilityPolicy[], settings: EligibilitySettings) {
  const durations = counting
    .filter((policy) => policy.breakGlass)
    .map((policy) => policy.maxDurationMinutes)
  if (durations.length === 0) return { breakGlass: false, breakGlassMaxDurationMinutes: null }
  const longestMinutes = Math.min(Math.max(...durations), settings.maxDurationMinutes)
  return { breakGlass: true, breakGlassMaxDurationMinutes: longestMinutes }
}

function explainPolicies(
  asked: AskedFor,
  looked: readonly Looked[],
  counting: readonly Looked[],
): PolicyLookedAt[] {
  const counted = new Set(counting)
  return looked
    .toSorted((a, b) => {
      const first = Number(counted.has(b)) - Number(counted.has(a))
      return first === 0 ? byPolicyId(a.policy, b.policy) : first
    })
    .slice(0, policiesExplainedMax)
    .map((one) => explainPolicy(asked, one, counted.has(one)))
}

function explainPolicy(asked: AskedFor, looked: Looked, counts: boolean): PolicyLookedAt {
  const { policy, accountMatches, permissionSetMatches } = looked
  const { account, permissionSet } = asked
  return {
    policyId: policy.id,
    version: policy.version,
    subject: policy.subject,
    accountMatches,
    permissionSetMatches,
    counts,
    coveredBy: accountMatches && account ? coveredBy(policy.targets, account) : null,
    namedBy:
      permissionSetMatches && permissionSet ? namedBy(policy.permissionSets, permissionSet) : null,
    maxDurationMinutes: policy.maxDurationMinutes,
    approvalRequired: policy.approvalRequired,
    ticketRequired: policy.ticketRequired,
    justificationRequired: policy.justificationRequired,
    breakGlass: policy.breakGlass,
  }
}

export function byPolicyId(a: { readonly id: PolicyId }, b: { readonly id: PolicyId }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
