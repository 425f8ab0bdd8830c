/**
 * A made-up installation of AWS's sample in the small organisation of organisation.ts, with whatever
 * is odd about it: as its tables in DynamoDB hold it, in DynamoDB's JSON.
 */
import { accounts, groups, ous, people, permissionSets } from './organisation.ts'

export type Attribute =
  | { S: string }
  | { N: string }
  | { BOOL: boolean }
  | { NULL: true }
  | { L: readonly Attribute[] }
  | { M: Readonly<Record<string, Attribute>> }
export type StoredItem = Readonly<Record<string, Attribute>>

/** As AppSync stores what GraphQL gave it. */
export function stored(value: unknown): Attribute {
  if (value === null) return { NULL: true }
  if (typeof value === 'string') return { S: value }
  if (typeof value === 'number') return { N: String(value) }
  if (typeof value === 'boolean') return { BOOL: value }
  if (Array.isArray(value)) return { L: value.map(stored) }
  return { M: item(value as object) }
}

const item = (fields: object): StoredItem =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, stored(value)]))

export type Tables = Record<'Eligibility' | 'Approvers' | 'Settings' | 'requests', StoredItem[]>

const prod = { name: 'Prod payments', id: accounts.prod }
const dev = { name: 'Dev sandbox', id: accounts.dev }
const readOnly = { name: 'ReadOnlyAccess', id: permissionSets.readOnly }
const admin = { name: 'AdministratorAccess', id: permissionSets.admin }
const stamps = {
  __typename: 'Eligibility',
  createdAt: '2025-02-03T09:00:00.000Z',
  updatedAt: '2026-08-20T07:11:12.131Z',
  owner: 'idc_ada@example.com',
}
const policy = {
  ...stamps,
  accounts: [] as object[],
  ous: [] as object[],
  permissions: [readOnly],
  ticketNo: 'CHG-7',
  approvalRequired: true,
  duration: '4',
  modifiedBy: 'ada@example.com',
}

const gone = (tail: string) => `99999999-0000-4000-8000-${tail.padStart(12, '0')}`

const eligibility = [
  // Her own row says more hours than the group's, elsewhere: they leak into all that she may ask for.
  {
    ...policy,
    id: people.alice,
    name: 'alice@example.com',
    type: 'User',
    accounts: [dev],
    duration: '8',
  },
  // No approval for what the next row wants approved, and bob is in both groups.
  {
    ...policy,
    id: groups.approvers,
    name: 'TEAM approvers',
    type: 'Group',
    accounts: [prod, prod],
    permissions: [readOnly, admin],
    approvalRequired: false,
    duration: '2',
    ticketNo: '',
  },
  {
    ...policy,
    id: groups.users,
    // As the group was called once.
    name: 'TEAM engineers',
    type: 'Group',
    accounts: [prod, { name: 'Closed', id: accounts.closed }],
    ous: [
      { name: 'Workloads', id: ous.workloads },
      { name: 'Old unit', id: 'ou-test-gone00001' },
    ],
    permissions: [readOnly, { name: 'Organizations', id: permissionSets.organizations }],
  },
  // The management account, all that is directly under the root, and more hours than anybody may have.
  {
    ...policy,
    id: groups.seconds,
    name: 'TEAM seconds',
    type: 'Group',
    accounts: [{ name: 'Management', id: accounts.management }],
    ous: [{ name: 'Root', id: ous.root }],
    duration: '8000',
    approvalRequired: false,
  },
  // Of somebody who has left.
  { ...policy, id: gone('1'), name: 'zoe@example.com', type: 'User', accounts: [prod] },
  // What a script wrote past the form: names instead of ids, hours that are none, no list, no flag.
  {
    ...policy,
    id: groups.auditors,
    name: 'TEAM auditors\u001b[31m',
    type: 'User',
    accounts: [{ name: 'Prod payments' }],
    permissions: [{ name: 'Deleted', id: `${permissionSets.readOnly.slice(0, -4)}dead` }],
    duration: 'four',
    approvalRequired: 'yes',
  },
  {
    ...policy,
    id: people.mallory,
    name: 'mallory@example.com',
    type: 'User',
    accounts: 'all',
    duration: '0.01',
  },
]

const approver = {
  ...stamps,
  __typename: 'Approvers',
  ticketNo: 'CHG-8',
  modifiedBy: 'idc_ada@example.com',
}

