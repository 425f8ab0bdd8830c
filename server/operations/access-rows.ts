/** What the kinds of rows of the access explorer have in common. */
import type { AccessGroup, AccessRow } from '#contract/access.ts'
import type { Account, PermissionSet, Person } from '#core/facts.ts'
import type { AccountId, GroupId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { People } from '#core/people.ts'
import type { ReachQuery } from '#core/reach.ts'
import type { Rules } from '#server/store/rules.ts'

export type AccessFilter = ReachQuery

/** One of the two is there. */
export interface AccessScope {
  readonly account: Account | null
  readonly person: Person | null
  readonly rules: Rules
  readonly people: People
  readonly groupName: (groupId: GroupId) => string
  readonly filter: AccessFilter
  readonly shown: RowsShown
}

export interface RowsShown {
  /** Of policies, groups and sets in one row. */
  readonly namesMax: number
}

/** Where a row stands: its texts compared one after the other, by code unit. */
export type Key = readonly [string, string, string, string, string]

export interface PlacedRow {
  readonly key: Key
  readonly row: AccessRow
}

export function compareKeys(a: Key, b: Key): number {
  for (const [at, text] of a.entries()) {
    const other = b[at] ?? ''
    if (text !== other) return text < other ? -1 : 1
  }
  return 0
}

export function isPast(key: Key, place: Key): boolean {
  return compareKeys(key, place) > 0
}

/** Whether rows that begin with these two texts may come after the place. */
export function mayFollow([first, second]: readonly [string, string], place: Key | null): boolean {
  return place === null || compareKeys([first, second, '\uFFFF', '', ''], place) > 0
}

export function showPerson({ userId, userName, displayName, enabled }: Person) {
  return { userId, userName, displayName, enabled }
}

/** Somebody whom the directory does not know any more. */
export function unknownPerson(userId: UserId): Person {
  const name = { userName: userId, displayName: userId, email: null }
  return { userId, ...name, enabled: false, groupIds: new Set() }
}

export function showAccount({ directory }: Rules, accountId: AccountId) {
  return { accountId, accountName: directory.accounts.get(accountId)?.name ?? accountId }
}

export function showSet({ directory }: Rules, permissionSetArn: PermissionSetArn) {
  const known = directory.permissionSets.get(permissionSetArn)
  const level: PermissionSet['level'] = known?.level ?? 'unknown'
  return { permissionSetArn, permissionSetName: known?.name ?? permissionSetArn, level }
}

export function showGroups(
  { groupName, shown }: AccessScope,
  groupIds: Iterable<GroupId>,
): AccessGroup[] {
  return [...groupIds]
    .slice(0, shown.namesMax)
    .map((groupId) => ({ groupId, displayName: groupName(groupId) }))
}
