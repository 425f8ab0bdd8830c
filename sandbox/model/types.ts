/** Milliseconds since the epoch, on the clock that was handed to the world. */
export type Instant = number

export type PrincipalType = 'USER' | 'GROUP'
export type AccountState =
  | 'PENDING_ACTIVATION'
  | 'ACTIVE'
  | 'SUSPENDED'
  | 'PENDING_CLOSURE'
  | 'CLOSED'

export interface Organisation {
  organizationId: string
  rootId: string
  managementAccountId: string
  delegatedAdministratorId: string
  instanceArn: string
  identityStoreId: string
  primaryRegion: string
  sesDomains: string[]
  createdAt: Instant
}

/** Of AWS Organizations: which services it trusts, and who administers them in its name. */
export interface OrganizationServices {
  trusted: readonly { service: string; since: Instant }[]
  delegated: readonly { accountId: string; service: string; since: Instant }[]
}

/** What SES was asked to verify, beside the domains and users that it knows from the start. */
export interface EmailIdentity {
  identity: string
  verified: boolean
}

export interface OrganizationalUnit {
  id: string
  name: string
  parentId: string
}

export interface Account {
  accountId: string
  name: string
  email: string
  parentId: string
  state: AccountState
  joinedMethod: 'INVITED' | 'CREATED'
  joinedAt: Instant
}

export interface User {
  userId: string
  userName: string
  displayName: string
  email: string | null
  status: 'ENABLED' | 'DISABLED'
  createdAt: Instant
  updatedAt: Instant
  revision: number
}

export interface Group {
  groupId: string
  displayName: string
  description: string
  createdAt: Instant
}

export interface Membership {
  membershipId: string
  userId: string
  groupId: string
}

export interface PermissionSet {
  permissionSetArn: string
  name: string
  description: string
  sessionDuration: string
  managedPolicies: { name: string; arn: string }[]
  inlinePolicy: string
  createdAt: Instant
}

/** What identifies an assignment: AWS gives it neither an id nor an owner. */
export interface AssignmentKey {
  accountId: string
  permissionSetArn: string
  principalType: PrincipalType
  principalId: string
}

export interface Target {
  accountId: string
  permissionSetArn: string
}

export interface Role extends Target {
  roleSuffix: string
}

export interface Assignment extends AssignmentKey {
  createdAt: Instant
  /** The suffix of the role that is made if this is the first assignment of its target. */
  roleSuffix: string
}

export interface Operation extends AssignmentKey {
  requestId: string
  kind: 'create' | 'delete'
  createdAt: Instant
  /** When work on it begins: after everything else on its account. */
  startsAt: Instant
  /** When it has its effect. */
  dueAt: Instant
  /** When AWS says so. */
  toldAt: Instant
  /** It makes a role, so it counts among the few that may do that at once. */
  provisions: boolean
  roleSuffix: string
  forcedFailure: string | null
  /** AWS knows its request id no more, though it may still be working on it. */
  forgotten: boolean
  status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED'
  failureReason: string | null
}

export interface Application {
  slug: string
  applicationId: string
  name: string
  startUrl: string
  acsUrl: string
  audience: string
  attributes: Record<string, { value: string; format: string }>
  groups: string[]
  createdAt: Instant
}

export interface Mail {
  messageId: string
  to: string[]
  from: string
  subject: string
  text: string
  html: string
  /** Those that the sender set beside subject and addresses. */
  headers?: Record<string, string>
  at: Instant
}

export interface Topic {
  arn: string
  createdAt: Instant
}

export interface TopicMessage {
  messageId: string
  topicArn: string
  subject: string | null
  body: string
  attributes: Record<string, string>
  at: Instant
}

/** Of CloudFormation. What it is doing, or did last; done from `doneAt` on. */
export interface Stack {
  stackId: string
  name: string
  doing: 'REVIEW' | 'CREATE' | 'UPDATE' | 'DELETE'
  doneAt: Instant
  failure: string | null
  /** Of its last execution; empty before the first. */
  template: string
  tags: Record<string, string>
  createdAt: Instant
}

export interface ChangeSet {
  changeSetId: string
  name: string
  stackId: string
  template: string
  tags: Record<string, string>
  createdAt: Instant
  readyAt: Instant
  failure: string | null
  executed: boolean
}

/** What the organisation's trail recorded; in its log group and its event data store. */
export interface TrailEvent {
  at: Instant
  /** Queries see it from then on. */
  availableAt: Instant
  /** The record, as CloudTrail writes it. */
  json: string
}

export interface TrailQuery {
  queryId: string
  service: 'logs' | 'cloudtrail'
  statement: string
  from: Instant
  to: Instant
  limit: number
  startedAt: Instant
  doneAt: Instant
  cancelledAt: Instant | null
}

/** A role's session that the portal opened. It lives until its end, whatever becomes of the access. */
export interface ConsoleSession extends Target {
  userId: string
  userName: string
  roleName: string
  openedAt: Instant
  until: Instant
}

export interface Call {
  service: string
  operation: string
  at: Instant
  /** 0 when the connection was dropped, or given up by the client, before there was an answer. */
  status: number
  error?: string
  principal: string
}

