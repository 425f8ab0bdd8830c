import type { Ids } from './random.ts'
import type {
  Account,
  Change,
  Group,
  Instant,
  Organisation,
  OrganizationalUnit,
  PermissionSet,
  User,
} from './types.ts'

/** Makes changes that found an organisation, with ids of its own and everything made at one time. */
export class Founder {
  readonly changes: Change[] = []
  readonly organisation: Organisation
  readonly #ids: Ids
  readonly #at: Instant

  constructor(ids: Ids, at: Instant) {
    this.#ids = ids
    this.#at = at
    this.organisation = {
      organizationId: ids.organizationId(),
      rootId: ids.rootId(),
      managementAccountId: ids.accountId(),
      delegatedAdministratorId: ids.accountId(),
      instanceArn: ids.instanceArn(),
      identityStoreId: ids.identityStoreId(),
      primaryRegion: 'us-east-1',
      sesDomains: ['example.net'],
      createdAt: at,
    }
    this.changes.push({ type: 'organisation', value: this.organisation })
  }

  /** No service is trusted, nobody administers one, and SES has verified no domain. */
  setNothingUp(): void {
    this.changes.push(
      { type: 'organisation', value: { ...this.organisation, sesDomains: [] } },
      { type: 'organization-services', value: { trusted: [], delegated: [] } },
    )
  }

  unit(name: string, parentId: string): OrganizationalUnit {
    const id = this.#ids.organizationalUnitId(this.organisation.rootId)
    const value = { id, name, parentId }
    this.changes.push({ type: 'organizational-unit', value })
    return value
  }

  account(name: string, parentId: string, given: Partial<Account> = {}): Account {
    const value: Account = {
      accountId: this.#ids.accountId(),
      name,
      email: `aws+${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}@example.com`,
      parentId,
      state: 'ACTIVE',
      joinedMethod: 'CREATED',
      joinedAt: this.#at,
      ...given,
    }
    this.changes.push({ type: 'account', value })
    return value
  }

  user(userName: string, displayName: string, given: Partial<User> = {}): User {
    const value: User = {
      userId: `${this.organisation.identityStoreId.slice(2)}-${this.#ids.uuid()}`,
      userName,
      displayName,
      email: `${userName}@example.com`,
      status: 'ENABLED',
      createdAt: this.#at,
      updatedAt: this.#at,
      revision: 1,
      ...given,
    }
    this.changes.push({ type: 'user', value })
    return value
  }

