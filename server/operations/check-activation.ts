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
import { approvalBasisOf } from './rights-on-request.ts'
import { inWords } from './words.ts'

export type CheckActivation = (
  tx: Transaction<Schema>,
  requestId: string,
  now: Date,
) => Promise<{ readonly code: string; readonly message: string } | null>

/** Asked by the engine in the transaction of the first intent: may this access still be given? */
export function createCheckActivation(rulesStore: RulesStore): CheckActivation {
  return async (tx, requestId) => {
    const request = await loadRequest(tx, requestId as RequestId)
    if (request === null) throw new Error(`There is no request ${requestId}`)
    const rules = await rulesStore.load(tx)
    const person = await loadPerson(tx, request.requester.userId)
    const refused = lostEligibility(rules, request, person) ?? lostApproval(rules, request, person)
    return refused && { code: refused.code, message: inWords(refused) }
  }
}

function lostApproval(rules: Rules, request: StoredRequest, person: Person | null): Refusal | null {
  if (person === null) return null
  const { breakGlass, target } = request
  const decision = rules.evaluator.eligibility(person, target, { breakGlass })
  if (!decision.eligible || !decision.terms.approvalRequired) return null
  const given = request.decisions.filter((one) => one.decision === 'approved')
  const basis = approvalBasisOf(rules, request)
  if (approvalsStillSuffice(basis, given)) return null
  return refusal('approvals_no_longer_suffice', {
    needed: basis.approvalsRequired,
    given: given.length,
  })
}
