import { refuseChain } from '#core/extension.ts'
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

/** Beside that: whether an extension could still be asked for, as the settings are now. */
export function lostExtension(
  { evaluator, settings }: Rules,
  of: { request: StoredRequest; parent: StoredRequest | null; requester: Person },
): Refusal | null {
  const { request, parent, requester } = of
  if (parent === null) return null
  if (!settings.extensionAllowed) return refusal('extension_not_allowed')
  const decision = evaluator.eligibility(requester, request.target)
  if (!decision.eligible) return decision.refusal
  const { maxDurationMinutes } = decision.terms
  const chain = { chainMinutes: parent.chainMinutes, maxDurationMinutes, settings }
  return refuseChain(chain, request.durationMinutes)
}
