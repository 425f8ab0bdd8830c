import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePolicies } from './compiled.ts'
import type { ApproverPolicy, EligibilityPolicy } from './facts.ts'
import type { PolicyId } from './ids.ts'
import {
  type AskedOnOwn,
  type OwnChanges,
  ownWideningJudge,
  type Version,
  withoutOwn,
} from './own-widening.ts'
import { eligibilityWidening, policyDifference } from './policy-difference.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { directory, target } from './submission.fixture.ts'
import {
  accountId,
  approverPolicy,
  eligibilityPolicy,
  groupId,
  noTargets,
  person,
} from './world.fixture.ts'

const ann = person('ann', ['admins', 'users'])
const widens = (before: EligibilityPolicy | null, after: EligibilityPolicy | null) =>
  eligibilityWidening(before, after).length > 0

type Made = readonly [by: 'own' | 'other', body: EligibilityPolicy | null]
const versionsOf = (...made: Made[]): Version<EligibilityPolicy>[] =>
  made.map(([by, body]) => ({ body, own: by === 'own' }))
const policy = (change: Partial<EligibilityPolicy> = {}) =>
  eligibilityPolicy('e', { maxDurationMinutes: 60, ...change })

describe('without their own changes there would be', () => {
  const lax = policy({ approvalRequired: false })
  test.each<[string, Made[], EligibilityPolicy | null]>([
    [
      'no policy that they made',
      [
        ['other', null],
        ['own', policy()],
      ],
      null,
    ],
    [
      'none either that others changed since',
      [
        ['other', null],
        ['own', policy()],
        ['other', policy({ maxDurationMinutes: 30 })],
      ],
      null,
    ],
    [
      'the policy that they deleted, for it demanded approval',
      [
        ['other', policy()],
        ['own', null],
      ],
      policy(),
    ],
    [
      'not the policy that they deleted, where that took away',
      [
        ['other', lax],
        ['own', null],
      ],
      null,
    ],
    [
      'the shorter time of before',
      [
        ['other', policy()],
        ['own', policy({ maxDurationMinutes: 120 })],
      ],
      policy(),
    ],
    [
      'the shorter time still, if they went half the way back',
      [
        ['other', policy()],
        ['own', policy({ maxDurationMinutes: 120 })],
        ['own', policy({ maxDurationMinutes: 90 })],
      ],
      policy(),
    ],
    [
      'the shorter time that they set themselves before they lengthened it',
      [
        ['other', policy({ maxDurationMinutes: 120 })],
        ['own', policy({ maxDurationMinutes: 30 })],
        ['own', policy({ maxDurationMinutes: 120 })],
      ],
      policy({ maxDurationMinutes: 30 }),
    ],
    [
      'the time that another administrator set after them',
      [
        ['other', policy()],
        ['own', policy({ maxDurationMinutes: 120 })],
        ['other', policy({ maxDurationMinutes: 90 })],
      ],
      policy({ maxDurationMinutes: 90 }),
    ],
    [
      'what others added, and not what they added themselves',
      [
        ['other', policy({ permissionSets: ['A'] })],
        ['own', policy({ permissionSets: ['A', 'B'] })],
        ['other', policy({ permissionSets: ['A', 'B', 'C'] })],
      ],
      policy({ permissionSets: ['A', 'C'] }),
    ],
    [
      'of what they changed at once only what narrows',
      [
        ['other', lax],
        ['own', { ...lax, maxDurationMinutes: 30, breakGlass: true }],
      ],
      { ...lax, maxDurationMinutes: 30 },
    ],
    [
      'an account less that they exchanged for another',
      [
        ['other', { ...lax, targets: { ...noTargets, accounts: [accountId(1), accountId(2)] } }],
        ['own', { ...lax, targets: { ...noTargets, accounts: [accountId(2), accountId(3)] } }],
      ],
      { ...lax, targets: { ...noTargets, accounts: [accountId(2)] } },
    ],
  ])('%s', (_, made, expected) => {
    expect(withoutOwn(versionsOf(...made), widens)).toEqual(expected)
  })
})

