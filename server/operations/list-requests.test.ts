import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { RequestQuery } from '#contract/request.ts'
import type { RequestId, Target } from '#core/ids.ts'
import {
  accounts,
  createWorld,
  devReadOnly,
  groups,
  type PersonName,
  people,
  permissionSets,
  prodAdmin,
  prodReadOnly,
  type World,
} from '#test/factory.ts'
import { approveRequest } from './approve-request.ts'
import { cancelRequest } from './cancel-request.ts'
import { countForMe, listRequests } from './list-requests.ts'
import { readRequest } from './read-request.ts'
import { rejectRequest } from './reject-request.ts'
import { returnAccess } from './return-access.ts'

/**
 * One story for all tests: three people ask for three targets, and things come of it. Approvers
 * decide on everything but what `seconds` decide on alone: production, by an exclusive policy for
 * AdministratorAccess.
 */
let world: World
const ids: RequestId[] = []

beforeAll(async () => {
  world = await createWorld()
  const everything = { permissionSets: ['*'] }
  await world.eligibility(everything)
  await world.eligibility({ ...everything, subject: { type: 'group', id: groups.seconds } })
  await world.approval()
  await world.approval({
    permissionSets: [permissionSets.admin],
    approverGroups: [groups.seconds],
    exclusive: true,
  })
  const targets: Target[] = [prodReadOnly, prodAdmin, devReadOnly]
  for (let round = 0; round < 4; round += 1) {
    for (const name of ['alice', 'erin', 'bob'] as const) {
      for (const target of targets) ids.push(await story(name, target, round))
    }
    world.pass(round % 2 === 0 ? 30 : 0)
  }
}, 120_000)
afterAll(() => world.close())

const others: Record<string, PersonName> = { alice: 'carol', erin: 'bob', bob: 'carol' }

async function story(name: 'alice' | 'erin' | 'bob', target: Target, round: number) {
  const id = await world.submit(name, { targets: [target], ticket: `INC-${name}-${round}` })
  const decider = target === prodAdmin ? 'dan' : others[name]!
  const input = async (who: PersonName) => ({
    actor: await world.actor(who),
    requestId: id,
    comment: null,
  })
  if (round === 3) return id
  if (round === 0) await rejectRequest(world.ports, await input(decider))
  if (round === 1) {
    await approveRequest(world.ports, await input(decider))
    await world.activate(id)
    await returnAccess(world.ports, await input(name))
  }
  if (round === 2) await cancelRequest(world.ports, await input(name))
  return id
}

const query = (change: object = {}) => RequestQuery.parse(change)

async function list(name: PersonName, change: object = {}) {
  return listRequests(world.ports, await world.actor(name), query(change))
}

async function idsIn(name: PersonName, change: object = {}): Promise<string[]> {
  return (await list(name, { limit: 200, ...change })).items.map(({ id }) => id)
}

/** What a person may see, asked one by one: the slow truth that lists are held against. */
async function seenBy(name: PersonName): Promise<RequestId[]> {
  const actor = await world.actor(name)
  const seen: RequestId[] = []
  for (const id of ids) {
    const found = await readRequest(world.ports, actor, id).catch(() => null)
    if (found) seen.push(id)
  }
  return seen
}

async function stored() {
  return Promise.all(ids.map((id) => world.request(id)))
}

