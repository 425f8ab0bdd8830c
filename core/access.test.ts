import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Action,
  actions,
  actionsOnAnObject,
  isAction,
  isWrite,
  mayPerform,
  membersOfRole,
  needsConfirmation,
  printMatrix,
  type Relation,
  type Role,
  relations,
  relationsTo,
  roles,
  rolesOf,
} from './access.ts'
import { groupId, members, person, userId } from './world.fixture.ts'

const actor = (held: Role[], related: Relation[] = [], enabled = true) => ({
  enabled,
  roles: new Set(held),
  relations: new Set(related),
})

test('the committed matrix is what the table says; a change of rights changes the snapshot', () => {
  const snapshot = new URL('../test/snapshots/authorisation.txt', import.meta.url)
  expect(printMatrix()).toBe(readFileSync(snapshot, 'utf8'))
})

describe('unknown means no:', () => {
  const everybody = actor([...roles], ['approver-of-it', 'past-decider'])
  test.each([
    '',
    'request',
    'request.Approve',
    'request.approve ',
    'constructor',
    '__proto__',
    'toString',
  ])('nobody may %j', (name) => {
    expect(isAction(name)).toBe(false)
    expect(mayPerform(name, everybody)).toBe(false)
  })
  test('nobody without a role and a relation may anything', () => {
    expect(actions.filter((action) => mayPerform(action, actor([])))).toEqual([])
  })
  test('a disabled person may nothing, whatever they were', () => {
    const disabled = actor([...roles], [...relations], false)
    expect(actions.filter((action) => mayPerform(action, disabled))).toEqual([])
  })
})

describe('auditors change nothing:', () => {
  test('the role adds no write to what every requester may', () => {
    for (const related of [[], ...relations.map((one) => [one])]) {
      const gained = actions.filter((action) => {
        const without = mayPerform(action, actor(['requester'], related))
        return (
          isWrite(action) &&
          !without &&
          mayPerform(action, actor(['requester', 'auditor'], related))
        )
      })
      expect(gained).toEqual([])
    }
  })
  test('the role reads everything that anybody may read', () => {
    const readable = actions.filter((action) => !isWrite(action))
    const auditor = actor(['requester', 'auditor'])
    expect(readable.filter((action) => !mayPerform(action, auditor))).toEqual([])
  })
})

test('an administrator is not thereby an approver', () => {
  const admin = actor(['requester', 'admin'])
  expect(mayPerform('request.approve', admin)).toBe(false)
  expect(mayPerform('request.revoke', admin)).toBe(true)
})

test('nobody decides on their own, with all roles and relations together', () => {
  fc.assert(
    fc.property(fc.subarray([...roles]), fc.subarray([...relations]), (held, related) => {
      const own = actor(held, [...new Set<Relation>([...related, 'own'])])
      const decisions: Action[] = [
        'request.approve',
        'request.reject',
        'request.review',
        'submission.approve',
        'submission.reject',
      ]
      for (const action of decisions) expect(mayPerform(action, own)).toBe(false)
    }),
  )
})

test('another role never takes a right away', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...actions),
      fc.subarray([...roles]),
      fc.constantFrom(...roles),
      fc.subarray([...relations]),
      (action, held, more, related) => {
        if (!mayPerform(action, actor(held, related))) return
        expect(mayPerform(action, actor([...held, more], related))).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})

test('only cancel, return and revoke (of access, of a token) are done while AWS cannot confirm who acts', () => {
  const unconfirmed = actions.filter((action) => isWrite(action) && !needsConfirmation(action))
  expect(unconfirmed).toEqual([
    'request.cancel',
    'request.return',
    'request.revoke',
    'token.delete',
  ])
  expect(actions.filter((action) => !isWrite(action) && needsConfirmation(action))).toEqual([])
})

test('every action is named as a thing and a verb', () => {
  expect(actions.filter((action) => !/^[a-z-]+\.[a-z-]+$/.test(action))).toEqual([])
  expect(actionsOnAnObject).toContain('request.read')
  expect(actionsOnAnObject).not.toContain('request.submit')
})

describe('roles follow the groups of the directory:', () => {
  const facts = {
    settings: { adminGroupId: groupId('admins'), auditorGroupId: groupId('auditors') },
    approverGroupIds: new Set([groupId('approvers')]),
  }
  test.each<[string, string[], Role[]]>([
    ['anyone is a requester', [], ['requester']],
    ['a member of an approver group is an approver', ['approvers'], ['requester', 'approver']],
    ['a member of the auditor group is an auditor', ['auditors'], ['requester', 'auditor']],
    ['a member of the admin group is an administrator', ['admins'], ['requester', 'admin']],
    [
      'roles add up',
      ['admins', 'auditors', 'approvers'],
      ['requester', 'approver', 'auditor', 'admin'],
    ],
    ['other groups give nothing', ['Admins', 'devs'], ['requester']],
  ])('%s', (_, groups, expected) => {
    expect([...rolesOf(person('ann', groups), facts)]).toEqual(expected)
  })
  test('a disabled person has none', () => {
    expect([...rolesOf(person('ann', ['admins'], false), facts)]).toEqual([])
  })
  test('nobody is an administrator or auditor by groups that are not set', () => {
    const unset = { ...facts, settings: { adminGroupId: null, auditorGroupId: null } }
    expect([...rolesOf(person('ann', ['admins', 'null', '']), unset)]).toEqual(['requester'])
    expect(membersOfRole('admin', unset.settings, members({ admins: ['ann'] })).size).toBe(0)
  })
  test('and so do the people to be told', () => {
    const enabled = members({ admins: ['ann'], auditors: ['bob'] })
    expect([...membersOfRole('admin', facts.settings, enabled)]).toEqual(['ann'])
    expect([...membersOfRole('auditor', facts.settings, enabled)]).toEqual(['bob'])
    expect([...membersOfRole('auditor', facts.settings, members({}))]).toEqual([])
  })
})

describe('the relation to a request is', () => {
  const facts = {
    requesterId: userId('ann'),
    approvers: new Set(['ann', 'bob'].map(userId)),
    deciderIds: new Set(['cho', 'bob'].map(userId)),
  }
  test.each([
    ['own by id, and then never approver of it', 'ann', ['own']],
    ['approver of it and past decider at once', 'bob', ['approver-of-it', 'past-decider']],
    ['past decider for one who has left the group', 'cho', ['past-decider']],
    ['none for everybody else', 'dan', []],
  ])('%s', (_, name, expected) => {
    expect([...relationsTo(facts, userId(name))]).toEqual(expected)
  })
})
