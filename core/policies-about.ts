/** Which policies speak of an account or a permission set, enabled or not. */
import type { Account, Directory, PolicyTargets } from './facts.ts'
import type { AccountId, PermissionSetArn } from './ids.ts'
import { coveredBy, namedBy } from './targets.ts'

/** Every part that is given must be met. */
export interface About {
  readonly accountId?: AccountId | undefined
  readonly permissionSetArn?: PermissionSetArn | undefined
}

interface TargetedPolicy {
  readonly targets: PolicyTargets
  /** Null: every permission set. */
  readonly permissionSets: readonly string[] | null
}

/**
 * What the directory no longer knows lies in no OU and matches no pattern: only a policy that has
 * its very id speaks of it.
 */
export function policiesAbout<Policy extends TargetedPolicy>(
  policies: readonly Policy[],
  about: About,
  directory: Pick<Directory, 'accounts' | 'permissionSets'>,
): Policy[] {
  const isAboutAccount = aboutAccount(about.accountId, directory.accounts)
  const isAboutSet = aboutSet(about.permissionSetArn, directory.permissionSets)
  return policies.filter(
    ({ targets, permissionSets }) => isAboutAccount(targets) && isAboutSet(permissionSets),
  )
}

function aboutAccount(
  accountId: AccountId | undefined,
  accounts: ReadonlyMap<AccountId, Account>,
): (targets: PolicyTargets) => boolean {
  if (accountId === undefined) return () => true
  const account = accounts.get(accountId)
  if (account === undefined) return (targets) => targets.accounts.includes(accountId)
  return (targets) => coveredBy(targets, account) !== null
}

function aboutSet(
  permissionSetArn: PermissionSetArn | undefined,
  permissionSets: Directory['permissionSets'],
): (entries: readonly string[] | null) => boolean {
  if (permissionSetArn === undefined) return () => true
  const permissionSet = permissionSets.get(permissionSetArn)
  if (permissionSet === undefined) return (entries) => entries?.includes(permissionSetArn) ?? false
  return (entries) => entries === null || namedBy(entries, permissionSet) !== null
}
