/**
 * Whether what a reading of the whole organisation misses is really gone. A list may leave out a page,
 * or what moves while it is read. So before anything known is said to be gone, some of it is asked
 * for by itself; if AWS still knows it, the whole reading is void and is made again later. What is
 * missed in masses is besides held for an administrator's word (store/directory-snapshot.ts).
 */
import {
  DescribeGroupCommand,
  DescribeUserCommand,
  IsMemberInGroupsCommand,
} from '@aws-sdk/client-identitystore'
import { DescribeAccountCommand } from '@aws-sdk/client-organizations'
import { DescribePermissionSetCommand } from '@aws-sdk/client-sso-admin'
import type { DirectorySnapshot } from '#server/store/directory-snapshot.ts'
import { AwsReadError, isReadError } from './errors.ts'
import { patiently, type Reading } from './reading.ts'

/** Of each kind; more is not asked for at each refresh, whatever the size of the organisation. */
const askedMax = 20

type Read = Omit<DirectorySnapshot, 'notes'>

export async function confirmAbsences(reading: Reading, read: Read): Promise<void> {
  const { known } = reading
  const users = new Set(read.users.map((user) => user.userId))
  const groups = new Set(read.groups.map((group) => group.groupId))
  const accounts = new Set(read.accounts.map((account) => account.accountId))
  const sets = new Set(read.permissionSets.map((set) => set.permissionSetArn))
  const memberships = new Set(read.memberships.map(pair))
  const absent = <Item>(items: readonly Item[], isThere: (item: Item) => boolean) =>
    items.filter((item) => !isThere(item)).slice(0, askedMax)

  for (const id of absent(known.userIds, (one) => users.has(one))) await askUser(reading, id)
  for (const id of absent(known.groupIds, (one) => groups.has(one))) await askGroup(reading, id)
  for (const id of absent(known.accountIds, (one) => accounts.has(one))) {
    await askAccount(reading, id)
  }
  for (const { permissionSetArn } of absent(known.permissionSets, (one) =>
    sets.has(one.permissionSetArn),
  )) {
    await askPermissionSet(reading, permissionSetArn)
  }
  // A membership goes with its person or its group; only what lost neither is in question.
  const lost = absent(
    known.memberships.filter(({ userId, groupId }) => users.has(userId) && groups.has(groupId)),
    (one) => memberships.has(pair(one)),
  )
  for (const one of lost) await askMembership(reading, one)
}

const pair = ({ userId, groupId }: { userId: string; groupId: string }) => `${groupId} ${userId}`

async function askUser(reading: Reading, UserId: string): Promise<void> {
  const { client, IdentityStoreId, abort } = store(reading)
  const command = new DescribeUserCommand({ IdentityStoreId, UserId })
  await expectGone(['ListUsers', 'DescribeUser', UserId], () => client.send(command, abort))
}

async function askGroup(reading: Reading, GroupId: string): Promise<void> {
  const { client, IdentityStoreId, abort } = store(reading)
  const command = new DescribeGroupCommand({ IdentityStoreId, GroupId })
  await expectGone(['ListGroups', 'DescribeGroup', GroupId], () => client.send(command, abort))
}

async function askAccount({ clients, abort }: Reading, AccountId: string): Promise<void> {
  const command = new DescribeAccountCommand({ AccountId })
  await expectGone(['ListAccountsForParent', 'DescribeAccount', AccountId], async () => {
    const { Account } = await clients.organizations().send(command, abort)
    return Account
  })
}

async function askPermissionSet(reading: Reading, PermissionSetArn: string): Promise<void> {
  const { clients, at, abort } = reading
  const command = new DescribePermissionSetCommand({
    InstanceArn: at.instanceArn,
    PermissionSetArn,
  })
  await expectGone(['ListPermissionSets', 'DescribePermissionSet', PermissionSetArn], () =>
    clients.ssoAdmin('other', at.region).send(command, abort),
  )
}

async function askMembership(
  reading: Reading,
  { userId, groupId }: { userId: string; groupId: string },
): Promise<void> {
  const { client, IdentityStoreId, abort } = store(reading)
  const command = new IsMemberInGroupsCommand({
    IdentityStoreId,
    MemberId: { UserId: userId },
    GroupIds: [groupId],
  })
  const name = `${userId} in ${groupId}`
  await expectGone(['ListGroupMemberships', 'IsMemberInGroups', name], async () => {
    const { Results = [] } = await client.send(command, abort)
    return Results.find((result) => result.MembershipExists === true)
  })
}

function store({ clients, at, abort }: Reading) {
  return { client: clients.identityStore(at.region), IdentityStoreId: at.identityStoreId, abort }
}

/** `ask` answers what AWS knows of it; undefined, or that it is not found: it is gone. */
async function expectGone(
  [list, operation, name]: [string, string, string],
  ask: () => Promise<object | undefined>,
): Promise<void> {
  try {
    if ((await patiently(operation, ask)) === undefined) return
  } catch (error) {
    if (isReadError(error, 'not_found') || isReadError(error, 'unsupported')) return
    throw error
  }
  const message = `the list did not show ${name}, which AWS still knows`
  throw new AwsReadError(list, { kind: 'conflict', code: 'MissedByList', message }, undefined)
}