  group(displayName: string, description: string, members: readonly User[]): Group {
    const groupId = `${this.organisation.identityStoreId.slice(2)}-${this.#ids.uuid()}`
    const value = { groupId, displayName, description, createdAt: this.#at }
    this.changes.push({ type: 'group', value })
    for (const { userId } of members) {
      const membershipId = this.#ids.uuid()
      this.changes.push({ type: 'membership', value: { membershipId, userId, groupId } })
    }
    return value
  }

  topic(name: string): void {
    const arn = `arn:aws:sns:us-east-1:${this.organisation.delegatedAdministratorId}:${name}`
    this.changes.push({ type: 'topic', value: { arn, createdAt: this.#at } })
  }

  permissionSet(
    name: string,
    given: { description: string; sessionDuration: string; policies: string[] },
  ): PermissionSet {
    const value: PermissionSet = {
      permissionSetArn: this.#ids.permissionSetArn(this.organisation.instanceArn),
      name,
      description: given.description,
      sessionDuration: given.sessionDuration,
      managedPolicies: given.policies.map((path) => ({
        name: path.slice(path.lastIndexOf('/') + 1),
        arn: `arn:aws:iam::aws:policy/${path}`,
      })),
      inlinePolicy: '',
      createdAt: this.#at,
    }
    this.changes.push({ type: 'permission-set', value })
    return value
  }

  assign(group: Group, permissionSet: PermissionSet, account: Account): void {
    this.changes.push({
      type: 'assignment',
      value: {
        accountId: account.accountId,
        permissionSetArn: permissionSet.permissionSetArn,
        principalType: 'GROUP',
        principalId: group.groupId,
        createdAt: this.#at,
        roleSuffix: this.#ids.roleSuffix(),
      },
    })
  }
}

/** The organisation that everybody meets, under the names that AWS Control Tower gives. */
export function foundSmall(founder: Founder) {
  const { organisation } = founder
  const security = founder.unit('Security', organisation.rootId)
  const workloads = founder.unit('Workloads', organisation.rootId)
  const prod = founder.unit('Prod', workloads.id)
  const dev = founder.unit('Dev', workloads.id)

  const management = founder.account('Management', organisation.rootId, {
    accountId: organisation.managementAccountId,
    joinedMethod: 'INVITED',
  })
  const audit = founder.account('Audit', security.id, {
    accountId: organisation.delegatedAdministratorId,
  })
  const logArchive = founder.account('Log Archive', security.id)
  for (const name of ['payments-prod', 'storefront-prod', 'データ基盤-prod']) {
    founder.account(name, prod.id)
  }
  for (const name of ['payments-dev', 'storefront-dev']) founder.account(name, dev.id)
  founder.account('legacy-dev', dev.id, { state: 'SUSPENDED' })

  const people = foundPeople(founder)
  const sets = foundPermissionSets(founder)
  founder.assign(people.controlTowerAdmins, sets.organizations, management)
  for (const account of [audit, logArchive]) {
    founder.assign(people.securityAuditors, sets.readOnly, account)
  }
  founder.topic('team-notices')
  return { workloads, security, ...people, ...sets }
}

function foundPeople(founder: Founder) {
  const admin = founder.user('test-admin', 'Test Admin')
  const auditor = founder.user('test-auditor', 'Test Auditor')
  const user = founder.user('test-user', 'Test User')
  const naoko = founder.user('naoko.mori', '森 直子')
  const sam = founder.user('sam.carter', 'Sam Carter')
  const priya = founder.user('priya.raman', 'Priya Raman')
  const withoutEmail = founder.user('build.operator', 'Build Operator', { email: null })
  const disabled = founder.user('former.colleague', 'Former Colleague', { status: 'DISABLED' })

  founder.group('TEAM admins', 'Manage policies and settings of TEAM', [admin])
  founder.group('TEAM auditors', 'Read everything in TEAM', [auditor])
  const users = [user, naoko, sam, priya, withoutEmail, disabled]
  founder.group('TEAM users', 'Ask for access in TEAM', users)
  founder.group('TEAM approvers', 'Decide on requests in TEAM', [naoko, sam])
  const controlTowerAdmins = founder.group(
    'AWSControlTowerAdmins',
    'Admin rights to AWS Control Tower',
    [priya],
  )
  const securityAuditors = founder.group(
    'AWSSecurityAuditors',
    'Read-only access for security audits',
    [sam],
  )
  return { controlTowerAdmins, securityAuditors }
}

function foundPermissionSets(founder: Founder) {
  founder.permissionSet('AdministratorAccess', {
    description: 'Provides full access to AWS services and resources',
    sessionDuration: 'PT1H',
    policies: ['AdministratorAccess'],
  })
  founder.permissionSet('PowerUserAccess', {
    description: 'Full access to AWS services, without users and groups',
    sessionDuration: 'PT4H',
    policies: ['PowerUserAccess'],
  })
  const readOnly = founder.permissionSet('ReadOnlyAccess', {
    description: 'Read-only access to AWS services and resources',
    sessionDuration: 'PT8H',
    policies: ['ReadOnlyAccess'],
  })
  founder.permissionSet('Billing', {
    description: 'Billing and cost management',
    sessionDuration: 'PT1H',
    policies: ['job-function/Billing'],
  })
  const organizations = founder.permissionSet('AWSOrganizationsFullAccess', {
    description: 'Full access to AWS Organizations',
    sessionDuration: 'PT1H',
    policies: ['AWSOrganizationsFullAccess'],
  })
  return { readOnly, organizations }
}

/** How many of each there shall be; what is left out is as in the small organisation. */
export interface Size {
  accounts?: number
  permissionSets?: number
  users?: number
  groups?: number
}

/** The sizes that TEAM is built for. */
export const large: Size = { accounts: 1_000, permissionSets: 750, users: 20_000, groups: 2_000 }

const shape = {
  groupsOfEachUser: 3,
  unitLevels: 7,
  unitsBeside: 3,
  assignedTargetsOfEachGroup: 2,
}

/** The same names, and as many more as the size says. */
export function foundSized(founder: Founder, size: Size): void {
  const { workloads } = foundSmall(founder)
  const count = (type: Change['type']) =>
    founder.changes.filter((change) => change.type === type).length

  const { accounts: accountsMax = 0, permissionSets: setsMax = 0 } = size
  const units = nestedUnits(founder, workloads)
  const accounts: Account[] = []
  for (let at = count('account'); at < accountsMax; at += 1) {
    const unit = units[at % units.length] ?? workloads
    accounts.push(founder.account(`workload-${String(at).padStart(4, '0')}`, unit.id))
  }
  const sets: PermissionSet[] = []
  for (let at = count('permission-set'); at < setsMax; at += 1) {
    sets.push(largePermissionSet(founder, at))
  }
  const newGroups = Math.max(0, (size.groups ?? 0) - count('group'))
  const members = largeMembers(founder, (size.users ?? 0) - count('user'), newGroups)
  for (let at = 0; at < newGroups; at += 1) {
    const name = `Team ${String(at).padStart(4, '0')}`
    const group = founder.group(name, `People of ${name}`, members[at] ?? [])
    for (let step = 0; step < shape.assignedTargetsOfEachGroup; step += 1) {
      const account = accounts[(at * 7 + step * 131) % accounts.length]
      const set = sets[(at * 3 + step * 17) % sets.length]
      if (account !== undefined && set !== undefined) founder.assign(group, set, account)
    }
  }
}

/** Levels below the root: Workloads is the first, and one chain goes down to the seventh. */
function nestedUnits(founder: Founder, workloads: OrganizationalUnit): OrganizationalUnit[] {
  const units: OrganizationalUnit[] = []
  let parent = workloads
  for (let level = 2; level <= shape.unitLevels; level += 1) {
    const beside: OrganizationalUnit[] = []
    for (let at = 0; at < shape.unitsBeside; at += 1) {
      beside.push(founder.unit(`Division ${level}.${at + 1}`, parent.id))
    }
    units.push(...beside)
    parent = beside[0] ?? parent
  }
  return units
}

function largePermissionSet(founder: Founder, at: number): PermissionSet {
  const kinds = [
    { prefix: 'Read', policies: ['ReadOnlyAccess'], hours: 8 },
    { prefix: 'Operate', policies: ['PowerUserAccess'], hours: 4 },
    { prefix: 'Administer', policies: ['AdministratorAccess'], hours: 1 },
  ]
  const { prefix, policies, hours } = kinds[at % kinds.length] ?? {
    prefix: 'Read',
    policies: [],
    hours: 1,
  }
  return founder.permissionSet(`${prefix}Service${String(at).padStart(3, '0')}`, {
    description: `${prefix} access to service ${at}`,
    sessionDuration: `PT${hours}H`,
    policies,
  })
}

function largeMembers(founder: Founder, users: number, groups: number): User[][] {
  const members: User[][] = Array.from({ length: groups }, () => [])
  for (let at = 0; at < users; at += 1) {
    const number = String(at).padStart(5, '0')
    const user = founder.user(`person-${number}`, `Person ${number}`)
    for (let step = 0; step < shape.groupsOfEachUser; step += 1) {
      members[(at * (step + 1) + step * 389) % groups]?.push(user)
    }
  }
  return members
}