const approvers = [
  // Added to the unit's, not instead of it.
  {
    ...approver,
    id: accounts.prod,
    name: 'Prod payments',
    type: 'Account',
    approvers: ['TEAM approvers', 'TEAM leads'],
    groupIds: [groups.approvers, gone('2')],
  },
  {
    ...approver,
    id: ous.prod,
    name: 'Prod',
    type: 'OU',
    approvers: ['TEAM seconds'],
    groupIds: [groups.seconds],
  },
  // Of a unit above others: has no effect on the accounts in them.
  {
    ...approver,
    id: ous.workloads,
    name: 'Workloads',
    type: 'OU',
    approvers: ['TEAM approvers'],
    groupIds: [groups.approvers],
  },
  // From before the sample kept ids.
  {
    ...approver,
    id: ous.root,
    name: 'Root',
    type: 'OU',
    approvers: ['TEAM approvers', 'TEAM nobody'],
  },
  {
    ...approver,
    id: accounts.closed,
    name: 'Closed',
    type: 'Account',
    approvers: [],
    groupIds: [],
  },
  {
    ...approver,
    id: '999999999999',
    name: 'Left us',
    type: 'Account',
    approvers: ['TEAM approvers'],
    groupIds: [groups.approvers],
  },
]

export const slackToken = 'xoxb-1234567890-secret-of-the-sample'

const settings = {
  __typename: 'Settings',
  id: 'settings',
  duration: '12',
  expiry: '48',
  comments: false,
  ticketNo: true,
  approval: true,
  modifiedBy: 'ada@example.com',
  sesNotificationsEnabled: true,
  snsNotificationsEnabled: true,
  slackNotificationsEnabled: true,
  slackAuditNotificationsChannel: '#audit',
  sesSourceEmail: 'team@example.com',
  sesSourceArn: 'arn:aws:ses:eu-west-1:111111111111:identity/example.com',
  slackToken,
  teamAdminGroup: 'TEAM admins',
  teamAuditorGroup: 'Security',
  useOUCache: true,
}

const request = {
  __typename: 'requests',
  email: 'alice@example.com',
  username: 'idc_alice@example.com',
  accountId: accounts.prod,
  accountName: 'Prod payments',
  role: 'ReadOnlyAccess',
  roleId: permissionSets.readOnly,
  startTime: '2026-06-01T08:00:00.000Z',
  duration: '2',
  justification: '「障害対応」 the payment backlog',
  status: 'ended',
  approver: 'bob@example.com',
  approverId: 'idc_bob@example.com',
  approvers: ['bob@example.com', 'carol@example.com'],
  approver_ids: ['idc_bob@example.com', 'idc_carol@example.com'],
  endTime: '2026-06-01T10:00:02.000Z',
  ticketNo: 'INC-1',
  session_duration: '3600',
  createdAt: '2026-06-01T07:58:00.000Z',
  updatedAt: '2026-06-01T10:00:02.000Z',
}

const requests = [
  { ...request, id: 'r-ended' },
  {
    ...request,
    id: 'r-revoked',
    status: 'revoked',
    revoker: 'dan@example.com',
    revokeComment: 'wrong account',
  },
  { ...request, id: 'r-rejected', status: 'rejected', comment: 'not today\u0000', endTime: null },
  { ...request, id: 'r-error', status: 'error', approver: null, endTime: null },
  {
    ...request,
    id: 'r-of-zoe',
    username: 'idc_Zoe',
    email: 'zoe@example.com',
    status: 'cancelled',
  },
  {
    ...request,
    id: 'r-old',
    createdAt: '2018-01-01T00:00:00.000Z',
    startTime: '2018-01-01T00:00:00.000Z',
  },
  { ...request, id: 'r-odd', startTime: 'soon', accountId: 'prod', justification: ['a', 'list'] },
  { ...request, id: 'r-live', status: 'in progress', endTime: null },
  { ...request, id: 'r-waiting', status: 'pending', approver: null, endTime: null },
  { ...request, id: 'r-between', status: 'approved', endTime: null },
  { ...request, id: 'r-nonsense', status: 'paused' },
]

export const sampleInstallation: Tables = {
  Eligibility: eligibility.map(item),
  Approvers: approvers.map(item),
  Settings: [item(settings)],
  requests: requests.map(item),
}

/** What only a damaged file holds: a table has a key in every row, and no types of its own. */
export const damagedItems: StoredItem[] = [
  { name: { S: 'a row without an id' } },
  { id: { S: 'r-broken' }, status: { XYZ: 'ended' } as never, slackToken: { S: slackToken } },
  { id: { S: 'r-\u0000' } },
]

/** Enough past requests for many pages and many transactions. */
export const manyRequests = (count: number): StoredItem[] =>
  Array.from({ length: count }, (_, at) => item({ ...request, id: `r-${at}` }))
