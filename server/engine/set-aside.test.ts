import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'

let world: EngineWorld
beforeEach(async () => {
  world = await createEngineWorld()
})
afterEach(() => world.close())

const people = ['test-user', 'naoko.mori', 'sam.carter', 'priya.raman']

function awsTakes(seconds: number): void {
  const { world: aws } = world.sandbox
  const ms = seconds * 1_000
  const value = { ...aws.settings, createDelayMs: ms, deleteDelayMs: ms }
  aws.commit({ type: 'settings', value })
}

/** On one target, where one call at a time is sent. */
async function allActive(persons = people): Promise<string[]> {
  const ids: string[] = []
  for (const person of persons) {
    ids.push(await world.approved({ person }))
    await world.pass(4)
  }
  for (const id of ids) expect(await world.status(id)).toBe('active')
  return ids
}

async function revoke(ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await world.stop(id, 'revoked')
    await world.pass(1)
  }
}

describe('a removal that waits for room', () => {
  for (const again of [1, 2]) {
    test(`has its turn when ${again} before it need none, for they are granted it anew`, async () => {
      const ids = await allActive()
      awsTakes(20)
      await revoke(ids)
      for (const person of people.slice(1, 1 + again))
        await world.approved({ person, minutes: 600 })
      awsTakes(2)
      await world.pass(60)
      for (const id of ids) expect(await world.status(id)).toBe('revoked')
      expect(people.map(world.held)).toEqual(people.map((_, at) => at > 0 && at <= again))
    })
  }

  test('is late after five minutes all the same', async () => {
    const ids = await allActive(people.slice(0, 2))
    awsTakes(480)
    await revoke(ids)
    await world.pass(305)
    expect(await world.events('access.removal_late')).toHaveLength(2)
    await world.pass(700)
    for (const id of ids) expect(await world.status(id)).toBe('revoked')
    expect(await world.events('access.removal_late')).toHaveLength(2)
  })

  test('is over within a minute when it is not to be removed any more, room or no room', async () => {
    const ids = await allActive(people.slice(0, 2))
    awsTakes(200)
    await revoke(ids)
    const again = await world.approved({ person: 'naoko.mori', minutes: 600 })
    await world.pass(61)
    expect(await world.status(ids[1]!)).toBe('revoked')
    expect(await world.status(again)).toBe('active')
    expect(await world.status(ids[0]!)).toBe('ending')
  })
})

test('a grant that waits for room fails at its deadline, and is not given when there is room', async () => {
  awsTakes(900)
  await world.approved()
  await world.pass(1)
  const second = await world.approved({ person: 'naoko.mori' })
  await world.pass(601)
  expect(await world.status(second)).toBe('failed')
  await world.pass(400)
  expect(world.calls('CreateAccountAssignment')).toBe(1)
})
