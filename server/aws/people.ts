/** What the Identity Store says of single people, read now. */
import {
  DescribeUserCommand,
  GetUserIdCommand,
  type IdentitystoreClient,
  IsMemberInGroupsCommand,
  ListGroupMembershipsForMemberCommand,
  ListUsersCommand,
  type User,
} from '@aws-sdk/client-identitystore'
import type { GroupId, UserId } from '#core/ids.ts'
import type { People, PersonReading, UserRead } from '#server/engine/people-port.ts'
import type { AwsClients } from './clients.ts'
import { type AwsReadError, isReadError, reading } from './errors.ts'
import type { InstanceFinder } from './instance.ts'
import { createOffers } from './offers.ts'
import { allPages } from './pages.ts'
import { cleanText } from './text.ts'

export interface PeopleDeps {
  readonly clients: AwsClients
  readonly instance: InstanceFinder
  /** Groups of the replica: asked one by one where memberships of a person are not listed. */
  readonly knownGroups: () => Promise<readonly GroupId[]>
  readonly monotonicMs?: () => number
}

/** A person waits for this, so it gives up sooner than the background does. */
const personReadMsMax = 8_000
const pageSize = 100
const groupsPerCall = 100

interface Store {
  readonly client: IdentitystoreClient
  readonly IdentityStoreId: string
  readonly abortSignal: AbortSignal
}

export function createPeople(deps: PeopleDeps): People {
  const { clients, instance, knownGroups } = deps
  const offers = createOffers(deps.monotonicMs)

  async function open(): Promise<Store> {
    const { identityStoreId, region } = await instance.find()
    return {
      client: clients.identityStore(region),
      IdentityStoreId: identityStoreId,
      abortSignal: AbortSignal.timeout(personReadMsMax),
    }
  }

  async function groupsOf(store: Store, userId: UserId): Promise<ReadonlySet<GroupId>> {
    const listed = await offers.ask('ListGroupMembershipsForMember', () =>
      listGroupsOf(store, userId),
    )
    if (listed !== null) return listed
    return amongGroups(store, userId, await knownGroups())
  }

  return {
    async findUserId(userName) {
      const store = await open()
      const found = await offers.ask('GetUserId', () => getUserId(store, userName))
      return found === null ? searchUserId(store, userName) : found.userId
    },
    async readPerson(userId): Promise<PersonReading> {
      const store = await open()
      try {
        const [user, groupIds] = await Promise.all([
          reading('DescribeUser', () => describeUser(store, userId)),
          groupsOf(store, userId),
        ])
        return { kind: 'read', user, groupIds }
      } catch (error) {
        if (isReadError(error, 'not_found')) return confirmGone(store, userId, error)
        throw error
      }
    },
    async areMembers(userIds, groupIds) {
      const store = await open()
      const memberships = new Map<UserId, ReadonlySet<GroupId>>()
      for (const userId of new Set(userIds)) {
        memberships.set(userId, await among(store, userId, groupIds))
      }
      return memberships
    },
  }

  /** One unknown group among those asked for makes the whole question fail: then all are listed. */
  async function among(store: Store, userId: UserId, groupIds: readonly GroupId[]) {
    try {
      const answered = await offers
        .ask('IsMemberInGroups', () => amongGroups(store, userId, groupIds))
        .catch(nullIfNotFound)
      if (answered !== null) return answered
      const all = await groupsOf(store, userId)
      return all.intersection(new Set(groupIds))
    } catch (error) {
      return nullIfNotFound(error) ?? new Set<GroupId>()
    }
  }
}

function nullIfNotFound(error: unknown): null {
  if (isReadError(error, 'not_found')) return null
  throw error
}

/** That memberships are not found is no proof that the user is gone. */
async function confirmGone(
  store: Store,
  userId: UserId,
  error: AwsReadError,
): Promise<PersonReading> {
  if (error.operation === 'DescribeUser') return { kind: 'gone' }
  try {
    await reading('DescribeUser', () => describeUser(store, userId))
  } catch (second) {
    if (isReadError(second, 'not_found')) return { kind: 'gone' }
    throw second
  }
  throw error
}

