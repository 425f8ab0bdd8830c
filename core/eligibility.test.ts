import { describe, expect, test } from 'vitest'
import { decideEligibility, policiesExplainedMax } from './eligibility.ts'
import type { EligibilityPolicy } from './facts.ts'
import { defaultSettings } from './settings.ts'
import {
  account,
  accountId,
  arnOf,
  eligibilityPolicy,
  groupId,
  noTargets,
  ouId,
  permissionSet,
  person,
  policyId,
  userId,
} from './world.fixture.ts'

const ann = person('ann', ['devs'])
const prod = account(1, ['r-root', 'ou-workloads', 'ou-prod'])
const readOnly = permissionSet('ReadOnly')
const asked = { account: prod, permissionSet: readOnly }

function decide(policies: EligibilityPolicy[], more: Partial<typeof defaultSettings> = {}) {
  return decideEligibility(ann, asked, policies, { ...defaultSettings, ...more })
}

function termsOf(...args: Parameters<typeof decide>) {
  const decision = decide(...args)
  if (!decision.eligible) throw new Error(`not eligible: ${decision.refusal.code}`)
  return decision.terms
}

describe('the part that failed is', () => {
  const bobs = eligibilityPolicy('bobs', { subject: { type: 'user', id: userId('bob') } })
  const elsewhere = eligibilityPolicy('elsewhere', {
    targets: { ...noTargets, accounts: [accountId(2)] },
  })
  const onlyAdmin = eligibilityPolicy('onlyAdmin', { permissionSets: ['Admin*'] })
  const rules: [string, EligibilityPolicy[], string][] = [
    ['the person, without any policy', [], 'subject'],
    ['the person, if policies name only others', [bobs], 'subject'],
    ['the person, if the only policy is disabled', [{ ...onlyAdmin, enabled: false }], 'subject'],
    ['the account, if policies name the person elsewhere', [bobs, elsewhere], 'account'],
    ['the permission set, if one comes that far', [elsewhere, onlyAdmin], 'permissionSet'],
    [
      'the permission set, if one policy has the account and another the set',
      [{ ...elsewhere, permissionSets: ['ReadOnly'] }, onlyAdmin],
      'permissionSet',
    ],
  ]
  test.each(rules)('%s', (_, policies, failed) => {
    const decision = decide(policies)
    expect(decision).toMatchObject({
      eligible: false,
      refusal: { code: 'not_eligible', params: { failed } },
      explanation: { failed, won: null },
    })
  })
})

describe('a policy names', () => {
  test.each([
    ['a person by id', eligibilityPolicy('p'), true],
    [
      'a person through a group',
      eligibilityPolicy('p', { subject: { type: 'group', id: groupId('devs') } }),
      true,
    ],
    [
      'nobody by a group they are not in',
      eligibilityPolicy('p', { subject: { type: 'group', id: groupId('ops') } }),
      false,
    ],
    [
      'nobody by a group whose id is the id of a person',
      eligibilityPolicy('p', { subject: { type: 'group', id: groupId('ann') } }),
      false,
    ],
    [
      'nobody by a user name',
      eligibilityPolicy('p', { subject: { type: 'user', id: userId('ann@example.com') } }),
      false,
    ],
  ])('%s', (_, policy, eligible) => expect(decide([policy]).eligible).toBe(eligible))
})

