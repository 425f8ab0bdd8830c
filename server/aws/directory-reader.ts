/**
 * Reading the whole organisation. Four parts go on side by side, since their quotas are apart:
 * people, groups with their members, the tree of OUs and accounts, permission sets. The first
 * failure ends all of them: half a reading is none (the domain's "A bad read harms nobody").
 *
 * Each call waits for its quota's bucket (clients.ts), so the size of an organisation costs time
 * and nothing else. A page that AWS throttles is asked for again, after the pause that everybody
 * then makes; any other failure has had the SDK's three attempts.
 */
import {
  ListGroupMembershipsCommand,
  ListGroupsCommand,
  ListUsersCommand,
} from '@aws-sdk/client-identitystore'
import {
  DescribePermissionSetCommand,
  ListAccountsForProvisionedPermissionSetCommand,
  ListPermissionSetsCommand,
  ListPermissionSetsProvisionedToAccountCommand,
} from '@aws-sdk/client-sso-admin'
import type { GroupId, PermissionSetArn, UserId } from '#core/ids.ts'
import type {
  DirectoryReader,
  DirectorySnapshot,
  GroupRead,
  MembershipRead,
  PermissionSetRead,
  ReadOptions,
  ReadProgress,
  UserRead,
} from '#server/engine/directory-port.ts'
import { confirmAbsences } from './absences.ts'
import type { AwsClients } from './clients.ts'
import { isReadError } from './errors.ts'
import type { InstanceFinder } from './instance.ts'
import { createOffers } from './offers.ts'
import { readOrganization } from './organization.ts'
import { allPages } from './pages.ts'
import { userOf } from './people.ts'
import { createContentsReader } from './permission-set-contents.ts'
import { patiently, type Reading } from './reading.ts'
import { minutesOf } from './session-duration.ts'
import { cleanText } from './text.ts'

export interface DirectoryReaderDeps {
  readonly clients: AwsClients
  readonly instance: InstanceFinder
  readonly monotonicMs?: () => number
}

const pageSize = 100
const groupsAtOnce = 4

export function createDirectoryReader(deps: DirectoryReaderDeps): DirectoryReader {
  const offers = createOffers(deps.monotonicMs)
  return {
    readContents: createContentsReader({ ...deps, offers }),
    async readAll(options) {
      const ended = new AbortController()
      const signals = options.signal ? [ended.signal, options.signal] : [ended.signal]
      const notes: string[] = []
      const reading: Reading = {
        clients: deps.clients,
        at: await deps.instance.find(),
        offers,
        known: options.known,
        abort: { abortSignal: AbortSignal.any(signals) },
        progress: counter(options.onProgress),
        note: (text) => void notes.push(text),
      }
      try {
        const read = await readParts(reading)
        await confirmAbsences(reading, read)
        return { ...read, notes }
      } catch (error) {
        // The instance may have been replaced, or moved to another Region.
        if (isReadError(error, 'not_found') || isReadError(error, 'denied')) deps.instance.forget()
        throw error
      } finally {
        ended.abort()
      }
    },
  }
}

async function readParts(reading: Reading): Promise<Omit<DirectorySnapshot, 'notes'>> {
  const [users, { groups, memberships }, organization, permissionSets] = await Promise.all([
    readUsers(reading),
    readGroups(reading),
    readOrganization(reading),
    readPermissionSets(reading),
  ])
  return { users, groups, memberships, ...organization, permissionSets }
}

function counter(onProgress: ReadOptions['onProgress']): Reading['progress'] {
  let progress: ReadProgress = {
    users: 0,
    groups: 0,
    groupsWithMembersRead: 0,
    organizationalUnits: 0,
    accounts: 0,
    permissionSets: 0,
  }
  return (more) => {
    progress = { ...progress, ...more }
    onProgress?.(progress)
  }
}

