import { keyOf, principalOf, targetOf } from './keys.ts'
import { Operations } from './operations.ts'
import { failureOf } from './outcomes.ts'
import { Past } from './past.ts'
import { Index, SortedTable } from './sorted-table.ts'
import {
  type Account,
  type Application,
  type Assignment,
  type AssignmentKey,
  type Call,
  type Change,
  type ChangeSet,
  type ConsoleSession,
  defaultSettings,
  type EmailIdentity,
  type Fault,
  type Group,
  type Instant,
  type Mail,
  type Membership,
  type Operation,
  type Organisation,
  type OrganizationalUnit,
  type OrganizationServices,
  type PermissionSet,
  type PortalSecrets,
  type Role,
  type Settings,
  type Stack,
  type Table,
  type Target,
  type Topic,
  type TopicMessage,
  type TrailEvent,
  type TrailQuery,
  type User,
} from './types.ts'

const callsKept = 50_000
const callsKeptSlack = 5_000
const trailEventsKept = 20_000
const trailQueriesKept = 1_000
const consoleSessionsKept = 1_000

const folded = (text: string) => text.normalize('NFC').toLowerCase()

/** A map remembers the order in which its keys came. */
function keepNewest(map: Map<string, unknown>, kept: number): void {
  for (const key of map.keys()) {
    if (map.size <= kept) return
    map.delete(key)
  }
}

/** As `team init` leaves them; a journal of an older sandbox says nothing about them. */
function servicesOf(organisation: Organisation): OrganizationServices {
  const { createdAt: since, delegatedAdministratorId: accountId } = organisation
  const services = ['sso.amazonaws.com', 'cloudtrail.amazonaws.com', 'account.amazonaws.com']
  return {
    trusted: services.map((service) => ({ service, since })),
    delegated: services.map((service) => ({ accountId, service, since })),
  }
}

/**
 * The organisation as tables with the indexes that its lists need. `apply` is the only way in, it
 * needs nothing but the change, and so the same changes always give the same state.
 */
export class State {
  #organisation: Organisation | null = null
  services: OrganizationServices = { trusted: [], delegated: [] }
  readonly emailIdentities = new Map<string, EmailIdentity>()
  readonly organizationalUnits = new SortedTable<OrganizationalUnit>()
  readonly unitsOf = new Index<OrganizationalUnit>()
  readonly accounts = new SortedTable<Account>()
  readonly accountsOf = new Index<Account>()
  readonly users = new SortedTable<User>()
  readonly groups = new SortedTable<Group>()
  readonly memberships = new SortedTable<Membership>()
  readonly membershipsOfUser = new Index<Membership>()
  readonly membershipsOfGroup = new Index<Membership>()
  readonly permissionSets = new SortedTable<PermissionSet>()
  readonly assignments = new SortedTable<Assignment>()
  readonly assignmentsOfTarget = new Index<Assignment>()
  readonly assignmentsOfPrincipal = new Index<Assignment>()
  /** The suffix of the reserved role of each target that has an assignment, two ways round. */
  readonly rolesOfAccount = new Index<string>()
  readonly rolesOfPermissionSet = new Index<string>()
  readonly operations = new Operations()
  readonly #past = new Past()
  readonly applications = new SortedTable<Application>()
  readonly faults = new SortedTable<Fault>()
  readonly mails: Mail[] = []
  readonly tables = new Map<string, Table>()
  readonly topics = new Map<string, Topic>()
  readonly topicMessages: TopicMessage[] = []
  /** In the order in which they were made. */
  readonly stacks = new Map<string, Stack>()
  readonly changeSets = new Map<string, ChangeSet>()
  readonly calls: Call[] = []
  /** In the order of their times. */
  readonly trailEvents: TrailEvent[] = []
  readonly trailQueries = new Map<string, TrailQuery>()
  readonly consoleSessions: ConsoleSession[] = []
  settings: Settings = { ...defaultSettings }
  portalSecrets: PortalSecrets | null = null

  /** The time of what is happening. */
  #at: Instant = 0
  readonly #userByName = new Map<string, User>()
  readonly #usersByEmail = new Index<User>()
  readonly #groupByName = new Map<string, Group>()
  readonly #permissionSetByName = new Map<string, PermissionSet>()

