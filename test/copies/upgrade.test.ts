/** Copies come and go: a rolling upgrade, and all of them at once. */
import { expect, test } from 'vitest'
import { until } from '../kill/until.ts'
import { withScene } from './with-scene.ts'

const theScene = withScene()

/** The promise about stopping. */
const stopSecondsMax = 10

test('a leader that is stopped in order finishes the call in flight, gives the lead away, and access ends', async () => {
  const scene = theScene()
  const { house } = scene
  const { leading: old, other } = await house.twoCopies()
  const ending = await scene.getAccess(other, scene.newTarget())
  await house.start()
  // AWS does it, and takes its time to say so: longer than a lease lasts.
  await house.control('POST', 'faults', {
    operation: 'CreateAccountAssignment',
    delayMs: 7_000,
    times: 1,
  })
  const beginning = await scene.askAndApprove(other, scene.newTarget())
  await until('the call is on its way', async () => old.toAws.mutations.length === 2)
  await house.endsIn(ending, 1)

  const stoppedAt = await house.databaseNow()
  expect(await house.stop(old)).toBe(0)
  const goneSeconds = ((await house.databaseNow()).getTime() - stoppedAt.getTime()) / 1000
  expect(goneSeconds).toBeLessThan(stopSecondsMax)
  const lead = await house.takenOverFrom(old)
  // Nobody had to wait for its lease to run out.
  expect(await house.secondsUntilTaken(lead, stoppedAt)).toBeLessThan(goneSeconds + 3)

  const { excessSeconds } = await scene.untilStatus(other, ending, 'ended')
  expect(excessSeconds).toBeLessThan(stopSecondsMax + 5)
  await scene.untilStatus(other, beginning, 'active')
  await scene.giveBack(other, beginning)
  await scene.untilStatus(other, beginning, 'ended')
  for (const id of [ending, beginning]) {
    expect(await scene.intents(id)).toEqual(['create succeeded', 'delete succeeded'])
  }
  // Its answer was recorded by whoever asked; a look would have told, and told less.
  const answered = await house.query(
    `select from intent i join access_grant g using (key_id)
     where g.request_id = $1 and i.kind = 'create' and i.aws_request_id is not null`,
    [beginning],
  )
  expect(answered).toHaveLength(1)
  const late = await house.query(`select from audit_event where action = 'access.removal_late'`)
  expect(late).toEqual([])
  await scene.expectAllWell(other)
})

test('when all are killed, the one that is started goes on', async () => {
  const scene = theScene()
  const { house } = scene
  const { leading, other } = await house.twoCopies()
  const ending = await scene.getAccess(other, scene.newTarget())
  const beginning = await scene.ask(other, scene.newTarget())
  await house.endsIn(ending, 1)
  await Promise.all([house.kill(leading), house.kill(other)])

  const next = await house.start()
  await scene.approve(next, beginning)
  await scene.untilStatus(next, ending, 'ended')
  await scene.untilStatus(next, beginning, 'active')
  await scene.giveBack(next, beginning)
  await scene.untilStatus(next, beginning, 'ended')
  for (const id of [ending, beginning]) {
    expect(await scene.intents(id)).toEqual(['create succeeded', 'delete succeeded'])
  }
  await scene.expectAllWell(next)
})
