/** A small organisation for tables of rules, and arbitrary ones for properties. Tests only. */
import * as fc from 'fast-check'
import type {
  Account,
  ApproverPolicy,
  Directory,
  EligibilityPolicy,
  EnabledMembers,
  PermissionSet,
  Person,
  PolicyTargets,
} from './facts.ts'
import type { AccountId, GroupId, OuId, PermissionSetArn, PolicyId, UserId } from './ids.ts'
import { defaultSettings } from './settings.ts'

export const userId = (name: string) => name as UserId
export const groupId = (name: string) => name as GroupId
export const ouId = (name: string) => name as OuId
export const policyId = (name: string) => name as PolicyId
export const accountId = (number: number) => String(number).padStart(12, '0') as AccountId
export const arnOf = (name: string) =>
  `arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-${name}` as PermissionSetArn

export function person(name: string, groups: readonly string[] = [], enabled = true): Person {
  return {
    userId: userId(name),
    userName: `${name}@example.com`,
    displayName: name,
    email: `${name}@example.com`,
    enabled,
    groupIds: new Set(groups.map(groupId)),
  }
}

export function account(number: number, ouPath: readonly string[], more: Partial<Account> = {}) {
  const made: Account = {
    accountId: accountId(number),
    name: `account ${number}`,
    ouPath: ouPath.map(ouId),
    state: 'ACTIVE',
    isManagement: false,
    ...more,
  }
  return made
}

export function permissionSet(name: string, more: Partial<PermissionSet> = {}): PermissionSet {
  return {
    permissionSetArn: arnOf(name),
    name,
    description: '',
    level: 'unknown',
    sessionMinutes: 60,
    inManagementAccount: false,
    ...more,
  }
}

export const noTargets: PolicyTargets = { accounts: [], organizationalUnits: [], root: false }
export const everywhere: PolicyTargets = { ...noTargets, root: true }

export function eligibilityPolicy(
  id: string,
  more: Partial<EligibilityPolicy> = {},
): EligibilityPolicy {
  return {
    id: policyId(id),
    version: 1,
    subject: { type: 'user', id: userId('ann') },
    targets: everywhere,
    permissionSets: ['*'],
    maxDurationMinutes: 60,
    approvalRequired: true,
    ticketRequired: false,
    justificationRequired: true,
    breakGlass: false,
    ticket: null,
    note: '',
    enabled: true,
    ...more,
  }
}

export function approverPolicy(id: string, more: Partial<ApproverPolicy> = {}): ApproverPolicy {
  return {
    id: policyId(id),
    version: 1,
    targets: everywhere,
    permissionSets: null,
    approverGroups: [groupId('approvers')],
    approvalsRequired: 1,
    exclusive: false,
    ticket: null,
    note: '',
    enabled: true,
    ...more,
  }
}

export function members(groups: Readonly<Record<string, readonly string[]>>): EnabledMembers {
  return new Map(
    Object.entries(groups).map(([name, people]) => [groupId(name), new Set(people.map(userId))]),
  )
}

export function directoryOf(
  accounts: readonly Account[],
  permissionSets: readonly PermissionSet[],
  enabledMembers: EnabledMembers = new Map(),
): Directory {
  return {
    accounts: new Map(accounts.map((one) => [one.accountId, one])),
    permissionSets: new Map(permissionSets.map((one) => [one.permissionSetArn, one])),
    enabledMembers,
  }
}

export interface World {
  /** Index of each OU's parent; the first is the root. */
  readonly ouParents: readonly number[]
  readonly people: readonly Person[]
  readonly directory: Directory
  readonly eligibilityPolicies: readonly EligibilityPolicy[]
  readonly approverPolicies: readonly ApproverPolicy[]
  readonly settings: typeof defaultSettings
}

export const userNames = ['ann', 'bob', 'cho', 'dan', 'eve']
export const groupNames = ['g0', 'g1', 'g2', 'g3']
const setNames = ['Read', 'ReadOnly', 'Reader', 'Admin', 'read']
const patterns = ['*', 'Read*', 'R??d', '*er', 'A*n', 'Admin', 'Read', '?ead', 'ReadOnly*', 'x*']
const ouCount = 6
const accountCount = 5

export function pathOf(ouParents: readonly number[], unit: number): OuId[] {
  const parent = ouParents[unit - 1]
  const above = unit === 0 || parent === undefined ? [] : pathOf(ouParents, parent)
  return [...above, ouId(`ou-${unit}`)]
}

const someOf = <T>(from: readonly T[], maxLength = 3) =>
  fc.uniqueArray(fc.constantFrom(...from), { maxLength })

