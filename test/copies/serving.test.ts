/** Two copies on one database, and nothing goes wrong. */
import { expect, onTestFinished, test } from 'vitest'
import { until } from '../kill/until.ts'
import { LiveStream } from './live-stream.ts'
import { withScene } from './with-scene.ts'

const theScene = withScene()

test('one copy leads; the other lets people in, reads, writes, and tells what the first did', async () => {
  const scene = theScene()
  const { house } = scene
  const { leading, other } = await house.twoCopies()
  await scene.signInAnew()
  const stream = await LiveStream.open(scene.user(other))
  onTestFinished(() => stream.close())

  const id = await scene.ask(other, scene.newTarget())
  await scene.approve(other, id)
  const active = await scene.untilStatus(other, id, 'active')
  const { status, version, endsAt } = active
  expect(await scene.user(leading).request(id)).toMatchObject({ status, version, endsAt })
  await until('the other copy tells of it', async () => stream.toldOf('request', id, version))

  await scene.giveBack(other, id)
  await scene.untilStatus(other, id, 'ended')
  expect(leading.toAws.mutations).toEqual(['CreateAccountAssignment', 'DeleteAccountAssignment'])
  expect(other.toAws.mutations).toEqual([])
  expect((await house.lead())?.copy.name).toBe(leading.name)
  await scene.expectAllWell(other)
})

test('copies whose code is older than the schema allows lead no more, and go on serving', async () => {
  const scene = theScene()
  const { house } = scene
  const { leading, other } = await house.twoCopies()
  const id = await scene.getAccess(leading, scene.newTarget())
  await house.query('update schema_minimum set code_level = code_level + 1000')
  await until('the lead is given away', async () => (await house.lead()) === null)

  await scene.giveBack(other, id)
  // Each asks at least once more whether it may.
  for (const copy of [leading, other]) {
    const asked = copy.toDatabase.bytesToServer
    await until('the copy talks to the database', async () => copy.toDatabase.bytesToServer > asked)
  }
  expect(await house.lead()).toBeNull()
  expect((await scene.user(leading).request(id)).status).toBe('ending')
  expect(await scene.assigned()).toHaveLength(1)

  await house.query('update schema_minimum set code_level = code_level - 1000')
  await scene.untilStatus(other, id, 'ended')
  await scene.expectAllWell(other)
})
