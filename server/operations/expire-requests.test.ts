import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AccountId, RequestId } from '#core/ids.ts'
import { createWorld, ous, permissionSets, type World } from '#test/factory.ts'
import { createExpireDue } from './expire-requests.ts'

let world: World
let logged: object[]
let poison: Set<RequestId>
let tries: RequestId[]
beforeEach(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
  logged = []
  poison = new Set()
  tries = []
})
afterEach(() => world.close())

/** An expiry in which telling of some requests fails, whatever the reason. */
const expiry = () =>
  createExpireDue({
    ...world.ports,
    announce: async (_, __, id) => {
      tries.push(id as RequestId)
      if (poison.has(id as RequestId)) throw new Error('canceling statement')
    },
    log: { error: (facts) => void logged.push(facts) },
  })

/** One person's, on accounts of their own, a second apart; all overdue. */
async function overdue(count: number): Promise<RequestId[]> {
  const accounts = Array.from({ length: count }, (_, nth) => String(500_000_000_000 + nth))
  const account = { state: 'ACTIVE', ou_path: [ous.root], is_management: false, gone_at: null }
  await world.db
    .insertInto('directory_account')
    .values(accounts.map((account_id) => ({ ...account, account_id, name: account_id })))
    .execute()
  await world.settings({})
  const ids: RequestId[] = []
  for (const id of accounts) {
    const accountId = id as AccountId
    const target = { accountId, permissionSetArn: permissionSets.readOnly }
    ids.push(await world.submit('alice', { targets: [target] }))
    world.pass(1)
  }
  world.pass(180 * 60)
  return ids
}

const statuses = (ids: readonly RequestId[]) =>
  Promise.all(ids.map(async (id) => (await world.request(id)).status))

describe('a request that cannot be expired', () => {
  test('holds up no other: each expires in a transaction of its own', async () => {
    const ids = await overdue(3)
    poison.add(ids[0]!)
    expect(await expiry()(world.clock.now())).toBe(2)
    expect(await statuses(ids)).toEqual(['pending', 'expired', 'expired'])
    expect(logged).toMatchObject([{ requestId: ids[0] }])
  })

  test('is tried again a minute later, not at once', async () => {
    const [id = '' as RequestId] = await overdue(1)
    const expireDue = expiry()
    poison.add(id)
    await expireDue(world.clock.now())
    poison.clear()
    world.pass(59)
    expect(await expireDue(world.clock.now())).toBe(0)
    world.pass(1)
    expect(await expireDue(world.clock.now())).toBe(1)
    expect(await statuses([id])).toEqual(['expired'])
    expect(tries).toEqual([id, id])
  })

  test('comes after those never tried, however many there are of its kind', async () => {
    const ids = await overdue(6)
    const expireDue = expiry()
    for (const id of ids.slice(0, 5)) poison.add(id)
    for (let run = 0; run < 2; run += 1) await expireDue(world.clock.now())
    expect(await statuses(ids)).toEqual([...Array(5).fill('pending'), 'expired'])
  })

  test('three in a row end the run: then it is the database that is in trouble', async () => {
    for (const id of await overdue(5)) poison.add(id)
    await expiry()(world.clock.now())
    expect(tries).toHaveLength(3)
  })
})
