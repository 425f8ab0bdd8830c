/** Who could ask for what, as the evaluator of decisions says. */
import type { AccessCouldAsk } from '#contract/access.ts'
import { type ApprovalBasis, tooFewApprovers } from '#core/approval.ts'
import type { ApproverPolicy } from '#core/facts.ts'
import type { GroupId, PolicyId, Target, UserId } from '#core/ids.ts'
import type { CouldAsk } from '#core/reach.ts'
import type { Rules } from '#server/store/rules.ts'
import {
  type AccessScope,
  type Key,
  mayFollow,
  type PlacedRow,
  showAccount,
  showGroups,
  showPerson,
  showSet,
} from './access-rows.ts'

export function* couldAskRows(scope: AccessScope, after: Key | null): Generator<PlacedRow> {
  const basisOf = createBasisFinder(scope.rules)
  for (const one of found(scope, after)) {
    const { person, account, permissionSet } = one
    const subject = scope.account
      ? [person.userName, person.userId]
      : [account.name, account.accountId]
    const [first = '', second = ''] = subject
    yield {
      key: [first, second, permissionSet.name, permissionSet.permissionSetArn, ''],
      row: show(scope, one, basisOf(one)),
    }
  }
}

function found(scope: AccessScope, after: Key | null): Iterable<CouldAsk> {
  const { account, person, people, filter } = scope
  const { evaluator } = scope.rules
  if (account !== null) {
    return evaluator.whoCouldAsk(account.accountId, people, {
      ...filter,
      wantsPerson: (one) =>
        mayFollow([one.userName, one.userId], after) && filter.wantsPerson?.(one) !== false,
    })
  }
  if (person === null) return []
  return evaluator.whatCouldBeAsked(person, {
    ...filter,
    wantsAccount: (one) =>
      mayFollow([one.name, one.accountId], after) && filter.wantsAccount?.(one) !== false,
  })
}

interface Basis {
  readonly basis: ApprovalBasis
  readonly groupIds: ReadonlySet<GroupId>
}

const targetsKeptMax = 1_000
const nobody = '' as UserId

/** Whoever is not among the approvers of a target changes nothing about them, so one answer serves. */
function createBasisFinder({ evaluator, approverPolicies }: Rules) {
  const policies = new Map<PolicyId, ApproverPolicy>(approverPolicies.map((one) => [one.id, one]))
  const kept = new Map<string, Basis>()

  function commonOf(target: Target): Basis {
    const id = `${target.accountId} ${target.permissionSetArn}`
    const known = kept.get(id)
    if (known) return known
    const basis = evaluator.approval(target, nobody)
    const groupIds = new Set(
      basis.quorums.flatMap(({ policyId }) => policies.get(policyId)?.approverGroups ?? []),
    )
    if (kept.size >= targetsKeptMax) kept.clear()
    kept.set(id, { basis, groupIds })
    return { basis, groupIds }
  }

  return ({ person: { userId }, account, permissionSet }: CouldAsk): Basis => {
    const { accountId } = account
    const target = { accountId, permissionSetArn: permissionSet.permissionSetArn }
    const common = commonOf(target)
    if (!common.basis.approvers.has(userId)) return common
    return { ...common, basis: evaluator.approval(target, userId) }
  }
}

function show(scope: AccessScope, one: CouldAsk, { basis, groupIds }: Basis): AccessCouldAsk {
  const { person, account, permissionSet, terms, policies } = one
  const { approvalRequired } = terms
  return {
    kind: 'could-ask',
    person: showPerson(person),
    ...showAccount(scope.rules, account.accountId),
    ...showSet(scope.rules, permissionSet.permissionSetArn),
    maxDurationMinutes: terms.maxDurationMinutes,
    approvalRequired,
    approvalsRequired: approvalRequired ? basis.approvalsRequired : 0,
    approverCount: basis.approvers.size,
    tooFewApprovers: approvalRequired && tooFewApprovers(basis) !== null,
    approverGroups: showGroups(scope, groupIds),
    approverGroupCount: groupIds.size,
    ticketRequired: terms.ticketRequired,
    justificationRequired: terms.justificationRequired,
    breakGlass: terms.breakGlass,
    breakGlassMaxDurationMinutes: terms.breakGlassMaxDurationMinutes,
    policyIds: policies.slice(0, scope.shown.namesMax).map(({ id }) => id),
    policyCount: policies.length,
  }
}