  get founded(): boolean {
    return this.#organisation !== null
  }

  get organisation(): Organisation {
    if (this.#organisation === null) throw new Error('The organisation has not been made yet.')
    return this.#organisation
  }

  userByName(userName: string): User | undefined {
    return this.#userByName.get(folded(userName))
  }

  userByEmail(email: string): User | undefined {
    return this.#usersByEmail.at(folded(email)).after('', 1)[0]?.[1]
  }

  groupByName(displayName: string): Group | undefined {
    return this.#groupByName.get(folded(displayName))
  }

  permissionSetByName(name: string): PermissionSet | undefined {
    return this.#permissionSetByName.get(name)
  }

  membership(userId: string, groupId: string): Membership | undefined {
    return this.membershipsOfUser.at(userId).get(groupId)
  }

  /** The assignments of a target, as a read sees them that lags by the setting. */
  assignmentsRead(target: Target, now: Instant): SortedTable<Assignment> {
    const assignments = this.assignmentsOfTarget.at(targetOf(target))
    const { readLagMs } = this.settings
    return readLagMs === 0 ? assignments : this.#past.asOf(now - readLagMs, target, assignments)
  }

  apply(change: Change, at: Instant): void {
    this.#at = at
    switch (change.type) {
      case 'organisation':
        this.#organisation = change.value
        this.services = servicesOf(change.value)
        break
      case 'organization-services':
        this.services = change.value
        break
      case 'email-identity':
        this.emailIdentities.set(folded(change.value.identity), change.value)
        break
      case 'email-identity-removed':
        this.emailIdentities.delete(folded(change.identity))
        break
      case 'organizational-unit':
        this.#putUnit(change.value)
        break
      case 'organizational-unit-removed':
        this.#removeUnit(change.id)
        break
      case 'account':
        this.#putAccount(change.value)
        break
      case 'account-removed':
        this.#removeAccount(change.accountId)
        break
      case 'user':
        this.#putUser(change.value)
        break
      case 'user-removed':
        this.#removeUser(change.userId)
        break
      case 'group':
        this.#putGroup(change.value)
        break
      case 'group-removed':
        this.#removeGroup(change.groupId)
        break
      case 'membership':
        this.#putMembership(change.value)
        break
      case 'membership-removed':
        this.#removeMembership(change.membershipId)
        break
      case 'permission-set':
        this.#putPermissionSet(change.value)
        break
      case 'permission-set-removed':
        this.#removePermissionSet(change.permissionSetArn)
        break
      case 'assignment':
        this.putAssignment(change.value)
        break
      case 'assignment-removed':
        this.removeAssignment(change.key)
        break
      case 'role':
        this.#putRole(change.value)
        break
      case 'role-removed':
        this.#removeRole(change.target)
        break
      case 'operation':
        this.operations.put({ ...change.value })
        break
      case 'statuses-forgotten':
        this.operations.forgetAll()
        break
      case 'application':
        this.applications.set(change.value.slug, change.value)
        break
      case 'application-removed':
        this.applications.delete(change.slug)
        break
      case 'mail':
        this.mails.push(change.value)
        break
      case 'mails-cleared':
        this.mails.splice(0)
        break
      case 'table':
        this.tables.set(`${change.value.accountId} ${change.value.name}`, change.value)
        break
      case 'topic':
        this.topics.set(change.value.arn, change.value)
        break
      case 'topic-message':
        this.topicMessages.push(change.value)
        break
      case 'topic-messages-cleared':
        this.topicMessages.splice(0)
        break
      case 'stack':
        this.stacks.set(change.value.stackId, change.value)
        break
      case 'change-set':
        this.changeSets.set(change.value.changeSetId, change.value)
        break
      case 'change-set-removed':
        this.changeSets.delete(change.changeSetId)
        break
      case 'call':
        this.#putCall(change.value)
        break
      case 'calls-cleared':
        this.calls.splice(0)
        break
      case 'trail-event':
        this.#putTrailEvent(change.value)
        break
      case 'trail-query':
        this.trailQueries.set(change.value.queryId, change.value)
        keepNewest(this.trailQueries, trailQueriesKept)
        break
      case 'console-session':
        this.consoleSessions.push(change.value)
        if (this.consoleSessions.length > consoleSessionsKept) this.consoleSessions.shift()
        break
      case 'settings':
        // A journal of an older sandbox knows fewer settings.
        this.settings = { ...defaultSettings, ...change.value }
        break
      case 'fault':
        this.faults.set(change.value.id, change.value)
        break
      case 'fault-hit':
        this.#hitFault(change.id)
        break
      case 'fault-removed':
        this.faults.delete(change.id)
        break
      case 'portal-secrets':
        this.portalSecrets = change.value
        break
      default:
        change satisfies never
    }
  }

  /** Brings every operation that is due by `now` to its outcome, in the order of their due times. */
  settle(now: Instant): void {
    this.operations.settle(now, (operation) => this.#outcomeOf(operation))
    this.operations.forget(now, this.settings.statusKeptMs)
  }

  #outcomeOf(operation: Operation): Pick<Operation, 'status' | 'failureReason'> {
    const failureReason = operation.forcedFailure ?? failureOf(this, operation)
    if (failureReason !== null) return { status: 'FAILED', failureReason }
    this.#at = operation.dueAt
    if (operation.kind === 'create') {
      const { accountId, permissionSetArn, principalType, principalId, roleSuffix } = operation
      const tuple = { accountId, permissionSetArn, principalType, principalId }
      this.putAssignment({ ...tuple, roleSuffix, createdAt: operation.dueAt })
    } else {
      this.removeAssignment(operation)
    }
    return { status: 'SUCCEEDED', failureReason: null }
  }

  /** An assignment is only its tuple: making it again changes nothing. */
  putAssignment(assignment: Assignment): void {
    const key = keyOf(assignment)
    if (this.assignments.has(key)) return
    this.#past.record(this.#at, assignment, null)
    this.assignments.set(key, assignment)
    this.assignmentsOfTarget.add(targetOf(assignment), principalOf(assignment), assignment)
    this.assignmentsOfPrincipal.add(principalOf(assignment), key, assignment)
    this.#putRole(assignment)
  }

  /** Every reserved role, an account at a time. */
  *roles(): Generator<Role> {
    for (const accountId of this.accounts.keys()) {
      for (const [permissionSetArn, roleSuffix] of this.rolesOfAccount.at(accountId).entries()) {
        yield { accountId, permissionSetArn, roleSuffix }
      }
    }
  }

  /** The last assignment of a permission set in an account takes the account's role with it. */
  removeAssignment(tuple: AssignmentKey): void {
    const key = keyOf(tuple)
    const before = this.assignments.get(key)
    if (before === undefined) return
    this.#past.record(this.#at, tuple, before)
    this.assignments.delete(key)
    this.assignmentsOfTarget.remove(targetOf(tuple), principalOf(tuple))
    this.assignmentsOfPrincipal.remove(principalOf(tuple), key)
    if (this.assignmentsOfTarget.at(targetOf(tuple)).size === 0) this.#removeRole(tuple)
  }

  #putRole({ accountId, permissionSetArn, roleSuffix }: Role): void {
    if (this.rolesOfAccount.at(accountId).has(permissionSetArn)) return
    this.rolesOfAccount.add(accountId, permissionSetArn, roleSuffix)
    this.rolesOfPermissionSet.add(permissionSetArn, accountId, roleSuffix)
  }

