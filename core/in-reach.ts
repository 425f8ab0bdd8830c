/** What TEAM can give access to at all, and the order in which it is listed. */
import { outOfReach } from './eligibility.ts'
import type { Account, PermissionSet } from './facts.ts'

export function accountInReach(account: Account): boolean {
  return outOfReach({ account, permissionSet: null }) === null
}

export function permissionSetInReach(permissionSet: PermissionSet): boolean {
  return outOfReach({ account: null, permissionSet }) === null
}

/** By code unit, so that every machine sorts alike. */
function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export function byNameThenId(a: Account, b: Account): number {
  return compareTexts(a.name, b.name) || compareTexts(a.accountId, b.accountId)
}

export function byNameThenArn(a: PermissionSet, b: PermissionSet): number {
  return compareTexts(a.name, b.name) || compareTexts(a.permissionSetArn, b.permissionSetArn)
}
