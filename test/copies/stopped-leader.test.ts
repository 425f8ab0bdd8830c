/**
 * A leader that is stopped (SIGSTOP) at the worst moment and goes on when another one leads: it
 * writes nothing. What it had signed before may still reach AWS; that is put right, and the grant
 * that is wanted by then stays.
 */
import pg from 'pg'
import { afterEach, describe, expect, test } from 'vitest'
import { buildGates, Gate } from '../kill/gates.ts'
import { until } from '../kill/until.ts'
import type { Copy, House } from './house.ts'
import { withScene } from './with-scene.ts'

const theScene = withScene()

const takeOverSecondsMax = 5
/** The time limit of a transaction that does nothing, and what it takes to notice. */
const rowHeldSecondsMax = 2

/** Some rounds of asking whether it may lead, and connections made anew: time enough to do harm. */
const bytesOfSomeRounds = 4_000

/**
 * Continued, it notices that it leads no more, goes on, and writes nothing. A renewal may have been
 * on its way when it was stopped.
 */
async function goesOnInVain(house: House, copy: Copy, stoppedAt: Date): Promise<void> {
  const { program, toDatabase } = copy
  const [asked, said] = [toDatabase.bytesToServer, program.saidLength]
  const resumedAt = await house.databaseNow()
  program.signal('SIGCONT')
  await until('it has noticed', async () => program.hasSaid(/no longer leading/, said))
  await until('it goes on', async () => toDatabase.bytesToServer > asked + bytesOfSomeRounds)
  expect(await house.writtenBy(copy, resumedAt)).toEqual([])
  const meanwhile = await house.writtenBy(copy, stoppedAt)
  expect(meanwhile.filter((wrote) => wrote !== 'leader')).toEqual([])
}

describe('stopped inside a transaction that holds', () => {
  const rows = [
    { row: 'the leader row', lock: 'select from leader for update', waitsFor: 'for key share' },
    {
      row: 'a request row',
      lock: 'select from request where request_id = $1 for update',
      waitsFor: '"request_id" = $1 for update',
    },
    {
      row: 'the head of the audit trail',
      lock: 'select from audit_head for update',
      waitsFor: '"audit_head" for update',
    },
  ]

  test.for(rows)(
    '$row: it loses its session, another one leads, and it writes nothing',
    async ({ lock, waitsFor }) => {
      const scene = theScene()
      const { house } = scene
      const { leading, other } = await house.twoCopies()
      const id = await scene.getAccess(other, scene.newTarget())
      const values = lock.includes('$1') ? [id] : []
      await house.endsIn(id, 0.5)
      const holder = await hold(house, lock, values)
      const pid = await stopWhereItWaits(house, leading, waitsFor)
      const stoppedAt = await house.databaseNow()
      await holder.query('rollback')
      await until('it waits no more', async () => (await waiting(house, waitsFor)) !== pid)

      // As anybody else who wants it.
      await holder.query(`begin; set local lock_timeout = '30s'`)
      await holder.query(lock, values)
      await holder.query('rollback')
      const heldSeconds = ((await house.databaseNow()).getTime() - stoppedAt.getTime()) / 1000
      expect(heldSeconds).toBeLessThan(rowHeldSecondsMax)
      const lead = await house.takenOverFrom(leading)
      expect(await house.secondsUntilTaken(lead, stoppedAt)).toBeLessThan(takeOverSecondsMax)

      await scene.untilStatus(other, id, 'ended')
      await goesOnInVain(house, leading, stoppedAt)
      expect(leading.toAws.mutations).toEqual(['CreateAccountAssignment'])
      expect(await scene.intents(id)).toEqual(['create succeeded', 'delete succeeded'])
      await scene.expectAllWell(other)
    },
  )

  const clients: pg.Client[] = []
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.end()
  })

  async function hold(house: House, lock: string, values: unknown[]): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: house.databaseUrl })
    clients.push(client)
    await client.connect()
    await client.query('begin')
    await client.query(lock, values)
    return client
  }
})

/** Its patience with a statement may be over just before it is stopped: then at its next attempt. */
async function stopWhereItWaits(house: House, copy: Copy, statement: string): Promise<number> {
  return until('its transaction waits', async () => {
    const pid = await waiting(house, statement)
    if (pid === null) return null
    copy.program.signal('SIGSTOP')
    if ((await waiting(house, statement)) === pid) return pid
    copy.program.signal('SIGCONT')
    return null
  })
}

/** PostgreSQL's process in which a transaction of the leader waits for a row by such a statement. */
async function waiting(house: House, statement: string): Promise<number | null> {
  const rows = await house.query<{ pid: number }>(
    `select pid from pg_stat_activity activity where datname = current_database()
       and application_name = 'team app' and wait_event_type = 'Lock'
       and query ilike '%' || $1 || '%'
       and exists (select from pg_locks fence where fence.pid = activity.pid
         and fence.relation = 'leader'::regclass and fence.mode = 'RowShareLock')`,
    [statement],
  )
  return rows[0]?.pid ?? null
}