describe('what a list shows', () => {
  test('is never more than a person may see, in any view, and to-approve is what they may approve now', async () => {
    const views = ['mine', 'to-approve', 'decided', 'active', 'ended'] as const
    for (const name of ['alice', 'erin', 'bob', 'carol', 'dan', 'mallory'] as const) {
      const seen = new Set<string>(await seenBy(name))
      for (const view of views) {
        for (const scope of ['mine', 'decide'] as const) {
          for (const id of await idsIn(name, { view, scope })) expect(seen).toContain(id)
        }
      }
      const waiting = await list(name, { view: 'to-approve', limit: 200 })
      for (const { actions } of waiting.items) {
        expect(actions).toContainEqual({ name: 'approve', allowed: true })
      }
    }
  })

  test('leaves out nothing that waits for a person', async () => {
    const all = await stored()
    for (const name of ['bob', 'carol', 'dan'] as const) {
      const actor = await world.actor(name)
      const may: string[] = []
      for (const request of all) {
        const found = await readRequest(world.ports, actor, request.id).catch(() => null)
        if (found?.actions.some((one) => one.name === 'approve' && one.allowed)) may.push(found.id)
      }
      expect((await idsIn(name, { view: 'to-approve' })).toSorted()).toEqual(may.toSorted())
      expect((await countForMe(world.ports, actor)).toApprove).toBe(may.length)
    }
  })

  test('to an exclusive policy’s approvers is theirs alone', async () => {
    const dans = await list('dan', { view: 'to-approve', limit: 200 })
    expect(new Set(dans.items.map((one) => one.permissionSetArn))).toEqual(
      new Set([permissionSets.admin]),
    )
    const carols = await list('carol', { view: 'to-approve', limit: 200 })
    expect(carols.items.map((one) => one.permissionSetArn)).not.toContain(permissionSets.admin)
  })

  test('by view and scope is what these words mean', async () => {
    const all = await stored()
    const are = (keep: (request: (typeof all)[number]) => boolean) =>
      all
        .filter(keep)
        .map(({ id }) => id)
        .toSorted()
    const alices = (request: (typeof all)[number]) => request.requester.userId === people.alice
    expect((await idsIn('alice')).toSorted()).toEqual(are(alices))
    expect((await idsIn('alice', { view: 'active' })).toSorted()).toEqual(
      are((one) => alices(one) && one.status === 'ending'),
    )
    expect((await idsIn('carol', { view: 'decided' })).toSorted()).toEqual(
      are((one) => one.decisions.some(({ userId }) => userId === people.carol)),
    )
    expect((await idsIn('carol', { view: 'active', scope: 'decide' })).toSorted()).toEqual(
      are((one) => one.status === 'ending' && one.target.permissionSetArn !== permissionSets.admin),
    )
    expect((await idsIn('audrey', { view: 'all' })).toSorted()).toEqual(ids.toSorted())
  })

  test('by a filter is what that filter names, and never beyond the view', async () => {
    const alices = await idsIn('alice')
    const cases: [object, number][] = [
      [{ status: 'pending' }, 3],
      [{ status: 'pending,rejected' }, 6],
      [{ accountId: accounts.dev }, 4],
      [{ permissionSetArn: permissionSets.admin }, 4],
      [{ ticket: 'inc-alice-1' }, 3],
      [{ q: 'ＩＮＣ-alice' }, 12],
      [{ q: 'PROD pay' }, 8],
      [{ q: '1111' }, 8],
      [{ q: 'alice@' }, 12],
      [{ q: '%' }, 0],
      [{ q: '_lice' }, 0],
      [{ q: "'; drop table request; --" }, 0],
      [{ userId: people.erin }, 0],
      [{ breakGlass: 'true' }, 0],
      [{ late: 'true' }, 0],
      [{ late: 'false' }, 12],
      [{ from: '2026-11-24T09:00:30.000Z' }, 9],
      [{ to: '2026-11-24T09:00:30.000Z' }, 3],
      [{ status: 'pending', view: 'active' }, 0],
    ]
    for (const [filter, count] of cases) {
      const found = await idsIn('alice', filter)
      expect([filter, found.length]).toEqual([filter, count])
      for (const id of found) expect(alices).toContain(id)
    }
    const [first] = alices
    expect(await idsIn('alice', { q: first!.slice(0, 13) })).toEqual([first])
  })

  test('of everything is refused to those who may not see everything', async () => {
    for (const name of ['alice', 'bob', 'mallory'] as const) {
      await expect(list(name, { view: 'all' })).rejects.toMatchObject({ code: 'not_allowed' })
    }
  })
})