describe('outside the reach of TEAM', () => {
  const policies = [
    eligibilityPolicy('all', {
      targets: { accounts: [prod.accountId], organizationalUnits: [], root: true },
      permissionSets: ['*', readOnly.permissionSetArn],
    }),
  ]
  test.each([
    ['an account is not active', { ...prod, state: 'SUSPENDED' }, readOnly, 'account_not_active'],
    [
      'an account is being closed',
      { ...prod, state: 'PENDING_CLOSURE' },
      readOnly,
      'account_not_active',
    ],
    [
      'an account is the management account',
      { ...prod, isManagement: true },
      readOnly,
      'management_account',
    ],
    [
      'a permission set is provisioned in the management account',
      prod,
      { ...readOnly, inManagementAccount: true },
      'permission_set_in_management_account',
    ],
  ])('%s, and the refusal says so', (_, where, what, reason) => {
    const decision = decideEligibility(
      ann,
      { account: where, permissionSet: what },
      policies,
      defaultSettings,
    )
    expect(decision).toMatchObject({
      eligible: false,
      refusal: { code: 'out_of_reach', params: { reason } },
      explanation: { outOfReach: reason, won: null },
    })
    expect(decision.explanation.policies.map((one) => one.counts)).toEqual([false])
  })

  test('break-glass does not get there either', () => {
    const glass = policies.map((policy) => ({ ...policy, breakGlass: true }))
    const where = { account: { ...prod, isManagement: true }, permissionSet: readOnly }
    const decision = decideEligibility(ann, where, glass, defaultSettings, { breakGlass: true })
    expect(decision).toMatchObject({ eligible: false, refusal: { code: 'out_of_reach' } })
  })

  test.each([
    ['an account', { account: null, permissionSet: readOnly }, 'account'],
    ['a permission set', { account: prod, permissionSet: null }, 'permissionSet'],
  ])('a policy that names %s which is deleted matches nothing by it', (_, gone, failed) => {
    const decision = decideEligibility(ann, gone, policies, defaultSettings)
    expect(decision).toMatchObject({ eligible: false, refusal: { params: { failed } } })
  })
})

test('a disabled person is eligible for nothing', () => {
  const decision = decideEligibility(
    person('ann', ['devs'], false),
    asked,
    [eligibilityPolicy('p')],
    defaultSettings,
  )
  expect(decision).toMatchObject({ eligible: false, refusal: { code: 'person_disabled' } })
})

describe('the longest duration', () => {
  const short = eligibilityPolicy('short', { maxDurationMinutes: 30 })
  const long = eligibilityPolicy('long', { maxDurationMinutes: 120 })
  test('is the largest of the policies that match', () => {
    expect(termsOf([short, long]).maxDurationMinutes).toBe(120)
  })
  test('is not lengthened by a policy that matches the person but not this target', () => {
    const elsewhere = { ...long, targets: { ...noTargets, accounts: [accountId(2)] } }
    expect(termsOf([short, elsewhere]).maxDurationMinutes).toBe(30)
    expect(termsOf([short, { ...long, permissionSets: ['Admin'] }]).maxDurationMinutes).toBe(30)
  })
  test('is not lengthened by a disabled policy', () => {
    expect(termsOf([short, { ...long, enabled: false }]).maxDurationMinutes).toBe(30)
  })
  test('is capped by the global maximum, and the explanation says by what', () => {
    const decision = decide([short, long], { maxDurationMinutes: 90 })
    expect(decision.explanation.won?.maxDurationMinutes).toEqual({
      value: 90,
      policyIds: ['long'],
      otherwise: 'setting',
    })
  })
})

