/** Getting a yes that nobody should give, or keeping one that no longer holds. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { createScene, everywhere, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let user: Person
let sam: Person
let naoko: Person
let policy: string
let approval: string
let target: TargetNamed

beforeEach(async () => {
  scene = await createScene()
  const { world } = scene
  admin = await world.person('test-admin')
  user = await world.person('test-user')
  sam = await world.person('sam.carter')
  naoko = await world.person('naoko.mori')
  policy = await scene.eligibility(admin)
  approval = await scene.approval(admin)
  target = scene.target('payments-prod', 'ReadOnlyAccess')
})
afterEach(() => scene.close())

const decide = (person: Person, verb: 'approve' | 'reject', id: string) =>
  person.post<Request & ProblemBody>(`/requests/${id}/${verb}`)
const approve = (person: Person, id: string) => decide(person, 'approve', id)

const inMinutes = (minutes: number) =>
  new Date(scene.world.now().getTime() + minutes * 60_000).toISOString()

/** The directory as AWS has it now, without waiting for the next refresh. */
async function refreshDirectory() {
  expect((await admin.post('/directory/refresh')).status).toBe(202)
  await scene.world.pass(2)
}

async function savePolicy(kind: string, id: string, change: object) {
  const { headers, body } = await admin.get<Record<string, unknown>>(`/${kind}/${id}`)
  const { id: _, version: __, warnings: ___, updatedBy: ____, updatedAt: _____, ...rest } = body
  const subject = rest.subject as { type: string; id: string } | undefined
  const plain = subject ? { subject: { type: subject.type, id: subject.id } } : {}
  const answer = await admin.call<ProblemBody>(
    'PUT',
    `/${kind}/${id}`,
    { ...rest, ...plain, ...change },
    { 'if-match': headers.get('etag') ?? '' },
  )
  if (answer.status !== 200) throw new Error(`PUT: ${JSON.stringify(answer.body)}`)
}

describe('one’s own request', () => {
  test('is not for oneself to decide, by whatever group one has come to be an approver', async () => {
    const asked = await scene.ask(sam, target)
    expect(await approve(sam, asked.id)).toMatchObject({
      status: 403,
      body: { code: 'own_request' },
    })
    await scene.approval(admin, { approverGroups: [scene.group('AWSSecurityAuditors')] })
    expect(await approve(sam, asked.id)).toMatchObject({
      status: 403,
      body: { code: 'own_request' },
    })
    expect(await decide(sam, 'reject', asked.id)).toMatchObject({ body: { code: 'own_request' } })
    expect((await sam.post(`/requests/${asked.id}/revoke`)).status).toBe(403)
    expect(await sam.request(asked.id)).toMatchObject({ status: 'pending', approvals: [] })
  })

  test('cannot be asked for where only oneself could approve', async () => {
    await scene.leave('naoko.mori', 'TEAM approvers')
    await refreshDirectory()
    await expect(scene.ask(sam, target)).rejects.toThrow('too_few_approvers')
  })

  test('stays one’s own after a new name, and another’s after being made anew', async () => {
    const asked = await scene.ask(sam, target)
    await scene.world.control('DELETE', 'users', { userName: 'sam.carter' })
    await scene.world.control('POST', 'users', { userName: 'sam.carter' })
    for (const group of ['TEAM users', 'TEAM approvers']) await scene.join('sam.carter', group)
    await refreshDirectory()
    const again = await scene.world.person('sam.carter')
    const { body } = await again.get<{ items: Request[] }>('/requests?view=mine')
    expect(body.items).toEqual([])
    // Somebody new of the same name decides on it as any approver would, and it fails: the one
    // who asked is gone.
    expect(await approve(again, asked.id)).toMatchObject({ status: 409 })
    expect(await again.request(asked.id)).toMatchObject({ status: 'failed' })
    expect((await sam.get('/requests')).status).toBe(401)
  })
})