async function getUserId({ client, IdentityStoreId, abortSignal }: Store, userName: string) {
  const AlternateIdentifier = {
    UniqueAttribute: { AttributePath: 'userName', AttributeValue: userName },
  }
  const command = new GetUserIdCommand({ IdentityStoreId, AlternateIdentifier })
  try {
    const { UserId } = await reading('GetUserId', () => client.send(command, { abortSignal }))
    return { userId: (UserId as UserId | undefined) ?? null }
  } catch (error) {
    if (isReadError(error, 'not_found')) return { userId: null }
    throw error
  }
}

/** The deprecated way, for an endpoint that does not offer `GetUserId`. */
async function searchUserId(
  { client, IdentityStoreId, abortSignal }: Store,
  userName: string,
): Promise<UserId | null> {
  const Filters = [{ AttributePath: 'UserName', AttributeValue: userName }]
  const command = new ListUsersCommand({ IdentityStoreId, Filters })
  const { Users = [] } = await reading('ListUsers', () => client.send(command, { abortSignal }))
  const wanted = userName.toLowerCase()
  const user = Users.find((one) => one.UserName?.toLowerCase() === wanted)
  return (user?.UserId as UserId | undefined) ?? null
}

async function describeUser(
  { client, IdentityStoreId, abortSignal }: Store,
  userId: UserId,
): Promise<UserRead> {
  const command = new DescribeUserCommand({ IdentityStoreId, UserId: userId })
  const user = await client.send(command, { abortSignal })
  return userOf({ ...user, UserId: user.UserId ?? userId })
}

/** Only `DISABLED` disables (the domain's "A bad read harms nobody"). */
export function userOf(user: User): UserRead {
  const userName = cleanText(user.UserName ?? user.UserId ?? '')
  const named = [user.Name?.GivenName, user.Name?.FamilyName].filter(Boolean).join(' ')
  const email = user.Emails?.find((one) => one.Primary)?.Value ?? user.Emails?.[0]?.Value
  return {
    // An id of AWS's own answer.
    userId: user.UserId as UserId,
    userName,
    displayName: cleanText(user.DisplayName || user.Name?.Formatted || named || userName),
    email: email ? cleanText(email) : null,
    enabled: user.UserStatus !== 'DISABLED',
  }
}

async function listGroupsOf(
  { client, IdentityStoreId, abortSignal }: Store,
  userId: UserId,
): Promise<ReadonlySet<GroupId>> {
  const groupIds = new Set<GroupId>()
  const input = { IdentityStoreId, MemberId: { UserId: userId }, MaxResults: pageSize }
  const list = allPages('ListGroupMembershipsForMember', (page) =>
    client.send(new ListGroupMembershipsForMemberCommand({ ...input, ...page }), { abortSignal }),
  )
  for await (const { GroupMemberships = [] } of list) {
    for (const { GroupId } of GroupMemberships) {
      if (GroupId !== undefined) groupIds.add(GroupId as GroupId)
    }
  }
  return groupIds
}

async function amongGroups(
  { client, IdentityStoreId, abortSignal }: Store,
  userId: UserId,
  groupIds: readonly GroupId[],
): Promise<ReadonlySet<GroupId>> {
  const found = new Set<GroupId>()
  for (let from = 0; from < groupIds.length; from += groupsPerCall) {
    const GroupIds = groupIds.slice(from, from + groupsPerCall)
    const input = { IdentityStoreId, MemberId: { UserId: userId }, GroupIds }
    const { Results = [] } = await reading('IsMemberInGroups', () =>
      client.send(new IsMemberInGroupsCommand(input), { abortSignal }),
    )
    for (const { GroupId, MembershipExists } of Results) {
      if (MembershipExists === true && GroupId !== undefined) found.add(GroupId as GroupId)
    }
  }
  return found
}
