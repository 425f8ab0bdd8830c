import type { Account, PermissionSet, PolicyTargets } from './facts.ts'
import type { OuId } from './ids.ts'

/** By which of a policy's targets it covers an account; the narrowest one that does. */
export type CoveredBy =
  | { readonly by: 'account' }
  | { readonly by: 'organizationalUnit'; readonly id: OuId; readonly scope: 'children' | 'subtree' }
  | { readonly by: 'root' }

/**
 * `children` means the accounts directly in the OU, `subtree` those at any depth below it too; the
 * root, named by `root`, means every account of the organisation.
 */
export function coveredBy(
  targets: PolicyTargets,
  account: Pick<Account, 'accountId' | 'ouPath'>,
): CoveredBy | null {
  if (targets.accounts.includes(account.accountId)) return { by: 'account' }
  const unit = deepestUnit(targets, account.ouPath)
  if (unit) return { by: 'organizationalUnit', id: unit.id, scope: unit.scope }
  return targets.root ? { by: 'root' } : null
}

function deepestUnit(targets: PolicyTargets, ouPath: readonly OuId[]) {
  const parentDepth = ouPath.length - 1
  let deepest: PolicyTargets['organizationalUnits'][number] | null = null
  let deepestDepth = -1
  for (const unit of targets.organizationalUnits) {
    const depth = ouPath.indexOf(unit.id)
    const covers = unit.scope === 'children' ? depth === parentDepth : true
    if (depth > deepestDepth && covers) {
      deepest = unit
      deepestDepth = depth
    }
  }
  return deepest
}

/** IAM Identity Center allows no colon in the name of a permission set, so the two never mix. */
export function isArn(entry: string): boolean {
  return entry.startsWith('arn:')
}

/** The first entry that names the permission set, or null. ARNs are compared whole. */
export function namedBy(
  entries: readonly string[],
  permissionSet: Pick<PermissionSet, 'permissionSetArn' | 'name'>,
): string | null {
  for (const entry of entries) {
    const matches = isArn(entry)
      ? entry === permissionSet.permissionSetArn
      : matchesNamePattern(entry, permissionSet.name)
    if (matches) return entry
  }
  return null
}

/**
 * `*` stands for any number of characters, `?` for one; case counts. Only the last `*` is ever
 * gone back to, which suffices for such patterns and keeps the work within the product of the
 * two lengths whatever the pattern.
 */
export function matchesNamePattern(pattern: string, name: string): boolean {
  const want = Array.from(pattern)
  const have = Array.from(name)
  let w = 0
  let h = 0
  let starAt = -1
  let starTook = 0
  while (h < have.length) {
    if (want[w] === '*') {
      starAt = w
      starTook = h
      w += 1
    } else if (w < want.length && (want[w] === '?' || want[w] === have[h])) {
      w += 1
      h += 1
    } else if (starAt >= 0) {
      starTook += 1
      h = starTook
      w = starAt + 1
    } else {
      return false
    }
  }
  while (want[w] === '*') w += 1
  return w === want.length
}