interface Given {
  readonly eligibility?: readonly Version<EligibilityPolicy>[]
  readonly approver?: readonly Version<ApproverPolicy>[]
  readonly settings?: readonly Version<Settings>[]
  readonly others?: readonly EligibilityPolicy[]
}

function judge(given: Given) {
  const { eligibility = [], approver = [], settings = [], others = [] } = given
  const changes: OwnChanges = {
    eligibility: new Map(eligibility.length > 0 ? [['e' as PolicyId, eligibility]] : []),
    approver: new Map(approver.length > 0 ? [['a' as PolicyId, approver]] : []),
    settings,
  }
  const now = <Body>(versions: readonly Version<Body>[]) => versions.at(-1)?.body ?? null
  const facts = {
    directory,
    settings: now(settings) ?? defaultSettings,
    eligibilityPolicies: [...others, now(eligibility)].filter((one) => one !== null),
    approverPolicies: [
      ...(approver.length > 0 ? [] : [approverPolicy('plain')]),
      now(approver),
    ].filter((one) => one !== null),
  }
  return ownWideningJudge({ ...facts, person: ann, changes, evaluator: compilePolicies(facts) })
}

const asked: AskedOnOwn = {
  target: target(1),
  durationMinutes: 60,
  breakGlass: false,
  chainMinutes: null,
}

describe('their own request needs another’s approval', () => {
  const lax = policy({ approvalRequired: false })
  const wider = policy({ approvalRequired: false, maxDurationMinutes: 240 })
  const setTo = (own: Partial<Settings>, before: Partial<Settings> = {}) => [
    { body: { ...defaultSettings, ...before }, own: false },
    { body: { ...defaultSettings, ...before, ...own }, own: true },
  ]
  const asks = (id: string, groups: string[], change: Partial<ApproverPolicy> = {}) =>
    approverPolicy(id, { approverGroups: groups.map(groupId), ...change })
  test.each<[string, Given, Partial<typeof asked>, boolean]>([
    ['never if they changed nothing', { others: [lax] }, {}, false],
    [
      'if they made the policy',
      { eligibility: versionsOf(['other', null], ['own', lax]) },
      {},
      true,
    ],
    [
      'never if another gives the same',
      {
        eligibility: versionsOf(['other', null], ['own', lax]),
        others: [{ ...lax, id: 'o' as PolicyId }],
      },
      {},
      false,
    ],
    [
      'if it is longer than it could be',
      { eligibility: versionsOf(['other', lax], ['own', wider]) },
      { durationMinutes: 61 },
      true,
    ],
    [
      'never if it is as short as it could have been',
      { eligibility: versionsOf(['other', lax], ['own', wider]) },
      { durationMinutes: 60 },
      false,
    ],
    [
      'if they dropped the approval',
      { eligibility: versionsOf(['other', policy()], ['own', lax]) },
      {},
      true,
    ],
    [
      'if they deleted the policy that demanded it',
      {
        eligibility: versionsOf(['other', policy()], ['own', null]),
        others: [{ ...lax, id: 'o' as PolicyId }],
      },
      {},
      true,
    ],
    [
      'never for a policy that names somebody else',
      {
        eligibility: versionsOf(
          ['other', null],
          ['own', { ...lax, subject: { type: 'group', id: groupId('strangers') } }],
        ),
        others: [{ ...lax, id: 'o' as PolicyId }],
      },
      {},
      false,
    ],
    [
      'if they switched approval off',
      { settings: setTo({ approvalRequired: false }), others: [policy()] },
      {},
      true,
    ],
    [
      'never if that changed nothing for it',
      { settings: setTo({ approvalRequired: false }), others: [lax] },
      {},
      false,
    ],
    [
      'if they raised the global maximum',
      { settings: setTo({ maxDurationMinutes: 600 }, { maxDurationMinutes: 30 }), others: [lax] },
      {},
      true,
    ],
    [
      'if they lengthened the chain',
      { settings: setTo({ extensionChainFactor: 4 }), others: [lax] },
      { chainMinutes: 120 },
      true,
    ],
    [
      'never an extension within the chain of before',
      { settings: setTo({ extensionChainFactor: 4 }), others: [lax] },
      { chainMinutes: 60 },
      false,
    ],
    [
      'if they allowed extensions',
      { settings: setTo({ extensionAllowed: true }, { extensionAllowed: false }), others: [lax] },
      { chainMinutes: 1 },
      true,
    ],
    [
      'if they allowed break-glass',
      { eligibility: versionsOf(['other', lax], ['own', { ...lax, breakGlass: true }]) },
      { breakGlass: true },
      true,
    ],
    [
      'if they made somebody who could review a break-glass',
      {
        approver: [
          { body: null, own: false },
          { body: asks('a', ['approvers']), own: true },
        ],
        others: [{ ...lax, breakGlass: true }],
      },
      { breakGlass: true },
      true,
    ],
    [
      'if they lowered a quorum',
      {
        approver: [
          { body: asks('a', ['approvers'], { approvalsRequired: 2 }), own: false },
          { body: asks('a', ['approvers']), own: true },
        ],
        others: [policy()],
      },
      {},
      true,
    ],
    [
      'never where nobody had to approve before either',
      {
        approver: [
          { body: asks('a', ['approvers'], { approvalsRequired: 2 }), own: false },
          { body: asks('a', ['approvers']), own: true },
        ],
        others: [lax],
      },
      {},
      false,
    ],
  ])('%s', (_, given, change, expected) => {
    expect(judge(given)({ ...asked, ...change })).toBe(expected)
  })
})

