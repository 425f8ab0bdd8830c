/** Access that should not be there, seen from AWS's side of the wire. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let user: Person
/** Each test has a target of its own. */
let targets: TargetNamed[]

beforeAll(async () => {
  scene = await createScene()
  admin = await scene.world.person('test-admin')
  user = await scene.world.person('test-user')
  await scene.eligibility(admin, { approvalRequired: false })
  await scene.approval(admin)
  const accounts = scene.organization.accounts.filter(
    ({ name }) => name !== 'Management' && name !== 'legacy-dev',
  )
  const sets = ['AdministratorAccess', 'PowerUserAccess', 'ReadOnlyAccess', 'Billing']
  targets = accounts.flatMap(({ name }) => sets.map((set) => scene.target(name, set)))
})
afterAll(() => scene.close())

function nextTarget(): TargetNamed {
  const target = targets.shift()
  if (target === undefined) throw new Error('The organisation has no more targets')
  return target
}

const isHeld = (target: TargetNamed) => scene.holders(target).length > 0
const act = (person: Person, request: Request, verb: string) =>
  person.post<Request>(`/requests/${request.id}/${verb}`)

describe('two grants of one key', () => {
  const ends = {
    'give back': (request: Request) => act(user, request, 'return'),
    'let run out': async (request: Request) => {
      const { endsAt } = await user.request(request.id)
      await scene.world.pass((Date.parse(endsAt ?? '') - scene.world.now().getTime()) / 1000)
      return { status: 200 }
    },
  }
  const names = Object.keys(ends) as (keyof typeof ends)[]
  const orders = names.flatMap((first) =>
    names.flatMap((second) => [
      [first, second, 'shorter'] as const,
      [first, second, 'longer'] as const,
    ]),
  )
  for (const [first, second, firstIs] of orders) {
    test(`${first} the ${firstIs} one, ${second} the other: the access lives as long as either`, async () => {
      const target = nextTarget()
      const short = await scene.ask(user, target, { durationMinutes: 1 })
      await scene.world.pass(5)
      const long = await scene.ask(user, target, { durationMinutes: 2 })
      await scene.world.pass(5)
      const [one, other] = firstIs === 'shorter' ? [short, long] : [long, short]
      expect((await ends[first](one)).status).toBe(200)
      await scene.world.pass(4)
      const stillOpen = (await user.request(other.id)).status === 'active'
      expect(isHeld(target)).toBe(stillOpen)
      if (stillOpen) expect((await ends[second](other)).status).toBe(200)
      await scene.world.pass(4)
      expect(isHeld(target)).toBe(false)
      for (const { id } of [one, other]) {
        expect(await user.request(id)).toMatchObject({ status: 'ended' })
        expect((await user.request(id)).excessSeconds).toBeLessThan(5)
      }
    })
  }

  test('a revocation ends both, and the one that has not begun', async () => {
    const target = nextTarget()
    const first = await scene.ask(user, target)
    await scene.world.pass(5)
    const second = await scene.ask(user, target)
    const startsAt = new Date(scene.world.now().getTime() + 600_000).toISOString()
    const third = await scene.ask(user, target, { startsAt })
    await scene.world.pass(5)
    expect((await act(admin, second, 'revoke')).status).toBe(200)
    await scene.world.pass(5)
    for (const { id } of [first, second, third]) {
      expect(await user.request(id)).toMatchObject({ status: 'revoked' })
    }
    expect(isHeld(target)).toBe(false)
    await scene.world.leap(610)
    await scene.world.pass(5)
    expect(isHeld(target)).toBe(false)
  })

  test('that adjoin to the second: nothing is taken away in between', async () => {
    const target = nextTarget()
    const first = await scene.ask(user, target, { durationMinutes: 1 })
    await scene.world.pass(5)
    const { endsAt } = await user.request(first.id)
    const second = await scene.ask(user, target, { durationMinutes: 1, startsAt: endsAt })
    for (let second = 0; second < 58; second += 1) {
      expect(isHeld(target)).toBe(true)
      await scene.world.pass(1)
    }
    expect(await user.request(first.id)).toMatchObject({ status: 'ended', coveredBy: second.id })
    await scene.world.pass(65)
    expect(isHeld(target)).toBe(false)
  })

  test('the second asked for while the first is being taken away is given all the same', async () => {
    const target = nextTarget()
    const first = await scene.ask(user, target)
    await scene.world.pass(5)
    await act(user, first, 'return')
    await scene.world.pass(1)
    expect((await user.request(first.id)).status).toBe('ending')
    const second = await scene.ask(user, target, { durationMinutes: 1 })
    await scene.world.pass(10)
    expect(await user.request(first.id)).toMatchObject({ status: 'ended' })
    expect(await user.request(second.id)).toMatchObject({ status: 'active' })
    expect(isHeld(target)).toBe(true)
    await scene.world.pass(65)
    expect(isHeld(target)).toBe(false)
    expect(await user.request(second.id)).toMatchObject({ status: 'ended' })
  })
})