const targetsArbitrary: fc.Arbitrary<PolicyTargets> = fc.record({
  // One number more than there are accounts and OUs: deleted ones.
  accounts: someOf(
    Array.from({ length: accountCount + 1 }, (_, i) => accountId(i)),
    2,
  ),
  organizationalUnits: fc.uniqueArray(
    fc.record({
      id: fc.nat(ouCount).map((unit) => ouId(`ou-${unit}`)),
      scope: fc.constantFrom('children' as const, 'subtree' as const),
    }),
    { maxLength: 2, selector: ({ id }) => id },
  ),
  root: fc.nat(4).map((n) => n === 0),
})

const usually = fc.nat(9).map((n) => n > 0)
const seldom = fc.nat(9).map((n) => n === 0)
const entry = fc.oneof(fc.constantFrom(...patterns), fc.constantFrom(...setNames, 'x').map(arnOf))
const entries = fc.uniqueArray(entry, { minLength: 1, maxLength: 3 })

export const eligibilityArbitrary = fc.record({
  subject: fc.oneof(
    fc.constantFrom(...userNames).map((id) => ({ type: 'user' as const, id: userId(id) })),
    fc.constantFrom(...groupNames).map((id) => ({ type: 'group' as const, id: groupId(id) })),
  ),
  targets: targetsArbitrary,
  permissionSets: entries,
  maxDurationMinutes: fc.integer({ min: 1, max: 700 }),
  approvalRequired: fc.boolean(),
  ticketRequired: fc.boolean(),
  justificationRequired: fc.boolean(),
  breakGlass: fc.boolean(),
  enabled: usually,
})

export const approverArbitrary = fc.record({
  targets: targetsArbitrary,
  permissionSets: fc.option(entries),
  approverGroups: fc.uniqueArray(fc.constantFrom(...groupNames, 'gone').map(groupId), {
    minLength: 1,
    maxLength: 3,
  }),
  approvalsRequired: fc.integer({ min: 1, max: 4 }),
  exclusive: seldom,
  enabled: usually,
})

const settingsArbitrary = fc
  .record({
    maxDurationMinutes: fc.integer({ min: 1, max: 700 }),
    approvalRequired: usually,
    ticketRequired: fc.boolean(),
    justificationRequired: fc.boolean(),
  })
  .map((some) => ({ ...defaultSettings, ...some }))

export const worldArbitrary: fc.Arbitrary<World> = fc
  .record({
    ouParents: fc.tuple(
      ...Array.from({ length: ouCount - 1 }, (_, i) => fc.nat(i)),
    ) as fc.Arbitrary<number[]>,
    people: fc.tuple(
      ...userNames.map((name) =>
        fc.tuple(someOf(groupNames), usually).map(([groups, on]) => person(name, groups, on)),
      ),
    ),
    accounts: fc.array(
      fc.record({ unit: fc.nat(ouCount - 1), active: usually, isManagement: seldom }),
      { minLength: accountCount, maxLength: accountCount },
    ),
    outOfReachSets: fc.array(seldom, { minLength: setNames.length, maxLength: setNames.length }),
    eligibility: fc.array(eligibilityArbitrary, { maxLength: 12 }),
    approver: fc.array(approverArbitrary, { maxLength: 6 }),
    settings: settingsArbitrary,
  })
  .map((drawn) => {
    const enabled = drawn.people.filter((one) => one.enabled)
    const enabledMembers = members(
      Object.fromEntries(
        groupNames.map((group) => [
          group,
          enabled.filter((one) => one.groupIds.has(groupId(group))).map((one) => one.userId),
        ]),
      ),
    )
    const accounts = drawn.accounts.map(({ unit, active, isManagement }, i) =>
      account(i, pathOf(drawn.ouParents, unit), {
        // Names that tie, so that lists are told apart by id.
        name: `account ${i % 2}`,
        state: active ? 'ACTIVE' : 'SUSPENDED',
        isManagement,
      }),
    )
    const sets = setNames.map((name, i) =>
      permissionSet(name, { inManagementAccount: drawn.outOfReachSets[i] ?? false }),
    )
    return {
      ouParents: drawn.ouParents,
      people: drawn.people,
      directory: directoryOf(accounts, sets, enabledMembers),
      eligibilityPolicies: drawn.eligibility.map((one, i) => eligibilityPolicy(`e${i}`, one)),
      approverPolicies: drawn.approver.map((one, i) => approverPolicy(`a${i}`, one)),
      settings: drawn.settings,
    }
  })

/** Known accounts and permission sets, and one of each that is gone. */
export const targetArbitrary = fc.record({
  accountId: fc.nat(accountCount).map(accountId),
  permissionSetArn: fc.constantFrom(...setNames, 'gone').map(arnOf),
})

/** Any code points at all, unpaired surrogates among them. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof(fc.nat(0x2ff), fc.nat(0xffff), fc.nat(0x10ffff)), { maxLength })
    .map((points) => String.fromCodePoint(...points))
