import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'

let world: EngineWorld
beforeEach(async () => {
  world = await createEngineWorld()
})
afterEach(() => world.close())

async function reasonOf(requestId: string): Promise<string | null> {
  const row = await world.database.db
    .selectFrom('request')
    .select('end_reason')
    .where('request_id', '=', requestId)
    .executeTakeFirstOrThrow()
  return row.end_reason
}

const drift = () => world.database.db.selectFrom('drift').selectAll().execute()

describe('access that somebody removed by hand', () => {
  test('ends the grant within minutes, is not put back, and counts as no excess', async () => {
    const id = await world.approved()
    await world.pass(4)
    world.byHand('removed')
    await world.pass(400)
    expect(await world.status(id)).toBe('revoked')
    expect(await reasonOf(id)).toBe('revoked_outside')
    expect((await world.grant(id)).excessSeconds).toBe(0)
    expect(world.held()).toBe(false)
    expect(world.calls('CreateAccountAssignment')).toBe(1)
    expect(world.calls('DeleteAccountAssignment')).toBe(0)
  })

  test('and put back before the second look lives on', async () => {
    const id = await world.approved()
    await world.pass(4)
    world.byHand('removed')
    await world.pass(310)
    expect(await world.status(id)).toBe('active')
    world.byHand('made')
    await world.pass(700)
    expect(await world.status(id)).toBe('active')
  })

  test('ends every grant that lived by it', async () => {
    const first = await world.approved({ minutes: 60 })
    await world.pass(4)
    const second = await world.approved({ minutes: 120 })
    await world.pass(4)
    world.byHand('removed')
    await world.pass(400)
    expect(await world.status(first)).toBe('revoked')
    expect(await world.status(second)).toBe('revoked')
  })
})

describe('between two grants of a key', () => {
  test('what somebody assigns for good is found, and stays', async () => {
    const first = await world.approved({ minutes: 1 })
    const later = await world.approved({ minutes: 10, startsInSeconds: 7_200 })
    await world.pass(100)
    expect(await world.status(first)).toBe('ended')
    world.sleep(3_600)
    world.byHand('made')
    world.sleep(3_480)
    await world.pass(60)
    expect(await world.status(later)).toBe('failed')
    expect(await reasonOf(later)).toBe('already_held')
    await world.pass(700)
    expect(world.held()).toBe(true)
  })

  test('the same where somebody removed the first by hand, and put it back for good', async () => {
    const first = await world.approved({ minutes: 30 })
    const later = await world.approved({ minutes: 10, startsInSeconds: 7_200 })
    await world.pass(4)
    world.byHand('removed')
    await world.pass(400)
    expect(await world.status(first)).toBe('revoked')
    world.sleep(120)
    world.byHand('made')
    world.sleep(6_660)
    await world.pass(800)
    expect(await reasonOf(later)).toBe('already_held')
    expect(world.held()).toBe(true)
  })

  test('an alarm of the first does not silence that of the second', async () => {
    await world.approved({ minutes: 1 })
    await world.approved({ minutes: 1, startsInSeconds: 1_800 })
    await world.pass(10)
    const never = { operation: 'DeleteAccountAssignment', error: 'ThrottlingException' }
    world.fault(never)
    await world.pass(200)
    world.clearFaults()
    await world.pass(60)
    expect(world.held()).toBe(false)
    world.sleep(1_520)
    await world.pass(30)
    world.fault(never)
    await world.pass(200)
    expect(await world.events('access.removal_late')).toHaveLength(2)
  })
})

test('who takes over access that stands is confirmed first, as who is given it anew', async () => {
  const first = await world.approved({ minutes: 1 })
  await world.pass(4)
  world.awsKnowsPeople(false)
  const second = await world.approved({ minutes: 30 })
  await world.pass(5)
  expect(await world.status(second)).toBe('scheduled')
  world.awsKnowsPeople(true)
  await world.pass(10)
  expect(await world.status(second)).toBe('active')
  expect(await world.status(first)).toBe('active')
})

