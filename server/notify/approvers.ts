import type { RequestId } from '#core/ids.ts'
import { loadRequest } from '#server/store/requests.ts'
import type { RulesStore } from '#server/store/rules.ts'
import type { ApproversOf } from './audience.ts'

/** By today's policies and members. */
export function createApproversOf(rules: RulesStore): ApproversOf {
  return async (db, requestId) => {
    // An id of ours; one that is not finds nothing.
    const request = await loadRequest(db, requestId as RequestId)
    if (request === null) return []
    const { evaluator } = await rules.load(db)
    const { target, requester, numbersAtSubmission } = request
    return [...evaluator.approval(target, requester.userId, numbersAtSubmission).approvers]
  }
}