describe('stopped half-way', () => {
  for (const seconds of [0, 1, 2, 3]) {
    for (const [verb, ended] of [
      ['cancel', 'cancelled'],
      ['revoke', 'revoked'],
    ] as const) {
      test(`${verb} ${seconds} s after it began leaves nothing behind`, async () => {
        const target = nextTarget()
        const request = await scene.ask(user, target)
        await scene.world.pass(seconds)
        const who = verb === 'cancel' ? user : admin
        const { status } = await act(who, request, verb)
        await scene.world.pass(15)
        const after = await user.request(request.id)
        if (status === 200) {
          expect(after.status).toBe(ended)
          expect(isHeld(target)).toBe(false)
        } else {
          expect(after.status).toBe('active')
          await act(user, request, 'return')
          await scene.world.pass(15)
        }
        targets.push(target)
      })
    }
  }

  test('a cancellation against the engine, twelve times over, leaves either', async () => {
    const target = nextTarget()
    for (let time = 0; time < 12; time += 1) {
      const request = await scene.ask(user, target)
      const waits = time % 4
      const [cancelled] = await Promise.all([
        (async () => {
          for (let turn = 0; turn < waits; turn += 1) await new Promise(setImmediate)
          return act(user, request, 'cancel')
        })(),
        scene.world.pass(1),
      ])
      await scene.world.pass(15)
      const { status } = await user.request(request.id)
      expect(status).toBe(cancelled.status === 200 ? 'cancelled' : 'active')
      expect(isHeld(target)).toBe(status === 'active')
      if (status === 'active') await act(user, request, 'return')
      await scene.world.pass(5)
      expect(isHeld(target)).toBe(false)
    }
  })

  test('given back twice in one moment it ends once', async () => {
    const target = nextTarget()
    const request = await scene.ask(user, target)
    await scene.world.pass(5)
    const answers = await Promise.all([
      act(user, request, 'return'),
      act(user, request, 'return'),
      act(admin, request, 'revoke'),
    ])
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    await scene.world.pass(5)
    expect(isHeld(target)).toBe(false)
  })
})

describe('a creation whose answer was lost', () => {
  /** Cancelled meanwhile, and confirmed absent; the lost call may still land. */
  async function lostAndCancelled(target: TargetNamed): Promise<Request> {
    scene.fault({ operation: 'CreateAccountAssignment', dropConnection: 'before', times: 1 })
    const request = await scene.ask(user, target)
    await scene.world.pass(1)
    expect((await act(user, request, 'cancel')).status).toBe(200)
    await scene.world.pass(20)
    expect(await user.request(request.id)).toMatchObject({ status: 'cancelled' })
    return request
  }
  const land = (target: TargetNamed) =>
    scene.world.control('POST', 'assignments', { ...target, userName: 'test-user' })

  for (const minutes of [1, 14, 24]) {
    test(`and that lands ${minutes} min later is taken away, and the trail says so`, async () => {
      const target = nextTarget()
      await lostAndCancelled(target)
      await scene.world.leap(minutes * 60)
      await land(target)
      await scene.world.pass(200)
      expect(isHeld(target)).toBe(false)
      const { body } = await admin.get<{ items: { action: string }[] }>('/audit/events?limit=20')
      expect(body.items.map(({ action }) => action)).toContain('access.appeared_unwanted')
    })
  }

  test('cannot land once its signature is dead and its operation over: what appears then is somebody else’s', async () => {
    const target = nextTarget()
    await lostAndCancelled(target)
    await scene.world.leap(25 * 60)
    await scene.world.pass(5)
    await land(target)
    await scene.world.leap(600)
    await scene.world.pass(65)
    expect(isHeld(target)).toBe(true)
  })
})

