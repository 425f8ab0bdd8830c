/**
 * Who could ask for what before a change of one eligibility policy, and who after it: the same
 * answers as asking the evaluator about every person and target twice, without doing that.
 *
 * Only people whom the policy names before or after are affected, and only where it reaches
 * before or after. Of those people, some stand under the very same other policies; they form one
 * class, and the caller (the store, in SQL) says how many people each class has. For a class,
 * accounts under the very same policies are compared once (`eligibility-rows.ts`). What changes in
 * the same way is put together into groups: people × accounts × permission sets.
 *
 * The work is bounded: classes are compared from the largest down until `stepsMax` simple steps
 * are done. Then `peopleCompared` is less than `people`, and counts are "at least".
 */
import type { EligibilitySettings, Terms } from './eligibility.ts'
import { type EligibilityEffect, eligibilityEffects } from './eligibility-effects.ts'
import { Rows, type Strip } from './eligibility-rows.ts'
import type { EligibilityPolicy } from './facts.ts'
import { countIn, eachIn, has, intersection, type Mask, overlap, set, union } from './masks.ts'
import type { EligibilityDraft } from './policy.ts'
import {
  type Masked,
  type Matched,
  type PolicyIndex,
  type SubjectKey,
  subjectKey,
} from './policy-index.ts'
import type { Contribution } from './terms.ts'

export interface EligibilityChange {
  /** What is replaced or deleted; null: the policy is new. */
  readonly before: EligibilityPolicy | null
  /** Null: it is deleted. */
  readonly after: EligibilityDraft | null
}

type Draft = Pick<EligibilityDraft, 'subject' | 'enabled'> & Contribution

export interface EligibilityReach {
  readonly before: Masked<Draft> | null
  readonly after: Masked<Draft> | null
  /** By subject, the other policies that have a say somewhere in the reach. */
  readonly others: ReadonlyMap<SubjectKey, readonly Masked<EligibilityPolicy>[]>
  /** Whom the change is about; at most two. */
  readonly named: readonly SubjectKey[]
}

export function reachOfChange(
  index: PolicyIndex,
  { before, after }: EligibilityChange,
): EligibilityReach {
  const inReach = (draft: EligibilityDraft | null): Masked<Draft> | null => {
    if (!draft?.enabled) return null
    const { accounts, permissionSets } = withinReach(index, index.maskEligibility(draft))
    return { policy: draft, accounts, permissionSets }
  }
  const ends = [inReach(before), inReach(after)].filter((one) => one !== null)
  const others = new Map<SubjectKey, Masked<EligibilityPolicy>[]>()
  for (const [subject, policies] of index.bySubject) {
    const having = policies.filter(({ policy, accounts, permissionSets }) => {
      if (policy.id === before?.id) return false
      return ends.some(
        (end) => overlap(end.accounts, accounts) && overlap(end.permissionSets, permissionSets),
      )
    })
    if (having.length > 0) others.set(subject, having)
  }
  return {
    before: inReach(before),
    after: inReach(after),
    others,
    named: [...new Set(ends.map((end) => subjectKey(end.policy.subject)))],
  }
}

export function withinReach(index: PolicyIndex, matched: Matched): Matched {
  const { accountsInReach, permissionSetsInReach } = index.numbered
  return {
    accounts: intersection(matched.accounts, accountsInReach),
    permissionSets: intersection(matched.permissionSets, permissionSetsInReach),
  }
}

/** Enabled people who stand under the same of the named subjects and of those of `others`. */
export interface PeopleClass {
  readonly subjects: readonly SubjectKey[]
  readonly count: number
}

export interface EligibilityGroup extends Matched {
  readonly effects: readonly EligibilityEffect[]
  readonly before: Terms | null
  readonly after: Terms | null
  /** Positions in the classes that were handed in. */
  readonly classes: readonly number[]
  readonly people: number
  readonly accountCount: number
  readonly permissionSetCount: number
}

export interface EligibilityEffectTotal {
  readonly effect: EligibilityEffect
  readonly people: number
  /** Pairs of a person and a target. */
  readonly keys: number
}

