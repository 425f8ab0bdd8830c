/**
 * A row is what a change does at one account, permission set by permission set, to people who stand
 * under certain policies there. It depends on nothing but those policies, so that a thousand
 * accounts and five hundred classes of people usually share a few rows. A row is cut into strips:
 * permission sets that change alike.
 */
import type { EligibilitySettings } from './eligibility.ts'
import { type Transition, Transitions } from './eligibility-effects.ts'
import type { EligibilityPolicy } from './facts.ts'
import { has, type Mask, numbersIn, set, union } from './masks.ts'
import type { EligibilityDraft } from './policy.ts'
import type { Masked, SubjectKey } from './policy-index.ts'
import type { Contribution } from './terms.ts'

type End = Masked<Contribution & Pick<EligibilityDraft, 'subject' | 'enabled'>>

export interface Strip {
  readonly number: number
  readonly transition: Transition
  readonly permissionSets: Mask
}

/** Of one subject, which of its policies cover each account; equal numbers, equal policies. */
interface Cover {
  readonly subject: SubjectKey
  readonly policies: readonly Masked<EligibilityPolicy>[]
  readonly numberAt: Int32Array
}

interface RowFacts {
  readonly covers: readonly Cover[]
  readonly was: End | null
  readonly is: End | null
}

interface Reach {
  readonly before: End | null
  readonly after: End | null
  readonly others: ReadonlyMap<SubjectKey, readonly Masked<EligibilityPolicy>[]>
}

export class Rows {
  stepsLeft: number
  private readonly reach: Reach
  private readonly transitions: Transitions
  private readonly covers = new Map<SubjectKey, Cover>()
  private readonly rows = new Map<string, readonly Strip[]>()
  private readonly strips = new Map<string, Strip>()

  constructor(reach: Reach, settings: EligibilitySettings, stepsMax: number) {
    this.reach = reach
    this.transitions = new Transitions(settings)
    this.stepsLeft = stepsMax
  }

  coversOf(subjects: ReadonlySet<SubjectKey>): Cover[] {
    return [...subjects].flatMap((subject) => {
      const policies = this.reach.others.get(subject)
      if (policies === undefined) return []
      const known = this.covers.get(subject) ?? this.makeCover(subject, policies)
      this.covers.set(subject, known)
      return [known]
    })
  }

  at(account: number, facts: RowFacts): readonly Strip[] {
    let key = `${facts.was ? 1 : 0}${facts.is ? 1 : 0}`
    for (const { subject, numberAt } of facts.covers) {
      const number = numberAt[account] ?? 0
      if (number > 0) key += ` ${subject} ${number}`
    }
    this.stepsLeft -= 10 + facts.covers.length
    const row = this.rows.get(key) ?? this.makeRow(account, facts)
    this.rows.set(key, row)
    this.stepsLeft -= row.length * 2
    return row
  }

  private makeCover(subject: SubjectKey, policies: readonly Masked<EligibilityPolicy>[]): Cover {
    const count = (policies[0]?.accounts.length ?? 0) * 32
    const numberAt = new Int32Array(count)
    const known = new Map<string, number>([['', 0]])
    for (let account = 0; account < count; account += 1) {
      const covering: number[] = []
      for (let i = 0; i < policies.length; i += 1) {
        if (has(policies[i]?.accounts ?? noMask, account)) covering.push(i)
      }
      const key = covering.join()
      const number = known.get(key) ?? known.size
      known.set(key, number)
      numberAt[account] = number
    }
    this.stepsLeft -= count * policies.length
    return { subject, policies, numberAt }
  }

  private makeRow(account: number, { covers, was, is }: RowFacts): Strip[] {
    const ends = [was, is].filter((end) => end !== null)
    const reached = ends.map((end) => end.permissionSets).reduce(union)
    const covering = covers
      .flatMap(({ policies }) => policies.filter((one) => has(one.accounts, account)))
      // The longest first: the first to name a permission set has the largest maximum there.
      .toSorted((a, b) => b.policy.maxDurationMinutes - a.policy.maxDurationMinutes)
    const base = new Base(covering, reached.length)
    const sets = numbersIn(reached)
    this.stepsLeft -= covering.length * reached.length * 8 + sets.length * 20
    const masks = new Map<number, Mask>()
    for (const number of sets) {
      const before = was && has(was.permissionSets, number) ? was.policy : null
      const after = is && has(is.permissionSets, number) ? is.policy : null
      const sum = base.sumOf(number)
      const transition = this.transitions.number(sum, before, after)
      if (transition === 0) continue
      const mask = masks.get(transition) ?? new Uint32Array(reached.length)
      masks.set(transition, mask)
      set(mask, number)
    }
    return [...masks].map(([transition, mask]) => this.strip(transition, mask))
  }

  private strip(transition: number, permissionSets: Mask): Strip {
    const key = `${transition}|${permissionSets.join()}`
    const known = this.strips.get(key)
    if (known) return known
    const number = this.strips.size
    const strip = { number, transition: this.transitions.get(transition), permissionSets }
    this.strips.set(key, strip)
    return strip
  }
}

const noMask: Mask = new Uint32Array(0)

/** What the other policies add up to at one account, per permission set. */
class Base {
  private readonly longest: Int32Array
  private readonly breakGlassLongest: Int32Array
  private readonly approval: Mask
  private readonly ticket: Mask
  private readonly justification: Mask

  constructor(covering: readonly Masked<EligibilityPolicy>[], words: number) {
    this.longest = new Int32Array(words * 32)
    this.breakGlassLongest = new Int32Array(words * 32)
    this.approval = new Uint32Array(words)
    this.ticket = new Uint32Array(words)
    this.justification = new Uint32Array(words)
    const seen = new Uint32Array(words)
    const seenBreakGlass = new Uint32Array(words)
    for (const { policy, permissionSets } of covering) {
      putFirst(this.longest, seen, permissionSets, policy.maxDurationMinutes)
      if (policy.breakGlass) {
        const into = this.breakGlassLongest
        putFirst(into, seenBreakGlass, permissionSets, policy.maxDurationMinutes)
      }
      if (policy.approvalRequired) put(this.approval, permissionSets)
      if (policy.ticketRequired) put(this.ticket, permissionSets)
      if (policy.justificationRequired) put(this.justification, permissionSets)
    }
  }

  sumOf(number: number) {
    return {
      longest: this.longest[number] ?? 0,
      breakGlassLongest: this.breakGlassLongest[number] ?? 0,
      approvalRequired: has(this.approval, number),
      ticketRequired: has(this.ticket, number),
      justificationRequired: has(this.justification, number),
    }
  }
}

function put(into: Mask, from: Mask): void {
  for (let at = 0; at < into.length; at += 1) into[at] = (into[at] ?? 0) | (from[at] ?? 0)
}

/** Where nothing was seen before, this is the value. */
function putFirst(into: Int32Array, seen: Mask, from: Mask, value: number): void {
  for (let at = 0; at < seen.length; at += 1) {
    const known = seen[at] ?? 0
    let fresh = (from[at] ?? 0) & ~known
    if (fresh === 0) continue
    seen[at] = known | fresh
    for (; fresh !== 0; fresh &= fresh - 1) into[at * 32 + 31 - Math.clz32(fresh & -fresh)] = value
  }
}