describe('an approver who was taken out of the group in AWS', () => {
  test('decides nothing, though TEAM’s own copy has not heard of it', async () => {
    const asked = await scene.ask(user, target)
    await scene.world.leap(50)
    await scene.leave('sam.carter', 'TEAM approvers')
    for (const verb of ['approve', 'reject'] as const) {
      expect([403, 404]).toContain((await decide(sam, verb, asked.id)).status)
    }
    expect(await user.request(asked.id)).toMatchObject({ status: 'pending', approvals: [] })
  })

  test('within the seconds for which a confirmation counts decides still, and no longer', async () => {
    const first = await scene.ask(user, target)
    const second = await scene.ask(user, scene.target('payments-dev', 'ReadOnlyAccess'))
    await sam.post('/me/refresh')
    await scene.leave('sam.carter', 'TEAM approvers')
    await scene.world.leap(20)
    expect((await approve(sam, first.id)).status).toBe(200)
    await scene.world.leap(10)
    expect([403, 404]).toContain((await approve(sam, second.id)).status)
  })

  test('or disabled, is told so and signed out', async () => {
    const asked = await scene.ask(user, target)
    await scene.world.leap(50)
    await scene.disable('sam.carter')
    expect(await approve(sam, asked.id)).toMatchObject({
      status: 401,
      body: { code: 'person_disabled' },
    })
    for (const code of ['person_disabled', 'unauthenticated']) {
      expect(await sam.get('/requests')).toMatchObject({ status: 401, body: { code } })
    }
    expect(await user.request(asked.id)).toMatchObject({ status: 'pending', approvals: [] })
  })

  test('by group deletion, decides nothing', async () => {
    const asked = await scene.ask(user, target)
    await scene.world.control('DELETE', 'groups', { displayName: 'TEAM approvers' })
    await scene.world.leap(31)
    expect([403, 404]).toContain((await approve(sam, asked.id)).status)
    expect(await user.request(asked.id)).toMatchObject({ status: 'pending', approvals: [] })
  })
})

describe('while AWS does not answer', () => {
  for (const error of ['InternalServerException', 'ThrottlingException', 'AccessDeniedException']) {
    test(`${error}: nothing is decided, recorded or told`, async () => {
      const asked = await scene.ask(user, target)
      await scene.world.leap(61)
      const before = (await admin.get<{ items: unknown[] }>('/audit/events?limit=200')).body.items
      for (const operation of ['DescribeUser', 'ListGroupMembershipsForMember']) {
        scene.fault({ operation, error })
      }
      for (const verb of ['approve', 'reject'] as const) {
        expect(await decide(sam, verb, asked.id)).toMatchObject({
          status: 503,
          body: { code: 'unconfirmed_with_aws' },
        })
      }
      scene.clearFaults()
      const after = (await admin.get<{ items: unknown[] }>('/audit/events?limit=200')).body.items
      expect(after.length).toBe(before.length)
      expect(await user.request(asked.id)).toMatchObject({
        status: 'pending',
        version: 1,
        approvals: [],
      })
      expect((await approve(sam, asked.id)).status).toBe(200)
    })
  }

  test('nobody asks, and the one who asked can still take it back', async () => {
    const asked = await scene.ask(user, target)
    await scene.world.leap(61)
    scene.fault({ operation: '*', error: 'InternalServerException' })
    const other = scene.target('payments-dev', 'ReadOnlyAccess')
    await expect(scene.ask(user, other)).rejects.toThrow('unconfirmed_with_aws')
    expect((await user.post(`/requests/${asked.id}/cancel`)).status).toBe(200)
  })

  test('about the target, nothing is asked for either', async () => {
    scene.fault({ operation: 'ListAccountAssignments', error: 'InternalServerException' })
    await expect(scene.ask(user, target)).rejects.toThrow('unconfirmed_with_aws')
  })
})