describe('whatever is changed, in whatever order,', () => {
  const some = fc.record({
    maxDurationMinutes: fc.constantFrom(30, 60, 120),
    approvalRequired: fc.boolean(),
    breakGlass: fc.boolean(),
    enabled: fc.boolean(),
    permissionSets: fc.subarray(['ReadOnly', 'Admin', '*'], { minLength: 1 }),
    targets: fc
      .subarray([accountId(1), accountId(2), accountId(100)], { minLength: 1 })
      .map((accounts) => ({ ...noTargets, accounts })),
  })
  const body = fc.option(
    some.map((change) => policy(change)),
    { nil: null },
  )
  const history = fc
    .tuple(body, fc.array(fc.record({ body, own: fc.boolean() }), { maxLength: 5 }))
    .map(([first, later]) => [{ body: first, own: false }, ...later])
  const request = fc.record({
    target: fc.constantFrom(target(1), target(2, 'Admin'), target(100)),
    durationMinutes: fc.constantFrom(30, 60, 120),
    breakGlass: fc.boolean(),
    chainMinutes: fc.constant(null),
  })

  test('what is left without them is never wider than where it began, if nobody else changed it', () => {
    fc.assert(
      fc.property(history, (made) => {
        const own = made.map((one, i) => ({ ...one, own: i > 0 }))
        const left = withoutOwn(own, widens)
        expect(eligibilityWidening(own[0]?.body ?? null, left)).toEqual([])
      }),
    )
  })

  test('what others alone changed is as it is, and nothing needs more than it says', () => {
    fc.assert(
      fc.property(history, request, (made, one) => {
        const others = made.map((version) => ({ ...version, own: false }))
        const left = withoutOwn(others, widens)
        expect(policyDifference(others.at(-1)?.body ?? null, left)).toEqual([])
        expect(judge({ eligibility: others })(one)).toBe(false)
      }),
    )
  })

  test('a request that is let through alone could have been made before the person changed anything', () => {
    fc.assert(
      fc.property(history, request, (made, one) => {
        const own = made.map((version, i) => ({ ...version, own: i > 0 }))
        const first = own[0]?.body ?? null
        const now = own.at(-1)?.body ?? null
        const decide = (policies: (EligibilityPolicy | null)[]) =>
          compilePolicies({
            directory,
            settings: defaultSettings,
            eligibilityPolicies: policies.filter((each) => each !== null),
            approverPolicies: [],
          }).eligibility(ann, one.target, { breakGlass: one.breakGlass })
        const is = decide([now])
        if (!is.eligible || is.terms.approvalRequired) return
        if (one.durationMinutes > is.terms.maxDurationMinutes) return
        if (judge({ eligibility: own })(one)) return
        const was = decide([first])
        expect(was.eligible && !was.terms.approvalRequired).toBe(true)
        expect(was.eligible && was.terms.maxDurationMinutes >= one.durationMinutes).toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
