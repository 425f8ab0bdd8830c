import type { KyselyPlugin } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLiveFeed } from '#server/http/live-feed.ts'
import { approveRequest } from '#server/operations/approve-request.ts'
import { change } from '#server/store/change.ts'
import type { FeedEvent } from '#server/store/feed.ts'
import { createWorld, people, prodReadOnly, type World } from '#test/factory.ts'
import { createMayReceive } from './may-receive.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})
afterEach(() => world.close())

const silent = { warn: () => undefined }

async function tell(...ids: string[]) {
  await change(world.db, world.clock.now(), async (c) => {
    for (const id of ids) c.changed('thing', id)
  })
}

/** A result of the database that is there, and does not reach who asked until it is released. */
function holdOneResult() {
  const { promise: reached, resolve: isReached } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  let isHolding = false
  const holdNext = () => {
    isHolding = true
  }
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      const isOfEvents = result.rows.every((row) => 'type' in row)
      if (isHolding && isOfEvents) {
        isHolding = false
        isReached()
        await released
      }
      return result
    },
  }
  return { plugin, reached, release, holdNext }
}

describe('a live feed', () => {
  test('tells a subscriber what comes, in order, and nothing of the past', async () => {
    await tell('before')
    const feed = createLiveFeed({ db: world.db, log: silent })
    const seen: string[] = []
    await feed.subscribe(null, ({ id }) => seen.push(id))
    await tell('a', 'b')
    await tell('c')
    await feed.wake()
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('gives somebody who comes back what they missed, once', async () => {
    const feed = createLiveFeed({ db: world.db, log: silent })
    const first: FeedEvent[] = []
    const subscription = await feed.subscribe(null, (event) => first.push(event))
    await tell('a')
    await feed.wake()
    subscription.close()
    await tell('b', 'c')
    const again: string[] = []
    await feed.subscribe(first[0]!.seq, ({ id }) => again.push(id))
    await tell('d')
    await feed.wake()
    expect(again).toEqual(['b', 'c', 'd'])
    expect(first).toHaveLength(1)
  })

  test('tells a subscriber what others hear while it is still reading what it missed', async () => {
    const held = holdOneResult()
    const feed = createLiveFeed({ db: world.db.withPlugin(held.plugin), log: silent })
    await feed.subscribe(0, () => undefined)
    const seen: string[] = []
    held.holdNext()
    const subscribed = feed.subscribe(0, ({ id }) => seen.push(id))
    await held.reached
    await tell('overtaken')
    await feed.wake()
    held.release()
    await subscribed
    expect(seen).toEqual(['overtaken'])
  })

  test('tells its first subscriber what comes while that one is still being taken on', async () => {
    const held = holdOneResult()
    const feed = createLiveFeed({ db: world.db.withPlugin(held.plugin), log: silent })
    const seen: string[] = []
    held.holdNext()
    const subscribed = feed.subscribe(null, ({ id }) => seen.push(id))
    await held.reached
    await tell('first')
    await feed.wake()
    held.release()
    await subscribed
    expect(seen).toEqual(['first'])
  })

  test('tells on from here whoever has seen a future that was restored away', async () => {
    const feed = createLiveFeed({ db: world.db, log: silent })
    const seen: string[] = []
    await feed.subscribe(1_000_000, ({ id }) => seen.push(id))
    await tell('a')
    await feed.wake()
    expect(seen).toEqual(['a'])
  })

  test('loses and repeats nothing when changes, wake-ups and subscribers come all at once', async () => {
    const feed = createLiveFeed({ db: world.db, log: silent })
    const seen: string[][] = [[], [], []]
    await feed.subscribe(0, ({ id }) => seen[0]!.push(id))
    await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => tell(`x${i}`, `y${i}`).then(() => feed.wake())),
      feed.subscribe(0, ({ id }) => seen[1]!.push(id)),
      feed.subscribe(0, ({ id }) => seen[2]!.push(id)),
    ])
    await feed.wake()
    const rows = await world.db
      .selectFrom('change_feed')
      .select('object_id')
      .orderBy('seq')
      .execute()
    const all = rows.map((row) => row.object_id)
    for (const one of seen) expect(one).toEqual(all)
  })
})

describe('a live event is told', () => {
  const event = (type: string, id: string) => ({ seq: 1, type, id, version: 1 })

  test('of a request to those concerned, by their rights at that moment', async () => {
    await world.eligibility()
    await world.approval()
    const id = await world.submit('alice')
    const ask = async (name: keyof typeof people) =>
      createMayReceive(world)(await world.actor(name), event('request', id))
    expect(await ask('alice')).toBe(true)
    expect(await ask('bob')).toBe(true)
    expect(await ask('audrey')).toBe(true)
    expect(await ask('erin')).toBe(false)
    expect(await ask('mallory')).toBe(false)
    const bob = await world.actor('bob')
    await approveRequest(world.ports, { actor: bob, requestId: id, comment: null })
    await world.db.deleteFrom('directory_membership').where('user_id', '=', people.bob).execute()
    expect(await ask('bob')).toBe(true)
  })

  test('of a person to that person, of policies to those who may read them, of a look to those who may ask', async () => {
    await world.eligibility()
    const lookId = `${prodReadOnly.accountId}/${prodReadOnly.permissionSetArn}`
    const cases: [string, string, keyof typeof people, boolean][] = [
      ['person', people.alice, 'alice', true],
      ['person', people.alice, 'bob', false],
      ['person', people.alice, 'ada', true],
      ['eligibility-policy', 'p', 'alice', false],
      ['approver-policy', 'p', 'audrey', true],
      ['setting', 'settings', 'mallory', true],
      ['directory', 'directory', 'mallory', true],
      ['key', '7', 'bob', false],
      ['target-look', lookId, 'alice', true],
      ['target-look', lookId, 'mallory', false],
      ['session', 's', 'ada', false],
      ['request', '00000000-0000-4000-8000-00000000dead', 'ada', false],
      ['notice', '00000000-0000-4000-8000-00000000dead', 'ada', false],
    ]
    const mayReceive = createMayReceive(world)
    for (const [index, [type, id, name, may]] of cases.entries()) {
      const told = await mayReceive(await world.actor(name), { ...event(type, id), seq: index })
      expect([type, name, told]).toEqual([type, name, may])
    }
  })
})
