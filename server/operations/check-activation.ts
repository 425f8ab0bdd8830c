import type { Transaction } from 'kysely'
import { approvalsStillSuffice } from '#core/approval.ts'
import type { Person } from '#core/facts.ts'
import type { RequestId } from '#core/ids.ts'
import { type Refusal, refusal } from '#core/refusals.ts'
import { loadPerson } from '#server/store/people.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { lostEligibility } from './lost-eligibility.ts'
import { loadOwnWidening } from './own-widening.ts'
import { approvalBasisOf } from './rights-on-request.ts'
import { inWords } from './words.ts'

export type CheckActivation = (
  tx: Transaction<Schema>,
  requestId: string,
  now: Date,
) => Promise<{ readonly code: string; readonly message: string } | null>

/** Asked by the engine in the transaction of the first intent: may this access still be given? */
export function createCheckActivation(rulesStore: RulesStore): CheckActivation {
  return async (tx, requestId, now) => {
    const request = await loadRequest(tx, requestId as RequestId)
    if (request === null) throw new Error(`There is no request ${requestId}`)
    const rules = await rulesStore.load(tx)
    const person = await loadPerson(tx, request.requester.userId)
    const refused =
      lostEligibility(rules, request, person) ??
      (person && (await lostApproval(tx, rules, { request, person, now })))
    return refused && { code: refused.code, message: inWords(refused) }
  }
}

async function lostApproval(
  tx: Transaction<Schema>,
  rules: Rules,
  { request, person, now }: { request: StoredRequest; person: Person; now: Date },
): Promise<Refusal | null> {
  const { breakGlass, target, durationMinutes, extendsId } = request
  const chainMinutes = extendsId === null ? null : request.chainMinutes - durationMinutes
  const asked = { target, durationMinutes, breakGlass, chainMinutes }
  const widened = await loadOwnWidening(tx, rules, { person, now })
  const mustBeApprovedByAnother = widened(asked)
  const options = { breakGlass, mustBeApprovedByAnother }
  const decision = rules.evaluator.eligibility(person, target, options)
  if (!decision.eligible || !decision.terms.approvalRequired) return null
  const given = request.decisions.filter((one) => one.decision === 'approved')
  const basis = approvalBasisOf(rules, request)
  if (approvalsStillSuffice(basis, given)) return null
  return refusal('approvals_no_longer_suffice', {
    needed: basis.approvalsRequired,
    given: given.length,
  })
}
