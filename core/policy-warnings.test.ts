import { describe, expect, test } from 'vitest'
import type { WholeDirectory } from './facts.ts'
import type { ApproverDraft, EligibilityDraft } from './policy.ts'
import { approverWarnings, eligibilityWarnings } from './policy-warnings.ts'
import {
  account,
  accountId,
  approverPolicy,
  arnOf,
  directoryOf,
  eligibilityPolicy,
  groupId,
  members,
  noTargets,
  ouId,
  permissionSet,
  userId,
} from './world.fixture.ts'

const prodOu = ouId('ou-abcd-12345678')
const devOu = ouId('ou-abcd-87654321')
const inOu = (scope: 'children' | 'subtree', id = prodOu) => ({
  ...noTargets,
  organizationalUnits: [{ id, scope }],
})

describe('an administrator is warned', () => {
  const directory: WholeDirectory = {
    ...directoryOf(
      [account(1, ['r-abcd', prodOu]), account(2, ['r-abcd', devOu], { state: 'SUSPENDED' })],
      [permissionSet('ReadOnly'), permissionSet('OrgAccess', { inManagementAccount: true })],
      members({ devs: ['ann'], approvers: ['bob'], empty: [] }),
    ),
    users: new Map([
      [userId('ann'), { enabled: true }],
      [userId('old'), { enabled: false }],
    ]),
    groupIds: new Set(['devs', 'approvers', 'empty'].map(groupId)),
    ouIds: new Set([ouId('r-abcd'), prodOu, devOu]),
  }
  const user = (id: string): Partial<EligibilityDraft> => ({
    subject: { type: 'user', id: userId(id) },
  })
  const group = (id: string): Partial<EligibilityDraft> => ({
    subject: { type: 'group', id: groupId(id) },
  })
  const onAccounts = (...numbers: number[]) => ({
    targets: { ...noTargets, accounts: numbers.map(accountId) },
  })

  test.each<[string, Partial<EligibilityDraft>, string[]]>([
    ['of nothing where all is well', {}, []],
    ['of a person who is gone', user('gone'), ['subject_deleted subject']],
    ['of a person who is disabled', user('old'), ['subject_disabled subject']],
    ['of a group that is gone', group('gone'), ['subject_deleted subject']],
    ['of a group named like a person', group('ann'), ['subject_deleted subject']],
    ['of a group without members', group('empty'), ['subject_empty subject']],
    ['of an account that is gone', onAccounts(1, 9), ['account_deleted targets.accounts.1']],
    [
      'of an account out of reach, and that nothing is left',
      onAccounts(2),
      ['account_out_of_reach targets.accounts.0', 'matches_no_account targets'],
    ],
    [
      'of an OU that is gone',
      { targets: { ...inOu('subtree', ouId('ou-abcd-00000000')), root: true } },
      ['organizational_unit_deleted targets.organizationalUnits.0'],
    ],
    [
      'of an OU without accounts in reach',
      { targets: inOu('subtree', devOu) },
      ['matches_no_account targets'],
    ],
    [
      'of a permission set that is gone',
      { permissionSets: ['*', arnOf('Gone')] },
      ['permission_set_deleted permissionSets.1'],
    ],
    [
      'of a permission set out of reach',
      { permissionSets: [arnOf('OrgAccess')] },
      ['permission_set_out_of_reach permissionSets.0', 'matches_no_permission_set permissionSets'],
    ],
    [
      'of a pattern that fits nothing',
      { permissionSets: ['ReadOnly', 'read*'] },
      ['pattern_matches_nothing permissionSets.1'],
    ],
    [
      'of a duration above the setting',
      { maxDurationMinutes: 541 },
      ['duration_capped maxDurationMinutes'],
    ],
  ])('%s', (_, more, expected) => {
    const warnings = eligibilityWarnings(eligibilityPolicy('p', more), directory, {
      maxDurationMinutes: 540,
    })
    expect(warnings.map(({ code, field }) => `${code} ${field}`)).toEqual(expected)
  })

  test.each<[string, Partial<ApproverDraft>, string[]]>([
    ['of nothing where all is well', {}, []],
    [
      'of a group that is gone',
      { approverGroups: ['approvers', 'gone'].map(groupId) },
      ['approver_group_deleted approverGroups.1'],
    ],
    [
      'of a group without members, and that nobody can approve',
      { approverGroups: [groupId('empty')] },
      ['approver_group_empty approverGroups.0', 'quorum_out_of_reach approvalsRequired'],
    ],
    [
      'of a number that its groups cannot reach',
      { approvalsRequired: 2 },
      ['quorum_out_of_reach approvalsRequired'],
    ],
    [
      'never if its groups reach it together',
      { approvalsRequired: 2, approverGroups: ['approvers', 'devs'].map(groupId) },
      [],
    ],
  ])('about an approver policy %s', (_, more, expected) => {
    const warnings = approverWarnings(approverPolicy('p', more), directory)
    expect(warnings.map(({ code, field }) => `${code} ${field}`)).toEqual(expected)
  })
})