describe('targets that TEAM manages', () => {
  test('are listed once for everybody who holds them, every five minutes', async () => {
    await world.approved()
    await world.approved({ person: 'naoko.mori' })
    await world.pass(10)
    const before = world.calls('ListAccountAssignments')
    await world.pass(600)
    expect(world.calls('ListAccountAssignments') - before).toBe(2)
  })

  test('are listed every five minutes after a creation was lost, too', async () => {
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'before', times: 1 })
    const id = await world.approved({ minutes: 500 })
    await world.pass(1_800)
    const before = world.calls('ListAccountAssignments')
    await world.pass(600)
    expect(world.calls('ListAccountAssignments') - before).toBe(2)
    world.byHand('removed')
    await world.pass(400)
    expect(await world.status(id)).toBe('revoked')
  })

  test('are listed although the clock was set back a day', async () => {
    const id = await world.approved({ minutes: 500 })
    await world.pass(4)
    world.sleep(-86_400)
    await world.pass(10)
    const before = world.calls('ListAccountAssignments')
    await world.pass(600)
    expect(world.calls('ListAccountAssignments') - before).toBe(2)
    world.byHand('removed')
    await world.pass(400)
    expect(await world.status(id)).toBe('revoked')
  })

  test('show what TEAM did not make as drift, once in the trail, and it is left alone', async () => {
    world.byHand('made', 'sam.carter')
    await world.approved({ minutes: 12 })
    await world.pass(700)
    const rows = await drift()
    expect(rows.map((row) => row.principal_type)).toContain('USER')
    const users = (await world.events('access.drift_seen')).filter(
      (payload) => payload.principalType === 'USER',
    )
    expect(users).toHaveLength(1)
    await world.pass(60)
    expect(world.held('sam.carter')).toBe(true)
    expect(world.held()).toBe(false)
  })

  test('forget drift that is gone', async () => {
    world.byHand('made', 'sam.carter')
    await world.approved()
    await world.pass(310)
    world.byHand('removed', 'sam.carter')
    await world.pass(310)
    expect((await drift()).filter((row) => row.principal_type === 'USER')).toEqual([])
  })
})

describe('access that lands after its request was over', () => {
  async function landLate(): Promise<string> {
    const { world: aws } = world.sandbox
    aws.commit({ type: 'settings', value: { ...aws.settings, createDelayMs: 100_000 } })
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'after', times: 1 })
    const id = await world.approved()
    await world.pass(2)
    await world.stop(id, 'revoked')
    await world.pass(25)
    expect(await world.status(id)).toBe('revoked')
    // Ten seconds from one look to the other, of which two had passed.
    expect((await world.grant(id)).excessSeconds).toBe(8)
    await world.pass(500)
    expect(world.held()).toBe(false)
    return id
  }

  test('is removed, and its seconds are that request’s excess, never less than they were', async () => {
    const id = await landLate()
    const { excessSeconds } = await world.grant(id)
    // It landed at 100 s; the look before was at 61 s, the one that saw it at 241 s.
    expect(excessSeconds).toBeGreaterThan(8 + 141)
    expect(excessSeconds).toBeLessThan(8 + 200)
    expect(await world.events('access.excess_added')).toHaveLength(1)
  })

  test('is an event when it is seen', async () => {
    await landLate()
    expect(await world.events('access.appeared_unwanted')).toHaveLength(1)
  })
})

describe('a status that AWS has forgotten', () => {
  test('of a creation that shows later is not missed: the key stays watched', async () => {
    const { world: aws } = world.sandbox
    aws.commit({ type: 'settings', value: { ...aws.settings, createDelayMs: 30_000 } })
    const list = 'ListAccountAssignmentCreationStatus'
    world.fault({ operation: list, error: 'UnknownOperationException' })
    const describe = 'DescribeAccountAssignmentCreationStatus'
    world.fault({ operation: describe, error: 'ResourceNotFoundException' })
    const id = await world.approved()
    await world.pass(5)
    await world.stop(id, 'revoked')
    await world.pass(300)
    expect(await world.status(id)).toBe('revoked')
    expect(world.held()).toBe(false)
  })
})
