/** Who decides in an account, and in which accounts a person does. */
import type { AccessApprover } from '#contract/access.ts'
import type { Account, PermissionSet, Person } from '#core/facts.ts'
import type { UserId } from '#core/ids.ts'
import { accountInReach, permissionSetInReach } from '#core/in-reach.ts'
import type { ApproverPolicyThere } from '#core/reach.ts'
import {
  type AccessScope,
  type Key,
  mayFollow,
  type PlacedRow,
  showGroups,
  showPerson,
} from './access-rows.ts'

export function* approverRows(scope: AccessScope, after: Key | null): Generator<PlacedRow> {
  const setCount = countSets(scope)
  if (scope.account !== null) return yield* inAccount(scope, scope.account, { after, setCount })
  const { person, filter } = scope
  if (person === null || !person.enabled) return
  for (const account of scope.rules.evaluator.accountsApprovedBy(person.groupIds)) {
    const place = [account.name, account.accountId] as const
    if (!mayFollow(place, after) || filter.wantsAccount?.(account) === false) continue
    const row = rowOf(scope, person, account, { policies: policiesAt(scope, account), setCount })
    if (row !== null) yield { key: [...place, '', '', ''], row }
  }
}

interface InAccount {
  readonly after: Key | null
  readonly setCount: number
}

function* inAccount(
  scope: AccessScope,
  account: Account,
  { after, setCount }: InAccount,
): Generator<PlacedRow> {
  if (!accountInReach(account)) return
  const { people, filter } = scope
  const policies = policiesAt(scope, account)
  const members = new Set<UserId>(
    policies.flatMap(({ policy }) =>
      policy.approverGroups.flatMap((groupId) => [
        ...(scope.rules.directory.enabledMembers.get(groupId) ?? []),
      ]),
    ),
  )
  const places = [...members].flatMap((userId) => people.placeOf.get(userId) ?? [])
  for (const place of places.toSorted((a, b) => a - b)) {
    const person = people.list[place]
    if (person === undefined || filter.wantsPerson?.(person) === false) continue
    const key = [person.userName, person.userId] as const
    if (!mayFollow(key, after)) continue
    const row = rowOf(scope, person, account, { policies, setCount })
    if (row !== null) yield { key: [...key, '', '', ''], row }
  }
}

function countSets({ rules }: AccessScope): number {
  return [...rules.directory.permissionSets.values()].filter(permissionSetInReach).length
}

/** Narrowed to the sets that are asked about. */
function policiesAt({ rules, filter }: AccessScope, account: Account): ApproverPolicyThere[] {
  const wanted = filter.wantsPermissionSet ?? (() => true)
  return rules.evaluator
    .approverPoliciesAt(account.accountId)
    .map(({ policy, permissionSets }) => ({
      policy,
      permissionSets: permissionSets.filter(wanted),
    }))
    .filter(({ permissionSets }) => permissionSets.length > 0)
}

function rowOf(
  scope: AccessScope,
  person: Person,
  account: Account,
  there: { readonly policies: readonly ApproverPolicyThere[]; readonly setCount: number },
): AccessApprover | null {
  const mine = there.policies.filter(({ policy }) =>
    policy.approverGroups.some((groupId) => person.groupIds.has(groupId)),
  )
  if (mine.length === 0) return null
  const sets = new Set<PermissionSet>(mine.flatMap(({ permissionSets }) => permissionSets))
  const groupIds = new Set(
    mine.flatMap(({ policy }) => policy.approverGroups.filter((id) => person.groupIds.has(id))),
  )
  const { namesMax } = scope.shown
  return {
    kind: 'approver',
    person: showPerson(person),
    accountId: account.accountId,
    accountName: account.name,
    permissionSetNames: [...sets].slice(0, namesMax).map(({ name }) => name),
    permissionSetCount: sets.size,
    everyPermissionSet: sets.size === there.setCount,
    approvalsRequired: Math.max(...mine.map(({ policy }) => policy.approvalsRequired)),
    groups: showGroups(scope, groupIds),
    groupCount: groupIds.size,
    policyIds: mine.slice(0, namesMax).map(({ policy }) => policy.id),
    policyCount: mine.length,
  }
}
