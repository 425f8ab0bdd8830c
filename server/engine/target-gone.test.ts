import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'

let world: EngineWorld
beforeEach(async () => {
  world = await createEngineWorld()
})
afterEach(() => world.close())

const unknownTo = (operation: string) =>
  world.fault({ operation, error: 'ResourceNotFoundException' })

async function held(): Promise<boolean> {
  const row = await world.database.db.selectFrom('ledger_key').select('held').executeTakeFirst()
  return row?.held ?? false
}

async function reasonOf(requestId: string): Promise<string | null> {
  const row = await world.database.db
    .selectFrom('request')
    .select('end_reason')
    .where('request_id', '=', requestId)
    .executeTakeFirstOrThrow()
  return row.end_reason
}

/** The permission set goes, and its assignments with it. */
function deleteSet(): void {
  const { world: aws } = world.sandbox
  const [assignment] = [...aws.state.assignments.values()].filter(
    ({ principalType }) => principalType === 'USER',
  )
  if (!assignment) throw new Error('nobody holds anything')
  const { permissionSetArn } = assignment
  for (const key of [...aws.state.assignments.values()]) {
    if (key.permissionSetArn === permissionSetArn) aws.commit({ type: 'assignment-removed', key })
  }
  aws.commit({ type: 'permission-set-removed', permissionSetArn })
}

describe('while AWS names no instance of Identity Center', () => {
  // Each look that is owed is an error in the log, every second.
  beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
  afterEach(() => void vi.restoreAllMocks())

  test('live access lives on, and ends in time when there is one again', async () => {
    const id = await world.approved({ minutes: 30 })
    await world.pass(4)
    world.fault({ operation: 'ListInstances', loses: 1 })
    await world.restart()
    await world.pass(400)
    expect(await world.status(id)).toBe('active')
    expect(await held()).toBe(true)
    world.clearFaults()
    world.sleep(1_380)
    await world.pass(60)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
  })

  test('what is due to end is not shown as ended', async () => {
    const id = await world.approved({ minutes: 5 })
    await world.pass(4)
    world.fault({ operation: 'ListInstances', loses: 1 })
    await world.restart()
    await world.pass(600)
    expect(await world.status(id)).toBe('ending')
    world.clearFaults()
    await world.pass(60)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
  })
})

describe('a target that AWS says it does not know', () => {
  test('once, and then knows again, costs nobody their access', async () => {
    const id = await world.approved()
    await world.pass(4)
    world.fault({
      operation: 'ListAccountAssignments',
      error: 'ResourceNotFoundException',
      times: 1,
    })
    await world.pass(500)
    expect(await world.status(id)).toBe('active')
    expect(world.held()).toBe(true)
  })

  test('though access stands there, has it removed when two looks have heard so', async () => {
    const id = await world.approved()
    await world.pass(4)
    unknownTo('ListAccountAssignments')
    await world.pass(400)
    expect(await world.status(id)).toBe('revoked')
    expect(await reasonOf(id)).toBe('target_gone')
    expect(world.calls('DeleteAccountAssignment')).toBe(1)
    expect(world.held()).toBe(false)
  })

  test('nor any deletion on it, and knows again within the hour, has its access removed then, every second of it counted', async () => {
    const id = await world.approved()
    await world.pass(4)
    unknownTo('ListAccountAssignments')
    unknownTo('DeleteAccountAssignment')
    await world.pass(400)
    expect(await world.status(id)).toBe('revoked')
    const endedAt = world.now().getTime()
    world.sleep(2_300)
    await world.pass(100)
    expect(await held()).toBe(true)
    world.clearFaults()
    await world.pass(200)
    expect(world.held()).toBe(false)
    expect(await world.events('access.appeared_unwanted')).toHaveLength(1)
    const { excessSeconds } = await world.grant(id)
    expect(excessSeconds).toBeGreaterThan(2_400)
    expect(excessSeconds).toBeLessThan((world.now().getTime() - endedAt) / 1_000 + 60)
    world.sleep(1_000)
    await world.pass(60)
    expect(await held()).toBe(false)
  })
})

describe('a permission set that is deleted for good', () => {
  test('ends its grants cleanly, without alarm, and is let go of after an hour', async () => {
    const id = await world.approved({ minutes: 300 })
    await world.pass(4)
    deleteSet()
    await world.pass(400)
    expect(await world.status(id)).toBe('revoked')
    expect((await world.grant(id)).excessSeconds).toBeLessThan(3)
    world.sleep(3_200)
    await world.pass(60)
    expect(await held()).toBe(true)
    world.sleep(300)
    await world.pass(60)
    expect(await held()).toBe(false)
    expect(await world.events('access.removal_late')).toEqual([])
    const looks = world.calls('ListAccountAssignments')
    world.sleep(900)
    await world.pass(5)
    expect(world.calls('ListAccountAssignments')).toBe(looks)
  })
})
