import { principalOf } from './keys.ts'
import type { State } from './state.ts'
import type { Application, Instant } from './types.ts'

export interface Holding {
  accountId: string
  accountName: string
  permissionSetArn: string
  permissionSetName: string
  roleName: string
  sessionDuration: string
  /** Null for an assignment of the person's own, else the group that brings it. */
  throughGroup: string | null
  since: Instant
}

/** What a person can open in the access portal at this moment, their own and through groups. */
export function holdingsOf(state: State, userId: string): Holding[] {
  if (state.users.get(userId)?.status !== 'ENABLED') return []
  const all = Number.MAX_SAFE_INTEGER
  const holdings = heldBy(state, principalOf({ principalType: 'USER', principalId: userId }), null)
  for (const [groupId] of state.membershipsOfUser.at(userId).after('', all)) {
    const name = state.groups.get(groupId)?.displayName ?? groupId
    holdings.push(
      ...heldBy(state, principalOf({ principalType: 'GROUP', principalId: groupId }), name),
    )
  }
  const label = (holding: Holding) => `${holding.accountName} ${holding.permissionSetName}`
  return holdings.sort((one, other) => label(one).localeCompare(label(other)))
}

function heldBy(state: State, principal: string, throughGroup: string | null): Holding[] {
  const holdings: Holding[] = []
  for (const assignment of state.assignmentsOfPrincipal.at(principal).values()) {
    const account = state.accounts.get(assignment.accountId)
    const permissionSet = state.permissionSets.get(assignment.permissionSetArn)
    if (account?.state !== 'ACTIVE' || permissionSet === undefined) continue
    const { accountId, permissionSetArn } = assignment
    const suffix = state.rolesOfAccount.at(accountId).get(permissionSetArn) ?? ''
    holdings.push({
      accountId,
      accountName: account.name,
      permissionSetArn,
      permissionSetName: permissionSet.name,
      roleName: `AWSReservedSSO_${permissionSet.name}_${suffix}`,
      sessionDuration: permissionSet.sessionDuration,
      throughGroup,
      since: assignment.createdAt,
    })
  }
  return holdings
}

export function mayOpen(state: State, userId: string, application: Application): boolean {
  if (state.users.get(userId)?.status !== 'ENABLED') return false
  return application.groups.some((name) => {
    const group = state.groupByName(name)
    return group !== undefined && state.membership(userId, group.groupId) !== undefined
  })
}
