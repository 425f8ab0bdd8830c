/**
 * The small organisation of tests:
 *
 *   root ─ Workloads ─ Prod ─ "Prod payments"            alice, erin   ask (group users)
 *      │            └─ Dev  ─ "Dev sandbox"              bob, carol    decide (group approvers)
 *      └─ "Management", "Closed" (suspended)             dan           decides too (group seconds)
 *                                                        ada           administers; audrey audits
 *                                                        mallory       is in no group
 */
import type { AccountId, GroupId, OuId, PermissionSetArn, Target, UserId } from '#core/ids.ts'
import type { TestDatabase } from './database.ts'

const uuid = (tail: string) => `00000000-0000-4000-8000-${tail.padStart(12, '0')}`

export const groups = {
  users: uuid('61') as GroupId,
  approvers: uuid('62') as GroupId,
  seconds: uuid('63') as GroupId,
  admins: uuid('64') as GroupId,
  auditors: uuid('65') as GroupId,
}

export const people = {
  alice: uuid('a1') as UserId,
  erin: uuid('a2') as UserId,
  bob: uuid('b1') as UserId,
  carol: uuid('b2') as UserId,
  dan: uuid('b3') as UserId,
  ada: uuid('c1') as UserId,
  audrey: uuid('c2') as UserId,
  mallory: uuid('d1') as UserId,
}
export type PersonName = keyof typeof people

const memberships: Record<PersonName, (keyof typeof groups)[]> = {
  alice: ['users'],
  erin: ['users'],
  bob: ['users', 'approvers'],
  carol: ['approvers'],
  dan: ['seconds'],
  ada: ['admins'],
  audrey: ['auditors'],
  mallory: [],
}

export const ous = {
  root: 'r-test' as OuId,
  workloads: 'ou-test-workload1' as OuId,
  prod: 'ou-test-prod0001' as OuId,
  dev: 'ou-test-dev00001' as OuId,
}

export const accounts = {
  prod: '111111111111' as AccountId,
  dev: '222222222222' as AccountId,
  management: '333333333333' as AccountId,
  closed: '444444444444' as AccountId,
}

const arn = (tail: string) =>
  `arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-${tail.padStart(16, '0')}` as PermissionSetArn

export const permissionSets = {
  readOnly: arn('1'),
  admin: arn('2'),
  billing: arn('3'),
  organizations: arn('4'),
}

export const prodReadOnly: Target = {
  accountId: accounts.prod,
  permissionSetArn: permissionSets.readOnly,
}
export const prodAdmin: Target = {
  accountId: accounts.prod,
  permissionSetArn: permissionSets.admin,
}
export const devReadOnly: Target = {
  accountId: accounts.dev,
  permissionSetArn: permissionSets.readOnly,
}

export async function fillDirectory({ db }: TestDatabase, at: Date): Promise<void> {
  await db
    .insertInto('directory_user')
    .values(
      Object.entries(people).map(([name, id]) => ({
        user_id: id,
        user_name: `${name}@example.com`,
        display_name: name[0]!.toUpperCase() + name.slice(1),
        email: `${name}@example.com`,
        enabled: true,
        read_at: at,
        gone_at: null,
      })),
    )
    .execute()
  await db
    .insertInto('directory_group')
    .values(
      Object.entries(groups).map(([name, id]) => ({
        group_id: id,
        display_name: `TEAM ${name}`,
        gone_at: null,
      })),
    )
    .execute()
  await db
    .insertInto('directory_membership')
    .values(
      Object.entries(memberships).flatMap(([name, of]) =>
        of.map((group) => ({ user_id: people[name as PersonName], group_id: groups[group] })),
      ),
    )
    .execute()
  const ou = (id: OuId, name: string, path: OuId[]) => ({
    ou_id: id,
    name,
    parent_id: path.at(-1) ?? null,
    path: [...path, id],
    gone_at: null,
  })
  await db
    .insertInto('directory_ou')
    .values([
      ou(ous.root, 'Root', []),
      ou(ous.workloads, 'Workloads', [ous.root]),
      ou(ous.prod, 'Prod', [ous.root, ous.workloads]),
      ou(ous.dev, 'Dev', [ous.root, ous.workloads]),
    ])
    .execute()
  const account = (id: AccountId, name: string, path: OuId[], other = {}) => ({
    account_id: id,
    name,
    state: 'ACTIVE',
    ou_path: path,
    is_management: false,
    gone_at: null,
    ...other,
  })
  await db
    .insertInto('directory_account')
    .values([
      account(accounts.prod, 'Prod payments', [ous.root, ous.workloads, ous.prod]),
      account(accounts.dev, 'Dev sandbox', [ous.root, ous.workloads, ous.dev]),
      account(accounts.management, 'Management', [ous.root], { is_management: true }),
      account(accounts.closed, 'Closed', [ous.root], { state: 'SUSPENDED' }),
    ])
    .execute()
  const permissionSet = (id: PermissionSetArn, name: string, other = {}) => ({
    permission_set_arn: id,
    name,
    description: `What ${name} allows`,
    session_minutes: 60,
    level: 'unknown' as const,
    in_management_account: false,
    content_read_at: null,
    gone_at: null,
    ...other,
  })
  await db
    .insertInto('directory_permission_set')
    .values([
      permissionSet(permissionSets.readOnly, 'ReadOnlyAccess', { level: 'read' }),
      permissionSet(permissionSets.admin, 'AdministratorAccess', { level: 'admin' }),
      permissionSet(permissionSets.billing, 'Billing', { session_minutes: null }),
      permissionSet(permissionSets.organizations, 'Organizations', { in_management_account: true }),
    ])
    .execute()
}