  #removeRole({ accountId, permissionSetArn }: Target): void {
    this.rolesOfAccount.remove(accountId, permissionSetArn)
    this.rolesOfPermissionSet.remove(permissionSetArn, accountId)
  }

  /** A target that is no more takes its assignments and its role with it. */
  #removeTarget(target: Target): void {
    for (const tuple of this.assignmentsOfTarget.at(targetOf(target)).rows()) {
      this.removeAssignment(tuple)
    }
    this.#removeRole(target)
  }

  #putUnit(unit: OrganizationalUnit): void {
    this.#removeUnit(unit.id)
    this.organizationalUnits.set(unit.id, unit)
    this.unitsOf.add(unit.parentId, unit.id, unit)
  }

  #removeUnit(id: string): void {
    const before = this.organizationalUnits.get(id)
    if (before === undefined) return
    this.unitsOf.remove(before.parentId, id)
    this.organizationalUnits.delete(id)
  }

  #putPermissionSet(permissionSet: PermissionSet): void {
    this.permissionSets.set(permissionSet.permissionSetArn, permissionSet)
    this.#permissionSetByName.set(permissionSet.name, permissionSet)
  }

  #removePermissionSet(permissionSetArn: string): void {
    const permissionSet = this.permissionSets.get(permissionSetArn)
    if (permissionSet === undefined) return
    for (const accountId of this.rolesOfPermissionSet.at(permissionSetArn).keys()) {
      this.#removeTarget({ accountId, permissionSetArn })
    }
    this.#permissionSetByName.delete(permissionSet.name)
    this.permissionSets.delete(permissionSetArn)
  }

  #putTrailEvent(event: TrailEvent): void {
    const later = this.trailEvents.findLastIndex((one) => one.at <= event.at)
    this.trailEvents.splice(later + 1, 0, event)
    if (this.trailEvents.length > trailEventsKept) this.trailEvents.shift()
  }

  #putCall(call: Call): void {
    this.calls.push(call)
    if (this.calls.length > callsKept + callsKeptSlack) this.calls.splice(0, callsKeptSlack)
  }

  #putAccount(account: Account): void {
    const before = this.accounts.get(account.accountId)
    if (before !== undefined) this.accountsOf.remove(before.parentId, before.accountId)
    this.accounts.set(account.accountId, account)
    this.accountsOf.add(account.parentId, account.accountId, account)
  }

  /**
   * "When an AWS account is removed from an AWS organization, IAM Identity Center automatically
   * cleans up": using-service-linked-roles of the user guide.
   */
  #removeAccount(accountId: string): void {
    const account = this.accounts.get(accountId)
    if (account === undefined) return
    for (const permissionSetArn of this.rolesOfAccount.at(accountId).keys()) {
      this.#removeTarget({ accountId, permissionSetArn })
    }
    this.accountsOf.remove(account.parentId, accountId)
    this.accounts.delete(accountId)
  }

  #putUser(user: User): void {
    this.#forgetUserNames(user.userId)
    this.users.set(user.userId, user)
    this.#userByName.set(folded(user.userName), user)
    if (user.email !== null) this.#usersByEmail.add(folded(user.email), user.userId, user)
  }

  #forgetUserNames(userId: string): void {
    const before = this.users.get(userId)
    if (before === undefined) return
    this.#userByName.delete(folded(before.userName))
    if (before.email !== null) this.#usersByEmail.remove(folded(before.email), userId)
  }

  /** Assignments of a removed user stay, as AWS leaves them: orphans, visible by principal id. */
  #removeUser(userId: string): void {
    this.#forgetUserNames(userId)
    this.users.delete(userId)
    const left = this.membershipsOfUser.at(userId).rows()
    for (const { membershipId } of left) this.#removeMembership(membershipId)
  }

  #putGroup(group: Group): void {
    const before = this.groups.get(group.groupId)
    if (before !== undefined) this.#groupByName.delete(folded(before.displayName))
    this.groups.set(group.groupId, group)
    this.#groupByName.set(folded(group.displayName), group)
  }

  #removeGroup(groupId: string): void {
    const group = this.groups.get(groupId)
    if (group === undefined) return
    this.#groupByName.delete(folded(group.displayName))
    this.groups.delete(groupId)
    const left = this.membershipsOfGroup.at(groupId).rows()
    for (const { membershipId } of left) this.#removeMembership(membershipId)
  }

  #putMembership(membership: Membership): void {
    this.memberships.set(membership.membershipId, membership)
    this.membershipsOfUser.add(membership.userId, membership.groupId, membership)
    this.membershipsOfGroup.add(membership.groupId, membership.userId, membership)
  }

  #removeMembership(membershipId: string): void {
    const membership = this.memberships.get(membershipId)
    if (membership === undefined) return
    this.memberships.delete(membershipId)
    this.membershipsOfUser.remove(membership.userId, membership.groupId)
    this.membershipsOfGroup.remove(membership.groupId, membership.userId)
  }

  #hitFault(id: string): void {
    const fault = this.faults.get(id)
    if (fault === undefined) return
    this.faults.set(id, { ...fault, hits: fault.hits + 1 })
  }
}