export interface Fault {
  id: string
  operation: string
  error?: string
  failureReason?: string
  delayMs?: number
  delayWhen?: 'before' | 'after'
  dropConnection?: 'before' | 'after'
  /** The call never answers, without its effect or with it. */
  hangs?: 'before' | 'after'
  /** The status of the operation that this call starts comes so late. */
  statusDelayMs?: number
  /** Of a list: this share of each page's rows is left out, and nothing says so. */
  loses?: number
  /** Of a list: it ends with this page, though there is more. */
  missesPage?: boolean
  probability?: number
  times?: number
  hits: number
}

export interface Settings {
  createDelayMs: number
  deleteDelayMs: number
  /** A fraction: 0.25 makes each delay up to a quarter shorter or longer. */
  delayJitter: number
  callsPerSecond: number
  outstandingCreations: number
  /** What an unsettled write keeps others away from: its own assignment, or its whole target. */
  conflictScope: 'key' | 'target'
  /** How many creations may be making a role at once, in the whole organisation. */
  concurrentProvisionings: number
  rolesPerAccount: number
  /** Between the effect of an operation and its status saying so. */
  statusDelayMs: number
  statusKeptMs: number
  /** Assignments are listed as they were so long ago. */
  readLagMs: number
  /** Deletion of an assignment of somebody who is no more fails, and leaves it. */
  orphansStay: boolean
  /** Calls that somebody else makes to sso-admin, out of the same quota. */
  otherCallersPerSecond: number
  /** Between what is done and its being in the trail's log group and event data store. */
  trailDelayMs: number
  /** How long a query of the trail takes. */
  queryDelayMs: number
  /** Whether events of a person's sessions say on whose behalf they are. */
  trailOnBehalfOf: boolean
  /** Others do the same at the same moment, in the trail alone. */
  trailNoise: boolean
  sesProductionAccess: boolean
  /** False: AWS has paused sending. */
  sesSendingEnabled: boolean
  sesPerSecond: number
  sesPerDay: number
  minimal: boolean
}

export const defaultSettings: Settings = {
  createDelayMs: 2_000,
  deleteDelayMs: 2_000,
  delayJitter: 0,
  callsPerSecond: 20,
  outstandingCreations: 15,
  conflictScope: 'target',
  concurrentProvisionings: 3,
  rolesPerAccount: 1_000,
  statusDelayMs: 0,
  statusKeptMs: 24 * 60 * 60 * 1000,
  readLagMs: 0,
  orphansStay: false,
  otherCallersPerSecond: 0,
  trailDelayMs: 5_000,
  queryDelayMs: 1_000,
  trailOnBehalfOf: true,
  trailNoise: true,
  sesProductionAccess: false,
  sesSendingEnabled: true,
  sesPerSecond: 1,
  sesPerDay: 200,
  minimal: false,
}

export interface PortalSecrets {
  privateKeyPem: string
  certificatePem: string
  cookieSecret: string
}

/** What DynamoDB keeps, in its JSON: each value under the name of its type. */
export type Item = Readonly<Record<string, unknown>>

export interface Table {
  name: string
  accountId: string
  /** Of the partition key; there is no sort key. */
  keyName: string
  items: Item[]
  createdAt: Instant
}

/** Everything that can happen to the state; the journal is a sequence of these. */
export type Change =
  | { type: 'organisation'; value: Organisation }
  | { type: 'organization-services'; value: OrganizationServices }
  | { type: 'email-identity'; value: EmailIdentity }
  | { type: 'email-identity-removed'; identity: string }
  | { type: 'organizational-unit'; value: OrganizationalUnit }
  | { type: 'organizational-unit-removed'; id: string }
  | { type: 'account'; value: Account }
  | { type: 'account-removed'; accountId: string }
  | { type: 'user'; value: User }
  | { type: 'user-removed'; userId: string }
  | { type: 'group'; value: Group }
  | { type: 'group-removed'; groupId: string }
  | { type: 'membership'; value: Membership }
  | { type: 'membership-removed'; membershipId: string }
  | { type: 'permission-set'; value: PermissionSet }
  | { type: 'permission-set-removed'; permissionSetArn: string }
  | { type: 'assignment'; value: Assignment }
  | { type: 'assignment-removed'; key: AssignmentKey }
  /** A reserved role that no assignment made. */
  | { type: 'role'; value: Role }
  | { type: 'role-removed'; target: Target }
  | { type: 'operation'; value: Operation }
  | { type: 'statuses-forgotten' }
  | { type: 'application'; value: Application }
  | { type: 'application-removed'; slug: string }
  | { type: 'mail'; value: Mail }
  | { type: 'mails-cleared' }
  | { type: 'table'; value: Table }
  | { type: 'topic'; value: Topic }
  | { type: 'topic-message'; value: TopicMessage }
  | { type: 'topic-messages-cleared' }
  | { type: 'stack'; value: Stack }
  | { type: 'change-set'; value: ChangeSet }
  | { type: 'change-set-removed'; changeSetId: string }
  | { type: 'call'; value: Call }
  | { type: 'calls-cleared' }
  | { type: 'trail-event'; value: TrailEvent }
  | { type: 'trail-query'; value: TrailQuery }
  | { type: 'console-session'; value: ConsoleSession }
  | { type: 'settings'; value: Settings }
  | { type: 'fault'; value: Fault }
  | { type: 'fault-hit'; id: string }
  | { type: 'fault-removed'; id: string }
  | { type: 'portal-secrets'; value: PortalSecrets }