async function readUsers({ clients, at, abort, progress }: Reading): Promise<UserRead[]> {
  const client = clients.identityStore(at.region)
  const input = { IdentityStoreId: at.identityStoreId, MaxResults: pageSize }
  const users = new Map<string, UserRead>()
  const list = allPages('ListUsers', (page) =>
    patiently('ListUsers', () => client.send(new ListUsersCommand({ ...input, ...page }), abort)),
  )
  for await (const { Users = [] } of list) {
    for (const user of Users) if (user.UserId !== undefined) users.set(user.UserId, userOf(user))
    progress({ users: users.size })
  }
  return [...users.values()]
}

async function readGroups(
  reading: Reading,
): Promise<{ groups: GroupRead[]; memberships: MembershipRead[] }> {
  const { clients, at, abort, progress } = reading
  const client = clients.identityStore(at.region)
  const input = { IdentityStoreId: at.identityStoreId, MaxResults: pageSize }
  const groups = new Map<GroupId, GroupRead>()
  const list = allPages('ListGroups', (page) =>
    patiently('ListGroups', () => client.send(new ListGroupsCommand({ ...input, ...page }), abort)),
  )
  for await (const { Groups = [] } of list) {
    for (const { GroupId, DisplayName } of Groups) {
      // Ids of AWS's own answers, here and below.
      const groupId = GroupId as GroupId
      groups.set(groupId, { groupId, displayName: cleanText(DisplayName ?? groupId) })
    }
    progress({ groups: groups.size })
  }
  const memberships: MembershipRead[] = []
  const waiting = [...groups.keys()]
  let done = 0
  const work = async () => {
    for (let groupId = waiting.pop(); groupId !== undefined; groupId = waiting.pop()) {
      const members = await readMembers(reading, groupId)
      if (members === null) groups.delete(groupId)
      else for (const userId of members) memberships.push({ groupId, userId })
      done += 1
      progress({ groupsWithMembersRead: done })
    }
  }
  await Promise.all(Array.from({ length: groupsAtOnce }, work))
  return { groups: [...groups.values()], memberships }
}

/** Null: the group was deleted while the others were read. */
async function readMembers(
  { clients, at, abort }: Reading,
  groupId: GroupId,
): Promise<Set<UserId> | null> {
  const client = clients.identityStore(at.region)
  const operation = 'ListGroupMemberships'
  const input = { IdentityStoreId: at.identityStoreId, GroupId: groupId, MaxResults: pageSize }
  const members = new Set<UserId>()
  const list = allPages(operation, (page) =>
    patiently(operation, () =>
      client.send(new ListGroupMembershipsCommand({ ...input, ...page }), abort),
    ),
  )
  try {
    for await (const { GroupMemberships = [] } of list) {
      for (const { MemberId } of GroupMemberships) {
        if (MemberId?.UserId !== undefined) members.add(MemberId.UserId as UserId)
      }
    }
    return members
  } catch (error) {
    if (isReadError(error, 'not_found')) return null
    throw error
  }
}

async function readPermissionSets(reading: Reading): Promise<PermissionSetRead[]> {
  const { clients, at, abort, known, progress } = reading
  const sso = clients.ssoAdmin('other', at.region)
  const arns = new Set<PermissionSetArn>()
  const input = { InstanceArn: at.instanceArn, MaxResults: pageSize }
  const list = allPages('ListPermissionSets', (page) =>
    patiently('ListPermissionSets', () =>
      sso.send(new ListPermissionSetsCommand({ ...input, ...page }), abort),
    ),
  )
  for await (const { PermissionSets = [] } of list) {
    for (const arn of PermissionSets) arns.add(arn as PermissionSetArn)
  }
  const knownSets = new Map(known.permissionSets.map((set) => [set.permissionSetArn, set]))
  const described: Omit<PermissionSetRead, 'inManagementAccount'>[] = []
  for (const arn of arns) {
    const set = knownSets.get(arn) ?? (await describe(reading, arn))
    if (set !== null) described.push(set)
    progress({ permissionSets: described.length })
  }
  const inManagement = await readManagementSets(reading, arns)
  return described.map((set) => ({
    permissionSetArn: set.permissionSetArn,
    name: set.name,
    description: set.description,
    sessionMinutes: set.sessionMinutes,
    inManagementAccount: inManagement?.has(set.permissionSetArn) ?? null,
  }))
}

