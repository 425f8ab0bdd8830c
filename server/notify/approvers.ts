import type { RulesStore } from '#server/store/rules.ts'
import type { ApproversOf } from './audience.ts'

/** By today's policies and members. */
export function createApproversOf(rules: RulesStore): ApproversOf {
  return async (db, { target, requester, numbersAtSubmission }) => {
    const { evaluator } = await rules.load(db)
    return [...evaluator.approval(target, requester.userId, numbersAtSubmission).approvers]
  }
}
