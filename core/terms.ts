/** What policies that match one target add up to: the largest maximum, and the strictest of the rest. */
import type { EligibilitySettings, Terms } from './eligibility.ts'
import type { EligibilityPolicy } from './facts.ts'

/** What the matching policies add up to for one permission set. */
/** What one policy adds. */
export type Contribution = Pick<
  EligibilityPolicy,
  | 'maxDurationMinutes'
  | 'approvalRequired'
  | 'ticketRequired'
  | 'justificationRequired'
  | 'breakGlass'
>

export interface Sum {
  longest: number
  breakGlassLongest: number
  approvalRequired: boolean
  ticketRequired: boolean
  justificationRequired: boolean
}

export function addPolicy(sum: Sum | undefined, policy: Contribution): Sum {
  const minutes = policy.maxDurationMinutes
  const into = sum ?? {
    longest: 0,
    breakGlassLongest: 0,
    approvalRequired: false,
    ticketRequired: false,
    justificationRequired: false,
  }
  into.longest = Math.max(into.longest, minutes)
  if (policy.breakGlass) into.breakGlassLongest = Math.max(into.breakGlassLongest, minutes)
  into.approvalRequired ||= policy.approvalRequired
  into.ticketRequired ||= policy.ticketRequired
  into.justificationRequired ||= policy.justificationRequired
  return into
}

export function termsOf(sum: Sum, settings: EligibilitySettings): Terms {
  const cap = settings.maxDurationMinutes
  const breakGlass = sum.breakGlassLongest > 0
  return {
    maxDurationMinutes: Math.min(sum.longest, cap),
    approvalRequired: settings.approvalRequired && sum.approvalRequired,
    ticketRequired: settings.ticketRequired || sum.ticketRequired,
    justificationRequired: settings.justificationRequired || sum.justificationRequired,
    breakGlass,
    breakGlassMaxDurationMinutes: breakGlass ? Math.min(sum.breakGlassLongest, cap) : null,
  }
}
