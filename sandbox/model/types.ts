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

export interface Assignment extends AssignmentKey {
  createdAt: Instant
  /** The suffix of the role that is made if this is the first assignment of its target. */
  roleSuffix: string
}

export interface Operation extends AssignmentKey {
  requestId: string
  kind: 'create' | 'delete'
  createdAt: Instant
  dueAt: Instant
  roleSuffix: string
  forcedFailure: string | null
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
  at: Instant
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
  sesProductionAccess: boolean
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
  sesProductionAccess: false,
  sesPerSecond: 1,
  sesPerDay: 200,
  minimal: false,
}

export interface PortalSecrets {
  privateKeyPem: string
  certificatePem: string
  cookieSecret: string
}

/** Everything that can happen to the state; the journal is a sequence of these. */
export type Change =
  | { type: 'organisation'; value: Organisation }
  | { type: 'organizational-unit'; value: OrganizationalUnit }
  | { type: 'account'; value: Account }
  | { type: 'user'; value: User }
  | { type: 'user-removed'; userId: string }
  | { type: 'group'; value: Group }
  | { type: 'group-removed'; groupId: string }
  | { type: 'membership'; value: Membership }
  | { type: 'membership-removed'; membershipId: string }
  | { type: 'permission-set'; value: PermissionSet }
  | { type: 'assignment'; value: Assignment }
  | { type: 'assignment-removed'; key: AssignmentKey }
  | { type: 'operation'; value: Operation }
  | { type: 'application'; value: Application }
  | { type: 'application-removed'; slug: string }
  | { type: 'mail'; value: Mail }
  | { type: 'mails-cleared' }
  | { type: 'call'; value: Call }
  | { type: 'calls-cleared' }
  | { type: 'settings'; value: Settings }
  | { type: 'fault'; value: Fault }
  | { type: 'fault-hit'; id: string }
  | { type: 'fault-removed'; id: string }
  | { type: 'portal-secrets'; value: PortalSecrets }