describe('pages', () => {
  test('joined together are the list, whatever their size and order', async () => {
    const sorts = ['createdAt', 'startsAt', 'endsAt', 'expiresAt'] as const
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(...sorts),
        fc.constantFrom('all', 'mine', 'ended'),
        async (limit, sort, view) => {
          const name = view === 'all' ? 'audrey' : 'alice'
          const whole = await idsIn(name, { view, sort })
          const joined: string[] = []
          let cursor: string | undefined
          do {
            const page = await list(name, { view, sort, limit, ...(cursor && { cursor }) })
            expect(page.items.length).toBeLessThanOrEqual(limit)
            joined.push(...page.items.map(({ id }) => id))
            cursor = page.nextCursor ?? undefined
          } while (cursor !== undefined)
          expect(joined).toEqual(whole)
        },
      ),
      { numRuns: 25 },
    )
  })

  test('are newest first', async () => {
    const { items } = await list('audrey', { view: 'all', limit: 200 })
    const times = items.map(({ createdAt }) => createdAt)
    expect(times).toEqual(times.toSorted().reverse())
  })

  test('by expiry begin with what expires soonest', async () => {
    const { items } = await list('audrey', { view: 'all', sort: 'expiresAt', limit: 200 })
    const times = items.map(({ expiresAt }) => expiresAt)
    expect(new Set(times).size).toBeGreaterThan(1)
    expect(times).toEqual(times.toSorted())
  })

  test('neither repeat nor lose anything when something new comes in between', async () => {
    const first = await list('alice', { limit: 5 })
    await cancelRequest(world.ports, {
      actor: await world.actor('alice'),
      requestId: ids.at(-9)!,
      comment: null,
    })
    ids.push(await world.submit('alice', { targets: [prodReadOnly] }))
    const second = await list('alice', { limit: 5, cursor: first.nextCursor! })
    const shown = [...first.items, ...second.items].map(({ id }) => id)
    expect(new Set(shown).size).toBe(10)
    expect(shown).not.toContain(ids.at(-1))
  })

  test('of another order cannot be asked for with this one’s cursor', async () => {
    const { nextCursor } = await list('alice', { limit: 2 })
    for (const cursor of [nextCursor!, 'bm9uc2Vuc2U', '%%%', '']) {
      await expect(list('alice', { limit: 2, sort: 'expiresAt', cursor })).rejects.toMatchObject({
        code: 'malformed',
        errors: [{ field: 'cursor' }],
      })
    }
  })
})

test('what still needs another’s vote waits for that other, and no longer for who has voted', async () => {
  await world.approval({ permissionSets: ['Billing'], approvalsRequired: 2 })
  const target = { accountId: accounts.dev, permissionSetArn: permissionSets.billing }
  const id = await world.submit('alice', { targets: [target] })
  const bob = await world.actor('bob')
  await approveRequest(world.ports, { actor: bob, requestId: id, comment: null })
  expect(await idsIn('carol', { view: 'to-approve' })).toContain(id)
  expect(await idsIn('bob', { view: 'to-approve' })).not.toContain(id)
  expect(await idsIn('bob', { view: 'decided' })).toContain(id)
})

test('a target that is committed long after its number was given out is in nobody’s list who does not decide on it', async () => {
  const devAdmin = { accountId: accounts.dev, permissionSetArn: permissionSets.admin }
  const { owner } = world.database
  const number = await owner.query(
    "select nextval(pg_get_serial_sequence('request_target', 'target_id')) as given_out",
  )
  const later = { accountId: accounts.dev, permissionSetArn: permissionSets.billing }
  await world.approval({ permissionSets: ['Billing'] })
  await world.submit('erin', { targets: [later] })
  await idsIn('carol', { view: 'to-approve' })

  await owner.query(
    `insert into request_target (target_id, account_id, permission_set_arn)
     overriding system value values ($1, $2, $3)`,
    [number.rows[0]?.given_out, devAdmin.accountId, devAdmin.permissionSetArn],
  )
  const id = await world.submit('erin', { targets: [devAdmin] })
  expect(await idsIn('carol', { view: 'to-approve' })).not.toContain(id)
  await expect(readRequest(world.ports, await world.actor('carol'), id)).rejects.toMatchObject({
    code: 'not_found',
  })
})

test('a list of many takes as many queries as a list of one', async () => {
  const actor = await world.actor('audrey')
  const queries = vi.spyOn(pg.Client.prototype, 'query')
  try {
    const counts: number[] = []
    for (const limit of [1, 30]) {
      await listRequests(world.ports, actor, query({ view: 'all', limit }))
      queries.mockClear()
      const { items } = await listRequests(world.ports, actor, query({ view: 'all', limit }))
      expect(items).toHaveLength(limit)
      counts.push(queries.mock.calls.length)
    }
    expect(counts[1]).toBe(counts[0])
    expect(counts[0]).toBeLessThanOrEqual(6)
  } finally {
    queries.mockRestore()
  }
})
