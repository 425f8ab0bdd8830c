import { describe, expect, test } from 'vitest'
import {
  type ApproverDraft,
  type EligibilityDraft,
  policyLimits,
  validateApproverPolicy,
  validateEligibilityPolicy,
} from './policy.ts'
import {
  accountId,
  approverPolicy,
  eligibilityPolicy,
  groupId,
  noTargets,
  ouId,
  userId,
} from './world.fixture.ts'

const settings = { ticketRequiredForPolicies: false, ticketPattern: 'CHG\\d+' }
const strict = { ...settings, ticketRequiredForPolicies: true }
const prodOu = ouId('ou-abcd-12345678')
const inOu = (scope: 'children' | 'subtree', id = prodOu) => ({
  ...noTargets,
  organizationalUnits: [{ id, scope }],
})

describe('an eligibility policy is refused', () => {
  const rules: [string, Partial<EligibilityDraft>, string[]][] = [
    ['never if all is well', {}, []],
    ['without a subject', { subject: { type: 'user', id: userId('') } }, ['required subject']],
    ['without any target', { targets: noTargets }, ['targets_empty targets']],
    [
      'with an account named twice',
      { targets: { ...noTargets, accounts: [accountId(1), accountId(1)] } },
      ['duplicate targets.accounts.1'],
    ],
    [
      'with something else for an account',
      { targets: { ...noTargets, accounts: [`${accountId(1)}\n` as never] } },
      ['malformed targets.accounts.0'],
    ],
    [
      'with an OU named twice, whatever the scope',
      {
        targets: {
          ...noTargets,
          organizationalUnits: [
            { id: prodOu, scope: 'children' },
            { id: prodOu, scope: 'subtree' },
          ],
        },
      },
      ['duplicate targets.organizationalUnits.1'],
    ],
    [
      'with something else for an OU',
      { targets: inOu('children', ouId('Prod')) },
      ['malformed targets.organizationalUnits.0'],
    ],
    ['never for the root named as an OU', { targets: inOu('children', ouId('r-abcd')) }, []],
    ['without any permission set', { permissionSets: [] }, ['required permissionSets']],
    [
      'with a permission set named twice',
      { permissionSets: ['Read*', 'Read*'] },
      ['duplicate permissionSets.1'],
    ],
    ['with an empty pattern', { permissionSets: [''] }, ['malformed permissionSets.0']],
    [
      'with a pattern of characters that no name has',
      { permissionSets: ['Read Only'] },
      ['malformed permissionSets.0'],
    ],
    [
      'with a pattern that is a regular expression',
      { permissionSets: ['Read.*|Admin'] },
      ['malformed permissionSets.0'],
    ],
    [
      'with an ARN of something else',
      { permissionSets: ['arn:aws:iam::aws:policy/AdministratorAccess'] },
      ['malformed permissionSets.0'],
    ],
    [
      'with an ARN that has a star',
      { permissionSets: ['arn:aws:sso:::permissionSet/ssoins-1/*'] },
      ['malformed permissionSets.0'],
    ],
    [
      'never with an ARN of another partition',
      { permissionSets: ['arn:aws-us-gov:sso:::permissionSet/ssoins-1/ps-1'] },
      [],
    ],
    ['with no duration', { maxDurationMinutes: 0 }, ['out_of_range maxDurationMinutes']],
    ['with part of a minute', { maxDurationMinutes: 0.5 }, ['out_of_range maxDurationMinutes']],
    [
      'with a duration beyond a year',
      { maxDurationMinutes: 525_601 },
      ['out_of_range maxDurationMinutes'],
    ],
    ['with an override in its note', { note: 'a\u202Eb' }, ['text_malformed note']],
    ['never with a ticket off the pattern, where none is demanded', { ticket: 'whatever' }, []],
    ['with two lines for a ticket', { ticket: 'a\nb' }, ['text_malformed ticket']],
    [
      'with all that is wrong at once',
      { targets: noTargets, permissionSets: [] },
      ['targets_empty targets', 'required permissionSets'],
    ],
  ]
  test.each(rules)('%s', (_, more, expected) => {
    const verdict = validateEligibilityPolicy(eligibilityPolicy('p', more), settings)
    const codes = verdict.ok ? [] : verdict.refusals.map(({ code, field }) => `${code} ${field}`)
    expect(codes).toEqual(expected)
  })

  test.each([
    [null, 'ticket_required'],
    [' ', 'ticket_required'],
    ['INC1', 'ticket_malformed'],
    ['CHG1', null],
  ])('where policies need tickets, the ticket %j gives %j', (ticket, code) => {
    for (const verdict of [
      validateEligibilityPolicy(eligibilityPolicy('p', { ticket }), strict),
      validateApproverPolicy(approverPolicy('p', { ticket }), strict),
    ]) {
      expect(verdict.ok ? null : verdict.refusals[0]?.code).toBe(code)
    }
  })

  test('for too long a list without looking at each of it', () => {
    const accounts = Array.from({ length: policyLimits.accountsMax + 1 }, () => accountId(1))
    const verdict = validateEligibilityPolicy(
      eligibilityPolicy('p', { targets: { ...noTargets, accounts } }),
      settings,
    )
    expect(verdict).toMatchObject({
      ok: false,
      refusals: [{ code: 'out_of_range', field: 'targets.accounts' }],
    })
  })
})

describe('an approver policy is refused', () => {
  const rules: [string, Partial<ApproverDraft>, string[]][] = [
    ['never if all is well', {}, []],
    ['never without a list of permission sets', { permissionSets: null }, []],
    ['with an empty list of permission sets', { permissionSets: [] }, ['required permissionSets']],
    ['without groups', { approverGroups: [] }, ['required approverGroups']],
    [
      'with a group named twice',
      { approverGroups: [groupId('a'), groupId('a')] },
      ['duplicate approverGroups.1'],
    ],
    ['with no approvals', { approvalsRequired: 0 }, ['out_of_range approvalsRequired']],
    ['with a sixth approval', { approvalsRequired: 6 }, ['out_of_range approvalsRequired']],
    ['without any target', { targets: noTargets }, ['targets_empty targets']],
  ]
  test.each(rules)('%s', (_, more, expected) => {
    const verdict = validateApproverPolicy(approverPolicy('p', more), settings)
    const codes = verdict.ok ? [] : verdict.refusals.map(({ code, field }) => `${code} ${field}`)
    expect(codes).toEqual(expected)
  })
})

test('an accepted policy is kept with its texts trimmed and composed', () => {
  const draft = eligibilityPolicy('p', { note: ' か\u3099 ', ticket: '' })
  expect(validateEligibilityPolicy(draft, settings)).toEqual({
    ok: true,
    policy: { ...draft, note: 'が', ticket: null },
  })
})