describe('two at once', () => {
  const pairs = [
    ['approve', 'approve'],
    ['approve', 'reject'],
    ['reject', 'reject'],
  ] as const
  for (const [first, second] of pairs) {
    test(`${first} and ${second} make one decision and one refusal`, async () => {
      const asked = await scene.ask(user, target)
      const answers = await Promise.all([
        decide(sam, first, asked.id),
        decide(naoko, second, asked.id),
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
      const refused = answers.find(({ status }) => status === 409)
      expect(refused?.body.code).toBe('already_decided')
      expect((await user.request(asked.id)).approvals).toHaveLength(1)
    })
  }

  test('approving and cancelling leave one of the two, and access only with a yes', async () => {
    const asked = await scene.ask(user, target)
    const [yes, cancel] = await Promise.all([
      approve(sam, asked.id),
      user.post(`/requests/${asked.id}/cancel`),
    ])
    expect([yes.status, cancel.status]).toContain(200)
    await scene.world.pass(20)
    const { status } = await user.request(asked.id)
    expect(status === 'cancelled' || (status === 'active' && cancel.status === 409)).toBe(true)
    expect(scene.holders(target)).toEqual(status === 'active' ? ['test-user'] : [])
  })
})

describe('a request that is over', () => {
  test('is not approved after it was cancelled, rejected or has expired', async () => {
    const cancelled = await scene.ask(user, target)
    await user.post(`/requests/${cancelled.id}/cancel`)
    const rejected = await scene.ask(user, target)
    await decide(naoko, 'reject', rejected.id)
    const expired = await scene.ask(user, target)
    await scene.world.leap(3 * 3_600)
    user = await scene.world.person('test-user')
    sam = await scene.world.person('sam.carter')
    admin = await scene.world.person('test-admin')
    for (const { id } of [cancelled, rejected, expired]) {
      expect((await approve(sam, id)).status).toBe(409)
      expect((await decide(sam, 'reject', id)).status).toBe(409)
      expect((await user.post(`/requests/${id}/cancel`)).status).toBe(409)
      expect((await user.post(`/requests/${id}/return`)).status).toBe(409)
      expect((await admin.post(`/requests/${id}/revoke`)).status).toBe(409)
    }
    await scene.world.pass(10)
    expect(scene.holders(target)).toEqual([])
    expect((await user.request(expired.id)).status).toBe('expired')
  })
})

describe('eligibility that is gone when it is decided', () => {
  const losses: [string, () => Promise<unknown>][] = [
    [
      'because the policy was deleted',
      () => scene.dropPolicy(admin, 'eligibility-policies', policy),
    ],
    [
      'because the policy was turned off',
      () => savePolicy('eligibility-policies', policy, { enabled: false }),
    ],
    [
      'because the policy names other sets now',
      () => savePolicy('eligibility-policies', policy, { permissionSets: ['Billing'] }),
    ],
    [
      'because the policy allows less time now',
      () => savePolicy('eligibility-policies', policy, { maxDurationMinutes: 30 }),
    ],
    [
      'because the policy reaches other accounts now',
      () =>
        savePolicy('eligibility-policies', policy, {
          targets: { ...everywhere, root: false, accounts: [scene.account('payments-dev')] },
        }),
    ],
    [
      'because the person was taken out of the group',
      async () => {
        await scene.leave('test-user', 'TEAM users')
        await refreshDirectory()
      },
    ],
    [
      'because the person was disabled',
      async () => {
        await scene.disable('test-user')
        await refreshDirectory()
      },
    ],
    [
      'because the account was suspended',
      async () => {
        const { state } = scene.world.sandbox.world
        const value = state.accounts.get(target.accountId)
        if (!value) throw new Error('no account')
        scene.world.sandbox.world.commit({
          type: 'account',
          value: { ...value, state: 'SUSPENDED' },
        })
        await refreshDirectory()
      },
    ],
  ]
  for (const [why, lose] of losses) {
    test(`${why}: the approval fails the request, and nothing is given`, async () => {
      const asked = await scene.ask(user, target)
      await lose()
      const answer = await approve(sam, asked.id)
      expect(answer).toMatchObject({ status: 409, body: { code: 'no_longer_eligible' } })
      await scene.world.pass(10)
      const seen = await admin.request(asked.id)
      expect(seen).toMatchObject({ status: 'failed', approvals: [] })
      expect(seen.failure?.message).not.toBe('')
      expect(scene.holders(target)).toEqual([])
    })

    test(`${why}, after the approval and before the start: it fails at its time`, async () => {
      const asked = await scene.ask(user, target, { startsAt: inMinutes(30) })
      expect((await approve(sam, asked.id)).status).toBe(200)
      await lose()
      await scene.world.leap(30 * 60 - 5)
      await scene.world.pass(20)
      expect(await admin.request(asked.id)).toMatchObject({ status: 'failed' })
      expect(scene.holders(target)).toEqual([])
    })
  }

  test('because the account was moved out of the OU', async () => {
    await scene.dropPolicy(admin, 'eligibility-policies', policy)
    const units = [{ id: scene.unit('Prod'), scope: 'children' }]
    await scene.eligibility(admin, {
      targets: { ...everywhere, root: false, organizationalUnits: units },
    })
    const asked = await scene.ask(user, target)
    const { world } = scene.world.sandbox
    const value = world.state.accounts.get(target.accountId)
    if (!value) throw new Error('no account')
    world.commit({ type: 'account', value: { ...value, parentId: scene.unit('Dev') } })
    await refreshDirectory()
    expect(await approve(sam, asked.id)).toMatchObject({
      status: 409,
      body: { code: 'no_longer_eligible' },
    })
  })

  test('but a shorter maximum never ends what runs', async () => {
    const asked = await scene.ask(user, target)
    await approve(sam, asked.id)
    await scene.world.pass(5)
    await savePolicy('eligibility-policies', policy, { maxDurationMinutes: 5 })
    await scene.world.pass(10)
    expect(await user.request(asked.id)).toMatchObject({ status: 'active' })
  })
})

describe('approver policies that change', () => {
  test('between asking and deciding: those of now decide, those of then do not', async () => {
    const asked = await scene.ask(user, target)
    await scene.dropPolicy(admin, 'approver-policies', approval)
    expect([403, 404]).toContain((await approve(sam, asked.id)).status)
    await scene.approval(admin, { approverGroups: [scene.group('AWSControlTowerAdmins')] })
    expect([403, 404]).toContain((await approve(sam, asked.id)).status)
    const priya = await scene.world.person('priya.raman')
    expect((await approve(priya, asked.id)).status).toBe(200)
  })

  test('an exclusive one takes the decision from everybody else', async () => {
    const asked = await scene.ask(user, target)
    await scene.approval(admin, {
      approverGroups: [scene.group('AWSControlTowerAdmins')],
      targets: { ...everywhere, root: false, accounts: [target.accountId] },
      exclusive: true,
    })
    expect([403, 404]).toContain((await approve(sam, asked.id)).status)
    expect((await user.request(asked.id)).approverCount).toBe(1)
  })

  test('a lower number does not lower that of a request already made', async () => {
    await savePolicy('approver-policies', approval, { approvalsRequired: 2 })
    const asked = await scene.ask(user, target)
    await savePolicy('approver-policies', approval, { approvalsRequired: 1 })
    expect((await approve(sam, asked.id)).body).toMatchObject({ status: 'pending' })
    expect((await approve(naoko, asked.id)).body).toMatchObject({ status: 'scheduled' })
  })

  test('a higher number after the approval and before the start fails it at its time', async () => {
    const asked = await scene.ask(user, target, { startsAt: inMinutes(30) })
    expect((await approve(sam, asked.id)).status).toBe(200)
    await savePolicy('approver-policies', approval, { approvalsRequired: 2 })
    await scene.world.leap(30 * 60)
    await scene.world.pass(10)
    expect(await user.request(asked.id)).toMatchObject({ status: 'failed' })
    expect(scene.holders(target)).toEqual([])
  })

  test('approval demanded after what needed none was let through: it fails at its time', async () => {
    await savePolicy('eligibility-policies', policy, { approvalRequired: false })
    const asked = await scene.ask(user, target, { startsAt: inMinutes(30) })
    expect(asked.status).toBe('scheduled')
    await savePolicy('eligibility-policies', policy, { approvalRequired: true })
    await scene.world.leap(30 * 60)
    await scene.world.pass(10)
    expect(await user.request(asked.id)).toMatchObject({ status: 'failed' })
    expect(scene.holders(target)).toEqual([])
  })

  test('the strictest of several wins: a policy without approval opens nothing beside one with', async () => {
    await scene.eligibility(admin, {
      subject: { type: 'user', id: scene.user('test-user') },
      approvalRequired: false,
    })
    expect((await scene.ask(user, target)).status).toBe('pending')
  })
})

describe('where two must agree', () => {
  beforeEach(() => savePolicy('approver-policies', approval, { approvalsRequired: 2 }))

  test('one does not count twice', async () => {
    const asked = await scene.ask(user, target)
    expect((await approve(sam, asked.id)).body).toMatchObject({ status: 'pending' })
    expect(await approve(sam, asked.id)).toMatchObject({
      status: 409,
      body: { code: 'already_voted' },
    })
    const twice = await Promise.all([approve(naoko, asked.id), approve(naoko, asked.id)])
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 409])
    expect((await user.request(asked.id)).approvals).toHaveLength(2)
  })

  test('a vote of somebody who has left the group since does not count', async () => {
    await scene.join('priya.raman', 'TEAM approvers')
    const priya = await scene.world.person('priya.raman')
    const asked = await scene.ask(user, target)
    await approve(sam, asked.id)
    await scene.leave('sam.carter', 'TEAM approvers')
    await scene.world.leap(60)
    expect((await approve(naoko, asked.id)).body).toMatchObject({ status: 'pending' })
    expect((await approve(priya, asked.id)).body).toMatchObject({ status: 'scheduled' })
  })

  test('a vote of somebody who is deleted since does not count, and stops nobody else', async () => {
    await scene.join('priya.raman', 'TEAM approvers')
    const priya = await scene.world.person('priya.raman')
    const asked = await scene.ask(user, target)
    await approve(sam, asked.id)
    await scene.world.control('DELETE', 'users', { userName: 'sam.carter' })
    await refreshDirectory()
    await scene.world.leap(120)
    const second = await approve(naoko, asked.id)
    expect(second).toMatchObject({ status: 200, body: { status: 'pending' } })
    await scene.world.leap(120)
    expect(await approve(priya, asked.id)).toMatchObject({
      status: 200,
      body: { status: 'scheduled' },
    })
  })

  test('in groups that overlap, each policy must reach its number from its own', async () => {
    // A second policy asks for two of its own: sam and priya.
    await scene.join('priya.raman', 'AWSSecurityAuditors')
    await refreshDirectory()
    await scene.approval(admin, {
      approverGroups: [scene.group('AWSSecurityAuditors')],
      approvalsRequired: 2,
    })
    const priya = await scene.world.person('priya.raman')
    const asked = await scene.ask(user, target)
    expect((await approve(naoko, asked.id)).body).toMatchObject({ status: 'pending' })
    expect((await approve(priya, asked.id)).body).toMatchObject({ status: 'pending' })
    expect((await approve(sam, asked.id)).body).toMatchObject({ status: 'scheduled' })
  })

  test('two in the same moment carry it together, once', async () => {
    const asked = await scene.ask(user, target)
    const answers = await Promise.all([approve(sam, asked.id), approve(naoko, asked.id)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    await scene.world.pass(5)
    expect(await user.request(asked.id)).toMatchObject({ status: 'active' })
    const { body } = await admin.get<{ items: { action: string }[] }>(
      `/audit/events?objectId=${asked.id}`,
    )
    const created = body.items.filter(({ action }) => action === 'access.create_intended')
    expect(created).toHaveLength(1)
  })

  test('one no is enough, whatever was said before', async () => {
    const asked = await scene.ask(user, target)
    await approve(sam, asked.id)
    expect((await decide(naoko, 'reject', asked.id)).body).toMatchObject({ status: 'rejected' })
    await scene.world.pass(5)
    expect(scene.holders(target)).toEqual([])
  })
})
