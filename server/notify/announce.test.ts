import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import { change } from '#server/store/change.ts'
import { createWorld, groups, type PersonName, people, type World } from '#test/factory.ts'
import { createAnnounce } from './announce.ts'
import { createApproversOf } from './approvers.ts'

let world: World
let request: RequestId

beforeAll(async () => {
  world = await createWorld()
  await world.eligibility()
  await world.approval()
})
afterAll(() => world.close())

beforeEach(async () => {
  await world.database.owner.query('delete from notice; delete from decision')
  await world.database.owner.query(`update request set status = 'expired' where status = 'pending'`)
  await world.database.owner.query('update directory_user set enabled = true, gone_at = null')
  await world.settings({ emailEnabled: true })
  request = await world.submit('alice')
})

async function announce(event: NoticeEvent, id: string = request): Promise<void> {
  const announced = createAnnounce({ approversOf: createApproversOf(world.rules) })
  await change(world.db, world.clock.now(), (c) => announced(c, event, id))
}

interface Row {
  receiver_id: string
  event: string
  state: string
  address: string | null
  facts: { standing: string }
}

async function notices(): Promise<Row[]> {
  const { rows } = await world.database.owner.query<Row>(
    'select receiver_id, event, state, address, facts from notice order by created_at, address',
  )
  return rows
}

const nameOf = (id: string) => Object.entries(people).find(([, one]) => one === id)?.[0] ?? id

async function told(): Promise<Record<string, string>> {
  return Object.fromEntries(
    (await notices()).map((row) => [nameOf(row.receiver_id), row.facts.standing]),
  )
}

async function decide(name: PersonName, decision: 'approved' | 'rejected'): Promise<void> {
  await world.database.owner.query(
    `insert into decision (request_id, user_id, user_name, decision, comment, at, counted_for)
     values ($1, $2, $3, $4, null, $5, '{}')`,
    [request, people[name], name, decision, world.clock.now()],
  )
}

async function jobs(): Promise<number> {
  const { rows } = await world.database.owner.query(
    'select count(*)::int as n from graphile_worker.jobs',
  )
  return rows[0].n
}

const concerned = { alice: 'requester', bob: 'approver', carol: 'approver' }
const overseen = { ...concerned, audrey: 'auditor', ada: 'admin' }

const audiences: [NoticeEvent, Record<string, string>][] = [
  ['requested', concerned],
  ['approved', concerned],
  ['rejected', concerned],
  ['cancelled', concerned],
  ['expired', concerned],
  ['active', concerned],
  ['ended', concerned],
  ['revoked', concerned],
  ['failed', overseen],
  ['break_glass_used', overseen],
  ['review_due', overseen],
]
describe('who is told', () => {
  for (const [event, expected] of audiences) {
    test(`${event}: ${Object.keys(expected).join(', ')}`, async () => {
      await announce(event)
      expect(await told()).toEqual(expected)
    })
  }

  test('a decider who has left the group is still told', async () => {
    await decide('dan', 'approved')
    await announce('approved')
    expect(await told()).toEqual({ ...concerned, dan: 'approver' })
  })

  test('somebody who is concerned in several ways is told once, by the nearest', async () => {
    await world.database.owner.query(
      `insert into directory_membership (group_id, user_id) values
       ($1, $3), ($2, $3), ($1, $4), ($2, $4)`,
      [groups.admins, groups.auditors, people.alice, people.bob],
    )
    await decide('bob', 'approved')
    await announce('failed')
    expect(await told()).toEqual(overseen)
    expect(await notices()).toHaveLength(5)
    await world.database.owner.query(
      `delete from directory_membership where group_id in ($1, $2) and user_id in ($3, $4)`,
      [groups.admins, groups.auditors, people.alice, people.bob],
    )
  })

  test('the requester who is in the approvers’ group is told as the requester', async () => {
    request = await world.submit('bob')
    await announce('requested')
    expect(await told()).toEqual({ bob: 'requester', carol: 'approver' })
  })

  test('somebody who is disabled is told nothing', async () => {
    await world.database.owner.query(
      'update directory_user set enabled = false where user_id = $1',
      [people.alice],
    )
    await world.database.owner.query(
      'update directory_user set gone_at = now() where user_id = $1',
      [people.carol],
    )
    await announce('expired')
    expect(Object.keys(await told())).not.toContain('alice')
    expect(Object.keys(await told())).not.toContain('carol')
  })

  test('the same event said twice tells nobody twice; another event tells them all', async () => {
    await announce('requested')
    await announce('requested')
    expect(await notices()).toHaveLength(3)
    await announce('expired')
    expect(await notices()).toHaveLength(6)
  })

  test('whoever turned an event off is told of it no more, unless they are asked to act', async () => {
    const mute = (name: PersonName, muted: object) =>
      world.database.owner.query(
        'insert into preference (user_id, body, updated_at) values ($1, $2, $3)',
        [people[name], { muted }, world.clock.now()],
      )
    await mute('alice', { requested: ['email'], ended: ['slack'] })
    await mute('bob', { requested: ['email'], expired: ['email'] })
    await mute('carol', { nonsense: ['email'], expired: 'all of it' })
    await announce('requested')
    expect(await told()).toEqual({ bob: 'approver', carol: 'approver' })
    await world.database.owner.query('delete from notice')
    await announce('expired')
    expect(await told()).toEqual({ alice: 'requester', carol: 'approver' })
    await world.database.owner.query('delete from preference')
  })

  test('with e-mail turned off nobody is told', async () => {
    await world.settings({ emailEnabled: false })
    await announce('failed')
    expect(await notices()).toEqual([])
  })
})

describe('addresses', () => {
  const addresses: [string, string | null, string][] = [
    ['a plain one is used', "alice.o'hara+aws@mail.example.com", 'queued'],
    ['one in a Japanese domain is used', 'alice@例え.jp', 'queued'],
    ['none', null, 'no_address'],
    ['an empty one', '', 'no_address'],
    ['a list of two', 'alice@example.com,evil@example.com', 'no_address'],
    ['one with a name around it', 'Alice <alice@example.com>', 'no_address'],
    ['one that ends the header', 'alice@example.com\r\nBcc: evil@example.com', 'no_address'],
    ['one with two signs', 'alice@evil@example.com', 'no_address'],
    ['one without a domain', 'alice', 'no_address'],
  ]
  for (const [what, address, state] of addresses) {
    test(`${what}: ${state}`, async () => {
      await world.database.owner.query('update directory_user set email = $1 where user_id = $2', [
        address,
        people.alice,
      ])
      const before = await jobs()
      await announce('expired')
      const mine = (await notices()).find((row) => row.receiver_id === people.alice)
      expect(mine).toMatchObject({ state, address: state === 'queued' ? address : null })
      expect((await jobs()) - before).toBe(state === 'queued' ? 3 : 2)
    })
  }
})

test('a change that does not commit leaves neither a notice nor a job', async () => {
  const announced = createAnnounce({ approversOf: createApproversOf(world.rules) })
  const before = await jobs()
  const failing = change(world.db, world.clock.now(), async (c) => {
    await announced(c, 'requested', request)
    c.event({
      actor: { type: 'system', id: 'x', name: 'x' },
      action: 'request.submit',
      object: { type: 'request', id: request },
      // Canonical JSON has no such number: the very last statement of the change fails.
      payload: { broken: Number.NaN },
    })
  })
  await expect(failing).rejects.toThrow()
  expect(await notices()).toEqual([])
  expect(await jobs()).toBe(before)
})

test('a request that does not exist is a mistake of the caller', async () => {
  await expect(announce('requested', people.mallory)).rejects.toThrow(/no request/)
})