/** Null: deleted while the others were read. */
async function describe(
  { clients, at, abort }: Reading,
  arn: PermissionSetArn,
): Promise<Omit<PermissionSetRead, 'inManagementAccount'> | null> {
  const sso = clients.ssoAdmin('other', at.region)
  const input = { InstanceArn: at.instanceArn, PermissionSetArn: arn }
  try {
    const { PermissionSet } = await patiently('DescribePermissionSet', () =>
      sso.send(new DescribePermissionSetCommand(input), abort),
    )
    return {
      permissionSetArn: arn,
      name: PermissionSet?.Name ?? arn,
      description: cleanText(PermissionSet?.Description ?? ''),
      sessionMinutes: minutesOf(PermissionSet?.SessionDuration),
    }
  } catch (error) {
    if (isReadError(error, 'not_found')) return null
    throw error
  }
}

/**
 * Sets that a delegated administrator can't touch. Where the account's list is not to be had, each
 * set is asked for its accounts; null where that is not offered either.
 */
async function readManagementSets(
  reading: Reading,
  arns: ReadonlySet<PermissionSetArn>,
): Promise<ReadonlySet<string> | null> {
  const provisioned = await unlessKept(reading, 'ListPermissionSetsProvisionedToAccount', () =>
    listManagementSets(reading),
  )
  if (provisioned !== null) return provisioned
  const found = await unlessKept(reading, 'ListAccountsForProvisionedPermissionSet', async () => {
    const sets = new Set<string>()
    for (const arn of arns) if (await isInManagement(reading, arn)) sets.add(arn)
    return sets
  })
  if (found === null) {
    reading.note('permission sets provisioned in the management account cannot be told apart')
  }
  return found
}

/** Null, with a note, where the endpoint does not offer the operation or the caller may not use it. */
async function unlessKept<Answer>(
  { offers, note }: Reading,
  operation: string,
  read: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    const answer = await offers.ask(operation, read)
    if (answer === null) note(`${operation} is not offered by this endpoint`)
    return answer
  } catch (error) {
    if (!isReadError(error, 'denied')) throw error
    note(`${operation} is not allowed to TEAM: ${error.message}`)
    return null
  }
}

async function listManagementSets({ clients, at, abort }: Reading): Promise<Set<string>> {
  const sso = clients.ssoAdmin('other', at.region)
  const operation = 'ListPermissionSetsProvisionedToAccount'
  const AccountId = at.managementAccountId
  const input = { InstanceArn: at.instanceArn, AccountId, MaxResults: pageSize }
  const sets = new Set<string>()
  const list = allPages(operation, (page) =>
    patiently(operation, () =>
      sso.send(new ListPermissionSetsProvisionedToAccountCommand({ ...input, ...page }), abort),
    ),
  )
  for await (const { PermissionSets = [] } of list) for (const arn of PermissionSets) sets.add(arn)
  return sets
}

async function isInManagement({ clients, at, abort }: Reading, arn: string): Promise<boolean> {
  const sso = clients.ssoAdmin('other', at.region)
  const operation = 'ListAccountsForProvisionedPermissionSet'
  const input = { InstanceArn: at.instanceArn, PermissionSetArn: arn, MaxResults: pageSize }
  const list = allPages(operation, (page) =>
    patiently(operation, () =>
      sso.send(new ListAccountsForProvisionedPermissionSetCommand({ ...input, ...page }), abort),
    ),
  )
  for await (const { AccountIds = [] } of list) {
    if (AccountIds.includes(at.managementAccountId)) return true
  }
  return false
}