describe('standing access', () => {
  const standing = (target: TargetNamed, holder: object) =>
    scene.world.control('POST', 'assignments', { ...target, ...holder })

  test('before the request refuses it, and stays', async () => {
    const target = nextTarget()
    await standing(target, { userName: 'test-user' })
    await expect(scene.ask(user, target)).rejects.toThrow('already_held')
    await scene.world.pass(30)
    expect(isHeld(target)).toBe(true)
  })

  test('that appears before the start fails the request, and stays', async () => {
    const target = nextTarget()
    const startsAt = new Date(scene.world.now().getTime() + 120_000).toISOString()
    const request = await scene.ask(user, target, { startsAt, durationMinutes: 1 })
    await standing(target, { userName: 'test-user' })
    await scene.world.leap(120)
    await scene.world.pass(90)
    expect(await user.request(request.id)).toMatchObject({
      status: 'failed',
      failure: { code: 'already_held' },
    })
    expect(isHeld(target)).toBe(true)
  })

  test('through a group is warned of, allowed, and still there afterwards', async () => {
    const target = nextTarget()
    await standing(target, { groupName: 'TEAM users' })
    const ask = { targets: [target], durationMinutes: 1, justification: 'Looking' }
    await user.post('/requests/preview', ask)
    await scene.world.pass(1)
    const { body } = await user.post<{ targets: object[] }>('/requests/preview', ask)
    expect(body.targets[0]).toMatchObject({ allowed: true, held: 'group' })
    const request = await scene.ask(user, target, { durationMinutes: 1 })
    await scene.world.pass(70)
    expect(await user.request(request.id)).toMatchObject({ status: 'ended' })
    expect(isHeld(target)).toBe(false)
    const groups = [...scene.world.sandbox.world.state.assignments.values()].filter(
      (one) => one.accountId === target.accountId && one.principalType === 'GROUP',
    )
    expect(groups.map((one) => one.permissionSetArn)).toContain(target.permissionSetArn)
  })

  test('of others on the same target is never touched', async () => {
    const target = nextTarget()
    await standing(target, { userName: 'sam.carter' })
    const request = await scene.ask(user, target)
    await scene.world.pass(5)
    expect(scene.holders(target).sort()).toEqual(['sam.carter', 'test-user'])
    await act(admin, request, 'revoke')
    await scene.world.pass(10)
    expect(scene.holders(target)).toEqual(['sam.carter'])
  })

  test('taken away by hand while a grant lives ends no worse than on time', async () => {
    const target = nextTarget()
    const request = await scene.ask(user, target, { durationMinutes: 1 })
    await scene.world.pass(5)
    await scene.world.control('DELETE', 'assignments', { ...target, userName: 'test-user' })
    await scene.world.pass(90)
    expect(['ended', 'revoked']).toContain((await user.request(request.id)).status)
    expect(isHeld(target)).toBe(false)
  })
})

describe('out of reach', () => {
  test('the management account, a suspended one, and sets provisioned in the first', async () => {
    const rows: [string, string][] = [
      ['Management', 'ReadOnlyAccess'],
      ['legacy-dev', 'ReadOnlyAccess'],
      ['payments-prod', 'AWSOrganizationsFullAccess'],
    ]
    for (const [account, set] of rows) {
      await expect(scene.ask(user, scene.target(account, set))).rejects.toThrow('out_of_reach')
    }
  })

  test('accounts and sets that do not exist', async () => {
    const { permissionSetArn } = scene.target('payments-prod', 'Billing')
    const unknown = { accountId: '999999999999', permissionSetArn }
    await expect(scene.ask(user, unknown)).rejects.toThrow('not_eligible')
    const foreign = {
      ...scene.target('payments-prod', 'Billing'),
      permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-aaaaaaaaaaaaaaaa/ps-bbbbbbbbbbbbbbbb',
    }
    await expect(scene.ask(user, foreign)).rejects.toThrow('not_eligible')
  })
})
