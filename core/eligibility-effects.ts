/** What a change of policies does to one person and target: from terms, or none, to others, or none. */
import type { EligibilitySettings, Terms } from './eligibility.ts'
import { addPolicy, type Contribution, type Sum, termsOf } from './terms.ts'

export const eligibilityEffects = [
  'gains',
  'longer',
  'approval_dropped',
  'ticket_dropped',
  'justification_dropped',
  'break_glass_gained',
  'loses',
  'shorter',
  'approval_added',
  'ticket_added',
  'justification_added',
  'break_glass_lost',
] as const
export type EligibilityEffect = (typeof eligibilityEffects)[number]

export interface Transition {
  readonly before: Terms | null
  readonly after: Terms | null
  readonly effects: readonly EligibilityEffect[]
}

/** Numbers for what may happen to one person and target; zero is "nothing changes". */
export class Transitions {
  private readonly settings: EligibilitySettings
  private readonly known = new Map<number, Map<number, number>>()
  private readonly all: Transition[] = [{ before: null, after: null, effects: [] }]

  constructor(settings: EligibilitySettings) {
    this.settings = settings
  }

  /** Of what the other policies add up to, with what the changed one adds before and after. */
  number(others: Sum, before: Contribution | null, after: Contribution | null): number {
    const from = codeOf(others, before)
    const to = codeOf(others, after)
    if (from === to) return 0
    const row = this.known.get(from) ?? new Map<number, number>()
    this.known.set(from, row)
    const known = row.get(to)
    if (known !== undefined) return known
    const transition = this.transition(others, before, after)
    const number = transition.effects.length === 0 ? 0 : this.all.push(transition) - 1
    row.set(to, number)
    return number
  }

  get(number: number): Transition {
    return this.all[number] ?? { before: null, after: null, effects: [] }
  }

  private transition(others: Sum, before: Contribution | null, after: Contribution | null) {
    const was = this.terms(others, before)
    const is = this.terms(others, after)
    return { before: was, after: is, effects: effectsOf(was, is) }
  }

  private terms(others: Sum, end: Contribution | null): Terms | null {
    const sum = end ? addPolicy({ ...others }, end) : others
    return sum.longest === 0 ? null : termsOf(sum, this.settings)
  }
}

/** Equal codes, equal sums. Durations are below 2^20 minutes, so this is exact in a double. */
function codeOf(sum: Sum, end: Contribution | null): number {
  const minutes = end?.maxDurationMinutes ?? 0
  const longest = Math.max(sum.longest, minutes)
  const breakGlass = Math.max(sum.breakGlassLongest, end?.breakGlass ? minutes : 0)
  const flags =
    (sum.approvalRequired || end?.approvalRequired ? 1 : 0) +
    (sum.ticketRequired || end?.ticketRequired ? 2 : 0) +
    (sum.justificationRequired || end?.justificationRequired ? 4 : 0)
  return (longest * 2 ** 20 + breakGlass) * 8 + flags
}

export function effectsOf(before: Terms | null, after: Terms | null): EligibilityEffect[] {
  if (before === null) return after === null ? [] : ['gains']
  if (after === null) return ['loses']
  const was = before.breakGlassMaxDurationMinutes ?? 0
  const is = after.breakGlassMaxDurationMinutes ?? 0
  const holds: Record<EligibilityEffect, boolean> = {
    gains: false,
    longer: after.maxDurationMinutes > before.maxDurationMinutes,
    approval_dropped: before.approvalRequired && !after.approvalRequired,
    ticket_dropped: before.ticketRequired && !after.ticketRequired,
    justification_dropped: before.justificationRequired && !after.justificationRequired,
    // A longer break-glass is more of it, so it is told as gained.
    break_glass_gained: is > was,
    loses: false,
    shorter: after.maxDurationMinutes < before.maxDurationMinutes,
    approval_added: !before.approvalRequired && after.approvalRequired,
    ticket_added: !before.ticketRequired && after.ticketRequired,
    justification_added: !before.justificationRequired && after.justificationRequired,
    break_glass_lost: is < was,
  }
  return eligibilityEffects.filter((effect) => holds[effect])
}
