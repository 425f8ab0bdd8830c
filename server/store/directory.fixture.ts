/** Small organisations for tests, and a way to put them into a replica without AWS. */
import type { AccountId, GroupId, OuId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { TestDatabase } from '#test/database.ts'
import { change } from './change.ts'
import { addInParts, applyDifference, prepareSnapshot } from './directory.ts'
import type { DirectorySnapshot } from './directory-snapshot.ts'

export const user = (name: string, more: object = {}) => ({
  userId: `u-${name}` as UserId,
  userName: `${name}@example.com`,
  displayName: name,
  email: null,
  enabled: true,
  ...more,
})
export const group = (name: string) => ({ groupId: `g-${name}` as GroupId, displayName: name })
export const member = (groupName: string, userName: string) => ({
  groupId: `g-${groupName}` as GroupId,
  userId: `u-${userName}` as UserId,
})
export const root = { ouId: 'r-1' as OuId, name: 'Root', parentId: null, path: ['r-1' as OuId] }
export const unit = (name: string, parent = root.path) => ({
  ouId: `ou-${name}` as OuId,
  name,
  parentId: parent.at(-1) ?? null,
  path: [...parent, `ou-${name}` as OuId],
})
export const account = (id: string, more: object = {}) => ({
  accountId: id as AccountId,
  name: `account ${id}`,
  state: 'ACTIVE',
  ouPath: root.path,
  isManagement: false,
  ...more,
})
export const set = (name: string, more: object = {}) => ({
  permissionSetArn: `arn:aws:sso:::permissionSet/ssoins-1/ps-${name}` as PermissionSetArn,
  name,
  description: '',
  sessionMinutes: 60,
  inManagementAccount: false,
  ...more,
})

export const empty: DirectorySnapshot = {
  users: [],
  groups: [],
  memberships: [],
  organizationalUnits: [],
  accounts: [],
  permissionSets: [],
  notes: [],
}

export async function applySnapshot(
  database: TestDatabase,
  snapshot: Partial<DirectorySnapshot>,
  readAt: Date,
) {
  const { difference } = await prepareSnapshot(database.db, { ...empty, ...snapshot })
  const hold = () => Promise.resolve()
  await addInParts(database.db, readAt, { difference, readAt, hold }, {})
  return change(database.db, readAt, (c) =>
    applyDifference(c, { difference, readAt, remove: true }),
  )
}
