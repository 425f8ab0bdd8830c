import { describe, expect, test } from 'vitest'
import type { ApproverDraft, EligibilityDraft } from './policy.ts'
import { approverWidening, eligibilityWidening, policyDifference } from './policy-difference.ts'
import {
  accountId,
  approverPolicy,
  eligibilityPolicy,
  everywhere,
  groupId,
  noTargets,
  ouId,
  userId,
} from './world.fixture.ts'

const prodOu = ouId('ou-abcd-12345678')
const inOu = (scope: 'children' | 'subtree') => ({
  ...noTargets,
  organizationalUnits: [{ id: prodOu, scope }],
})

describe('the difference between two versions', () => {
  const policy = eligibilityPolicy('p', { permissionSets: ['A', 'B'] })
  test('names each field with before and after', () => {
    const after = { ...policy, version: 2, maxDurationMinutes: 90, note: 'x' }
    expect(policyDifference(policy, after)).toEqual([
      { field: 'maxDurationMinutes', before: 60, after: 90 },
      { field: 'note', before: '', after: 'x' },
    ])
  })
  test('is nothing where only the order differs', () => {
    expect(policyDifference(policy, { ...policy, permissionSets: ['B', 'A'] })).toEqual([])
  })
  test('is everything of a policy that is new or gone', () => {
    expect(policyDifference(null, policy)).toContainEqual({
      field: 'maxDurationMinutes',
      after: 60,
    })
    expect(policyDifference(policy, null)).toContainEqual({
      field: 'maxDurationMinutes',
      before: 60,
    })
  })
})

describe('a change of an eligibility policy widens access', () => {
  const policy = eligibilityPolicy('p', {
    targets: { ...inOu('subtree'), accounts: [accountId(1)] },
    permissionSets: ['Read*'],
  })
  const lax = { ...policy, approvalRequired: false }
  const off = { ...policy, enabled: false }
  test.each<[string, EligibilityDraft | null, EligibilityDraft | null, string[]]>([
    ['if it is new', null, policy, ['created']],
    ['never if it is new and disabled', null, off, []],
    ['if it is enabled', off, policy, ['enabled']],
    ['never if nothing changes', policy, policy, []],
    ['never if its note changes', policy, { ...policy, note: 'x' }, []],
    [
      'if it names somebody else',
      lax,
      { ...lax, subject: { type: 'user', id: userId('bob') } },
      ['subject_changed'],
    ],
    [
      'if it names another account',
      lax,
      { ...lax, targets: { ...lax.targets, accounts: [accountId(1), accountId(2)] } },
      ['targets_widened'],
    ],
    ['if it names the root', lax, { ...lax, targets: everywhere }, ['targets_widened']],
    ['never if it names no longer the root', { ...lax, targets: everywhere }, lax, []],
    [
      'if children become a subtree',
      { ...lax, targets: inOu('children') },
      { ...lax, targets: inOu('subtree') },
      ['targets_widened'],
    ],
    [
      'never if a subtree becomes children',
      { ...lax, targets: inOu('subtree') },
      { ...lax, targets: inOu('children') },
      [],
    ],
    [
      'if it names another permission set',
      policy,
      { ...policy, permissionSets: ['Read*', 'Admin'] },
      ['permission_sets_widened'],
    ],
    ['if it lasts longer', policy, { ...policy, maxDurationMinutes: 61 }, ['longer']],
    ['never if it is shorter', policy, { ...policy, maxDurationMinutes: 59 }, []],
    ['if approval is dropped', policy, lax, ['approval_lowered']],
    ['never if approval is added', lax, policy, []],
    ['if it allows break-glass', policy, { ...policy, breakGlass: true }, ['break_glass']],
    [
      'if it demanded approval and is gone, because another may not demand it',
      policy,
      null,
      ['approval_lowered'],
    ],
    [
      'if it demanded approval and reaches less',
      policy,
      { ...policy, targets: inOu('subtree') },
      ['approval_lowered'],
    ],
    ['never if it demanded none and is gone', lax, null, []],
  ])('%s', (_, before, after, reasons) => {
    expect(eligibilityWidening(before, after)).toEqual(reasons)
  })
})

describe('a change of an approver policy widens access', () => {
  const policy = approverPolicy('p', { targets: inOu('subtree'), permissionSets: ['Read*'] })
  const two = { ...policy, approvalsRequired: 2 }
  const exclusive = { ...policy, exclusive: true }
  test.each<[string, ApproverDraft | null, ApproverDraft | null, string[]]>([
    ['if it is new', null, policy, ['created']],
    ['never if it is new and disabled', null, { ...policy, enabled: false }, []],
    ['if it is enabled', { ...policy, enabled: false }, policy, ['enabled']],
    ['never if a plain one is gone', policy, null, []],
    ['if one that held others off is gone', exclusive, null, ['approval_lowered']],
    ['if one that asked for two is gone', two, null, ['approval_lowered']],
    ['if it is for more targets', policy, { ...policy, targets: everywhere }, ['targets_widened']],
    ['never if a plain one is for fewer', { ...policy, targets: everywhere }, policy, []],
    [
      'if one that asked for two is for fewer',
      { ...two, targets: everywhere },
      two,
      ['targets_widened'],
    ],
    [
      'if it is for every permission set',
      policy,
      { ...policy, permissionSets: null },
      ['permission_sets_widened'],
    ],
    [
      'never if a plain one is for fewer permission sets',
      { ...policy, permissionSets: null },
      policy,
      [],
    ],
    [
      'if it names another group',
      policy,
      { ...policy, approverGroups: ['approvers', 'devs'].map(groupId) },
      ['approvers_widened'],
    ],
    ['if it asks for fewer', two, policy, ['quorum_lowered']],
    ['never if it asks for more', policy, two, []],
    ['if it no longer holds others off', exclusive, policy, ['exclusive_changed']],
    [
      'if it newly holds others off, who may have asked for more',
      policy,
      exclusive,
      ['exclusive_changed'],
    ],
  ])('%s', (_, before, after, reasons) => {
    expect(approverWidening(before, after)).toEqual(reasons)
  })
})