export interface EligibilityComparison {
  /** The largest first, what widens before what narrows. */
  readonly groups: readonly EligibilityGroup[]
  readonly totals: readonly EligibilityEffectTotal[]
  readonly people: number
  readonly peopleCompared: number
}

/** Somewhat less than a second of one processor. */
export const previewStepsMax = 60_000_000

export function compareEligibility(
  reach: EligibilityReach,
  classes: readonly PeopleClass[],
  settings: EligibilitySettings,
  stepsMax: number = previewStepsMax,
): EligibilityComparison {
  const rows = new Rows(reach, settings, stepsMax)
  const groups = new Map<string, Found>()
  let peopleCompared = 0
  const bySize = [...classes.entries()].toSorted(([, a], [, b]) => b.count - a.count)
  for (const [at, { subjects, count }] of bySize) {
    if (rows.stepsLeft <= 0) break
    for (const [strip, accounts] of compareClass(reach, new Set(subjects), rows)) {
      const key = `${strip.number}|${accounts.join()}`
      const known = groups.get(key)
      if (known) known.classes.push(at)
      else groups.set(key, { strip, accounts, classes: [at] })
    }
    peopleCompared += count
  }
  const shown = [...groups.values()].map((found) => showGroup(found, classes))
  return {
    groups: shown.toSorted(byWeight),
    totals: totalsOf(shown, classes),
    people: classes.reduce((sum, { count }) => sum + count, 0),
    peopleCompared,
  }
}

interface Found {
  readonly strip: Strip
  readonly accounts: Mask
  readonly classes: number[]
}

/** A class is compared whole, even if the steps run out meanwhile. */
function compareClass(
  { before, after }: EligibilityReach,
  subjects: ReadonlySet<SubjectKey>,
  rows: Rows,
): Map<Strip, Mask> {
  const was = before && subjects.has(subjectKey(before.policy.subject)) ? before : null
  const is = after && subjects.has(subjectKey(after.policy.subject)) ? after : null
  const found = new Map<Strip, Mask>()
  const ends = [was, is].filter((end) => end !== null)
  if (ends.length === 0) return found
  const reached = ends.map((end) => end.accounts).reduce(union)
  const covers = rows.coversOf(subjects)
  eachIn(reached, (account) => {
    const wasThere = was && has(was.accounts, account) ? was : null
    const isThere = is && has(is.accounts, account) ? is : null
    for (const strip of rows.at(account, { covers, was: wasThere, is: isThere })) {
      const accounts = found.get(strip) ?? new Uint32Array(reached.length)
      found.set(strip, accounts)
      set(accounts, account)
    }
  })
  return found
}

function showGroup(
  { strip, accounts, classes: at }: Found,
  classes: readonly PeopleClass[],
): EligibilityGroup {
  return {
    ...strip.transition,
    accounts,
    permissionSets: strip.permissionSets,
    classes: at,
    people: at.reduce((sum, one) => sum + (classes[one]?.count ?? 0), 0),
    accountCount: countIn(accounts),
    permissionSetCount: countIn(strip.permissionSets),
  }
}

function keysOf(group: EligibilityGroup): number {
  return group.people * group.accountCount * group.permissionSetCount
}

function byWeight(a: EligibilityGroup, b: EligibilityGroup): number {
  const rank = ({ effects: [first] }: EligibilityGroup) =>
    first === undefined ? 0 : eligibilityEffects.indexOf(first)
  return rank(a) - rank(b) || keysOf(b) - keysOf(a)
}

function totalsOf(
  groups: readonly EligibilityGroup[],
  classes: readonly PeopleClass[],
): EligibilityEffectTotal[] {
  return eligibilityEffects.flatMap((effect) => {
    const having = groups.filter(({ effects }) => effects.includes(effect))
    if (having.length === 0) return []
    const affected = new Set(having.flatMap((group) => group.classes))
    const people = [...affected].reduce((sum, at) => sum + (classes[at]?.count ?? 0), 0)
    return [{ effect, people, keys: having.reduce((sum, group) => sum + keysOf(group), 0) }]
  })
}