describe('stopped when its call', () => {
  test('of a creation is on its way: the access it makes after the grant is over is taken away', async () => {
    const scene = theScene()
    const { house } = scene
    const { leading, other } = await house.twoCopies()
    const target = scene.newTarget()
    leading.toAws.hold('CreateAccountAssignment')
    const id = await scene.askAndApprove(other, target)
    await leading.toAws.holdsOne()
    leading.program.signal('SIGSTOP')
    const stoppedAt = await house.databaseNow()
    await house.takenOverFrom(leading)
    await scene.untilIntents(id, ['create unknown'])
    await house.lookNow(id)
    await scene.untilStatus(other, id, 'active')
    await scene.giveBack(other, id)
    const ended = await scene.untilStatus(other, id, 'ended')
    expect(await scene.assigned()).toEqual([])

    leading.toAws.letGo()
    await scene.untilAssigned('the late creation has landed', [target])
    await house.lookNow(id)
    await scene.untilAssigned('it is taken away', [])
    await until('its seconds are counted', async () => {
      const { excessSeconds } = await scene.user(other).request(id)
      return (excessSeconds ?? 0) > (ended.excessSeconds ?? 0)
    })
    await goesOnInVain(house, leading, stoppedAt)
    expect(leading.toAws.mutations).toEqual(['CreateAccountAssignment'])
    const told = await house.query(
      `select action from audit_event where action = 'access.appeared_unwanted' and at > $1`,
      [stoppedAt],
    )
    expect(told).toHaveLength(1)
    await scene.expectAllWell(other)
  })

  test('of a deletion is on its way: a newer grant whose access it takes gets it again and stays active', async () => {
    const scene = theScene()
    const { house } = scene
    const { leading, other } = await house.twoCopies()
    const target = scene.newTarget()
    const older = await scene.getAccess(other, target)
    leading.toAws.hold('DeleteAccountAssignment')
    await scene.giveBack(other, older)
    await leading.toAws.holdsOne()
    leading.program.signal('SIGSTOP')
    const stoppedAt = await house.databaseNow()
    await house.takenOverFrom(leading)
    await scene.untilIntents(older, ['create succeeded', 'delete unknown'])
    await house.lookNow(older)
    await scene.untilStatus(other, older, 'ended')
    const newer = await scene.getAccess(other, target)
    const before = await scene.user(other).request(newer)

    leading.toAws.letGo()
    await scene.untilAssigned('the late deletion has landed', [])
    await house.lookNow(newer)
    await scene.untilAssigned('it is there again', [target])
    await goesOnInVain(house, leading, stoppedAt)
    expect(leading.toAws.mutations).toEqual(['CreateAccountAssignment', 'DeleteAccountAssignment'])
    const { status, endsAt } = await scene.user(other).request(newer)
    expect({ status, endsAt }).toEqual({ status: 'active', endsAt: before.endsAt })
    await scene.giveBack(other, newer)
    await scene.untilStatus(other, newer, 'ended')
    await scene.expectAllWell(other)
  })

  test('was lost and it looks what became of it: what it sees, it does not write down', async () => {
    const scene = theScene()
    const { house } = scene
    const { leading, other } = await house.twoCopies()
    await house.control('POST', 'faults', {
      operation: 'CreateAccountAssignment',
      dropConnection: 'after',
      times: 1,
    })
    const id = await scene.askAndApprove(other, scene.newTarget())
    await scene.untilIntents(id, ['create unknown'])
    leading.toAws.hold('ListAccountAssignments')
    await house.lookNow(id)
    await leading.toAws.holdsOne()
    leading.program.signal('SIGSTOP')
    const stoppedAt = await house.databaseNow()
    // That the access is there: so it is, and will not be when this is read.
    leading.toAws.letGo()
    await house.takenOverFrom(leading)
    await house.lookNow(id)
    await scene.untilStatus(other, id, 'active')
    await scene.giveBack(other, id)
    await scene.untilStatus(other, id, 'ended')

    await goesOnInVain(house, leading, stoppedAt)
    expect(await scene.intents(id)).toEqual(['create succeeded', 'delete succeeded'])
    await scene.expectAllWell(other)
  })

  test('is intended and not yet sent: it is never sent', async () => {
    const scene = theScene()
    const { house } = scene
    const { leading, other } = await house.twoCopies()
    const target = scene.newTarget()
    await buildGates(house.owner)
    const gate = await Gate.close(house.databaseUrl, 'the intent')
    const id = await scene.askAndApprove(other, target)
    await gate.reached()
    leading.program.signal('SIGSTOP')
    const stoppedAt = await house.databaseNow()
    // PostgreSQL carries the COMMIT out; nobody hears of it.
    await gate.open()
    await house.takenOverFrom(leading)
    await until('the intent is in doubt', async () =>
      (await scene.intents(id)).includes('create unknown'),
    )
    await goesOnInVain(house, leading, stoppedAt)
    await until('it has judged its call', async () => leading.program.hasSaid(/"not_sent"/))
    expect(leading.toAws.mutations).toEqual([])

    await house.lookNow(id)
    await scene.untilStatus(other, id, 'active')
    await scene.giveBack(other, id)
    await scene.untilStatus(other, id, 'ended')
    await scene.expectAllWell(other)
  })
})
