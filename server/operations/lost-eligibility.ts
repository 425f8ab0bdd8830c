import type { Person } from '#core/facts.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import type { StoredRequest } from '#server/store/requests.ts'
import type { Rules } from '#server/store/rules.ts'

/**
 * Why the requester could not ask for this any more, policies and people being as they are now;
 * null: they could. Asked when it is decided, and when access is about to be created.
 */
export function lostEligibility(
  rules: Rules,
  request: StoredRequest,
  requester: Person | null,
): Refusal | null {
  if (requester === null) return refusal('person_disabled')
  const { breakGlass, durationMinutes } = request
  const decision = rules.evaluator.eligibility(requester, request.target, { breakGlass })
  if (!decision.eligible) return decision.refusal
  const { maxDurationMinutes } = decision.terms
  return durationMinutes > maxDurationMinutes
    ? refusal('duration_too_long', { maxDurationMinutes }, 'durationMinutes')
    : null
}
