import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createLeader } from '#server/engine/leader.ts'
import { createWorld, devReadOnly, prodReadOnly, type World } from '#test/factory.ts'
import { people } from '#test/organisation.ts'
import { askForLook } from './ask-for-look.ts'
import { createCarryOutLooks } from './carry-out-looks.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.eligibility({ permissionSets: ['*'] })
  await world.approval()
})
afterEach(() => world.close())

test('nobody is known to hold nothing on a target that AWS says it does not know', async () => {
  const { person } = await world.actor('alice')
  world.aws.forget(prodReadOnly)
  expect(await world.looks.held(person, prodReadOnly)).toBe('unknown')
  expect(await world.looks.held(person, devReadOnly)).toBe('none')
  await expect(world.submit('alice', { targets: [prodReadOnly] })).rejects.toMatchObject({
    code: 'unconfirmed_with_aws',
  })
})

test('reading an account passes over what AWS does not know, and says nothing of who holds it', async () => {
  const alice = await world.actor('alice')
  world.aws.assign(prodReadOnly, { userId: people.alice })
  expect(await world.looks.held(alice.person, prodReadOnly)).toBe('direct')
  world.pass(61)
  world.aws.forget(prodReadOnly)
  const { accountId, permissionSetArn } = prodReadOnly
  await askForLook(world.ports, alice, { type: 'account', id: accountId })
  const run = createCarryOutLooks({
    ...world.ports,
    assignments: world.aws,
    provisioned: { provisionedIn: async () => [permissionSetArn] },
    log: { warn: () => undefined },
  })
  const quiet = { info: () => {}, warn: () => {} }
  const leader = createLeader({ db: world.db, holder: randomUUID(), log: quiet })
  await leader.tick()
  for (const _ of [1, 2]) await run(world.clock.now(), { epoch: leader.epoch()! })
  await leader.release()
  const look = await world.db.selectFrom('access_look').selectAll().executeTakeFirstOrThrow()
  expect(look.state).toBe('done')
  expect(await world.looks.asLastSeen(alice.person, prodReadOnly)).toMatchObject({ held: 'direct' })
  expect(await world.looks.held(alice.person, prodReadOnly)).toBe('unknown')
})