describe('the strictest wins:', () => {
  const lax = eligibilityPolicy('lax', { approvalRequired: false, justificationRequired: false })
  const strict = eligibilityPolicy('strict', { ticketRequired: true })
  const off = { justificationRequired: false }
  test('approval, ticket and justification are needed if any matching policy needs them', () => {
    expect(termsOf([lax, strict], off)).toMatchObject({
      approvalRequired: true,
      ticketRequired: true,
      justificationRequired: true,
    })
  })
  test('none of them is, if no matching policy and no setting needs it', () => {
    const elsewhere = {
      ...strict,
      targets: {
        ...noTargets,
        organizationalUnits: [{ id: ouId('ou-dev'), scope: 'subtree' as const }],
      },
    }
    expect(termsOf([lax, elsewhere], off)).toMatchObject({
      approvalRequired: false,
      ticketRequired: false,
      justificationRequired: false,
    })
  })
  test('the settings need a ticket and a justification of everybody', () => {
    const settings = { ticketRequired: true, justificationRequired: true }
    expect(termsOf([lax], settings)).toMatchObject({
      approvalRequired: false,
      ticketRequired: true,
      justificationRequired: true,
    })
  })
  test('the approval setting needs it of nobody, but off it frees everybody', () => {
    expect(termsOf([lax], { approvalRequired: true }).approvalRequired).toBe(false)
    expect(termsOf([strict], { approvalRequired: false }).approvalRequired).toBe(false)
  })
  test('own widening needs approval even where the switch is off', () => {
    const settings = { ...defaultSettings, approvalRequired: false }
    const decision = decideEligibility(ann, asked, [lax], settings, {
      mustBeApprovedByAnother: true,
    })
    expect(decision).toMatchObject({ eligible: true, terms: { approvalRequired: true } })
    expect(decision.explanation.won?.approvalRequired.otherwise).toBe('own_widening')
  })
})

describe('break-glass', () => {
  const plain = eligibilityPolicy('plain', { maxDurationMinutes: 240, ticketRequired: true })
  const glass = eligibilityPolicy('glass', {
    maxDurationMinutes: 45,
    breakGlass: true,
    justificationRequired: false,
  })
  const settings = { ...defaultSettings, justificationRequired: false }

  test('counts only policies with break-glass, skips approval, and wants a justification', () => {
    const decision = decideEligibility(ann, asked, [plain, glass], settings, { breakGlass: true })
    expect(decision).toMatchObject({
      eligible: true,
      terms: {
        maxDurationMinutes: 45,
        approvalRequired: false,
        ticketRequired: false,
        justificationRequired: true,
      },
    })
    const counted = decision.explanation.policies.map((one) => [one.policyId, one.counts])
    expect(counted).toEqual([
      ['glass', true],
      ['plain', false],
    ])
  })
  test('is refused where only other policies match', () => {
    const decision = decideEligibility(ann, asked, [plain], settings, { breakGlass: true })
    expect(decision).toMatchObject({
      eligible: false,
      refusal: { code: 'not_eligible', params: { failed: 'breakGlass' } },
    })
  })
  test('is told of beside the ordinary terms, with its own longest duration', () => {
    expect(termsOf([plain, glass])).toMatchObject({
      maxDurationMinutes: 240,
      breakGlass: true,
      breakGlassMaxDurationMinutes: 45,
    })
    expect(termsOf([plain])).toMatchObject({
      breakGlass: false,
      breakGlassMaxDurationMinutes: null,
    })
  })
})

describe('the explanation', () => {
  test('tells of each policy that names the person how far it matched and by what', () => {
    const policies = [
      eligibilityPolicy('b', { permissionSets: ['Admin', 'Read*'] }),
      eligibilityPolicy('a', {
        permissionSets: ['Admin'],
        targets: { ...noTargets, accounts: [prod.accountId] },
      }),
      eligibilityPolicy('bobs', { subject: { type: 'user', id: userId('bob') } }),
      eligibilityPolicy('off', { enabled: false }),
    ]
    expect(decide(policies).explanation).toMatchObject({
      policyCount: 2,
      policies: [
        { policyId: 'b', counts: true, coveredBy: { by: 'root' }, namedBy: 'Read*' },
        { policyId: 'a', counts: false, coveredBy: { by: 'account' }, namedBy: null },
      ],
    })
  })
  test('keeps what counts when there is too much to tell, and says how much there was', () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      eligibilityPolicy(`a${i}`, { permissionSets: [arnOf('Other')] }),
    )
    const { explanation } = decide([...many, eligibilityPolicy('z')])
    expect(explanation.policies).toHaveLength(policiesExplainedMax)
    expect(explanation.policies[0]?.policyId).toBe(policyId('z'))
    expect(explanation.policyCount).toBe(201)
  })
})
