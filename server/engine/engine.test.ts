import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createEngineWorld, type EngineWorld } from '#test/engine-world.ts'
import { createCallQueue } from './call-queue.ts'
import { type Engine, startEngine } from './engine.ts'
import type { EngineDeps } from './ports.ts'

let world: EngineWorld
beforeEach(async () => {
  world = await createEngineWorld()
})
afterEach(() => world.close())

const seconds = (from: Date | null, to: Date | null) =>
  ((to?.getTime() ?? Number.NaN) - (from?.getTime() ?? Number.NaN)) / 1000

describe('a grant', () => {
  test('is given, lasts its whole time from AWS’s confirmation, and is gone without excess worth naming', async () => {
    const id = await world.approved({ minutes: 1 })
    await world.pass(4)
    expect(await world.status(id)).toBe('active')
    expect(world.held()).toBe(true)
    const { startsAt, endsAt } = await world.grant(id)
    expect(seconds(startsAt, endsAt)).toBe(60)

    await world.pass(56)
    expect(await world.status(id)).toBe('active')
    await world.pass(10)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
    expect((await world.grant(id)).excessSeconds).toBeLessThanOrEqual(4)
    expect(world.told.map((one) => one.event)).toEqual(['active', 'ended'])
  })

  test('takes at most six calls of the assignment API for its whole life', async () => {
    await world.approved({ minutes: 1 })
    await world.pass(70)
    const own = ['ListAccountAssignments', 'DescribePermissionSet', 'CreateAccountAssignment']
    const all = [
      ...own,
      'DescribeAccountAssignmentCreationStatus',
      'DeleteAccountAssignment',
      'DescribeAccountAssignmentDeletionStatus',
    ]
    expect(all.map((operation) => world.calls(operation))).toEqual([1, 1, 1, 1, 1, 1])
  })

  test('of later starts at its time and lateness is not made up', async () => {
    const id = await world.approved({ minutes: 10, startsInSeconds: 30 })
    await world.pass(29)
    expect(await world.status(id)).toBe('scheduled')
    expect(world.calls('CreateAccountAssignment')).toBe(0)
    await world.pass(5)
    expect(await world.status(id)).toBe('active')
    const { startsAt, endsAt } = await world.grant(id)
    expect(seconds(startsAt, endsAt)).toBe(600)
    expect(world.now().getTime() - (startsAt?.getTime() ?? 0)).toBeLessThanOrEqual(4_000)
  })

  test('given back is over as soon as AWS has removed it', async () => {
    const id = await world.approved()
    await world.pass(4)
    await world.stop(id, 'ended')
    await world.pass(4)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
  })

  test('revoked while AWS is still creating it leaves nothing behind', async () => {
    const id = await world.approved()
    await world.pass(1)
    expect(await world.status(id)).toBe('activating')
    await world.stop(id, 'revoked')
    await world.pass(8)
    expect(await world.status(id)).toBe('revoked')
    expect(world.held()).toBe(false)
    await world.pass(1000)
    expect(world.held()).toBe(false)
  })

  test('is not given when the rules no longer allow it, and AWS is not asked to', async () => {
    world.refuseActivation({ code: 'not_eligible', message: 'No policy matches any more.' })
    const id = await world.approved()
    await world.pass(3)
    expect(await world.status(id)).toBe('failed')
    expect(world.calls('CreateAccountAssignment')).toBe(0)
  })
})

describe('two grants for one key', () => {
  test('share the assignment; the first to end does not cut off the second', async () => {
    const short = await world.approved({ minutes: 1 })
    await world.pass(4)
    const long = await world.approved({ minutes: 5 })
    await world.pass(2)
    expect(await world.status(long)).toBe('active')
    expect(world.calls('CreateAccountAssignment')).toBe(1)

    await world.pass(60)
    expect(await world.status(short)).toBe('ended')
    expect((await world.grant(short)).coveredBy).not.toBeNull()
    expect((await world.grant(short)).excessSeconds).toBe(0)
    expect(world.held()).toBe(true)

    await world.pass(300)
    expect(await world.status(long)).toBe('ended')
    expect(world.held()).toBe(false)
    expect(world.calls('DeleteAccountAssignment')).toBe(1)
  })
})

test('a late removal that a new grant overtakes is still counted up to where that one began', async () => {
  const late = await world.approved({ minutes: 1 })
  await world.pass(4)
  world.fault({ operation: 'DeleteAccountAssignment', error: 'ThrottlingException' })
  await world.pass(60 + 120)
  const next = await world.approved({ minutes: 5 })
  await world.pass(3)
  expect(await world.status(next)).toBe('active')
  expect(await world.status(late)).toBe('ended')
  const { excessSeconds, coveredBy } = await world.grant(late)
  expect(coveredBy).not.toBeNull()
  expect(excessSeconds).toBeGreaterThan(110)
  expect(excessSeconds).toBeLessThan(130)
})

describe('standing access', () => {
  test('is found before the first intent, refuses the grant, and stays', async () => {
    const { sandbox } = world
    await fetch(`${sandbox.url}/_sandbox/assignments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(await standing(world)),
    })
    const id = await world.approved()
    await world.pass(5)
    expect(await world.status(id)).toBe('failed')
    expect(world.calls('CreateAccountAssignment')).toBe(0)
    await world.pass(120)
    expect(world.held()).toBe(true)
  })
})

async function standing({ sandbox }: EngineWorld) {
  const organization = (await (await fetch(`${sandbox.url}/_sandbox/organization`)).json()) as {
    users: { userName: string }[]
    accounts: { accountId: string; name: string }[]
  }
  return {
    userName: organization.users.find((one) => one.userName.startsWith('test-user'))?.userName,
    accountId: organization.accounts.find((one) => one.name === 'Audit')?.accountId,
    permissionSetName: 'ReadOnlyAccess',
  }
}

describe('when AWS misbehaves', () => {
  test('a throttled creation is tried again, and the person still gets the whole time', async () => {
    world.fault({ operation: 'CreateAccountAssignment', error: 'ThrottlingException', times: 3 })
    const id = await world.approved({ minutes: 2 })
    await world.pass(30)
    expect(await world.status(id)).toBe('active')
    const { startsAt, endsAt } = await world.grant(id)
    expect(seconds(startsAt, endsAt)).toBe(120)
  })

  test('a deletion that finds nothing of what the list shows is tried again with patience', async () => {
    const id = await world.approved()
    await world.pass(4)
    world.fault({ operation: 'DeleteAccountAssignment', error: 'ResourceNotFoundException' })
    await world.stop(id, 'revoked')
    await world.pass(60)
    expect(world.calls('DeleteAccountAssignment')).toBeLessThan(10)
    world.clearFaults()
    await world.pass(70)
    expect(await world.status(id)).toBe('revoked')
    expect(world.held()).toBe(false)
  })

  test('throttled for longer than the deadline means failed, with nothing left behind', async () => {
    world.fault({ operation: 'CreateAccountAssignment', error: 'ServiceQuotaExceededException' })
    const id = await world.approved()
    await world.pass(615)
    expect(await world.status(id)).toBe('failed')
    world.clearFaults()
    await world.pass(1000)
    expect(world.held()).toBe(false)
  })

  test('a creation that AWS fails afterwards fails the request after absence is confirmed', async () => {
    world.fault({
      operation: 'CreateAccountAssignment',
      failureReason: 'AWS SSO is unable to complete your request at this time.',
      times: 1,
    })
    const id = await world.approved()
    await world.pass(5)
    expect(await world.status(id)).toBe('ending')
    await world.pass(12)
    expect(await world.status(id)).toBe('failed')
    expect(world.held()).toBe(false)
  })

  test('an answer lost after the effect is not a second creation: a look finds it', async () => {
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'after', times: 1 })
    const id = await world.approved()
    await world.pass(12)
    expect(await world.status(id)).toBe('active')
    expect(world.calls('CreateAccountAssignment')).toBe(1)
  })

  test('an answer lost before the effect is created again after a look', async () => {
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'before', times: 1 })
    const id = await world.approved()
    await world.pass(16)
    expect(await world.status(id)).toBe('active')
    expect(world.calls('CreateAccountAssignment')).toBe(2)
  })

  test('a creation that lands after its request was revoked and confirmed absent is removed', async () => {
    await patch(world, { createDelayMs: 40_000 })
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'after', times: 1 })
    const id = await world.approved()
    await world.pass(2)
    await world.stop(id, 'revoked')
    await world.pass(25)
    expect(await world.status(id)).toBe('revoked')
    await world.pass(15)
    expect(world.held()).toBe(true)
    await world.pass(30)
    expect(world.held()).toBe(false)
    await world.pass(1000)
    expect(world.held()).toBe(false)
  })

  test('after such a late landing was removed, what somebody assigns by hand is not TEAM’s', async () => {
    await patch(world, { createDelayMs: 40_000 })
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'after', times: 1 })
    const id = await world.approved()
    await world.pass(2)
    await world.stop(id, 'revoked')
    await world.pass(25)
    expect(await world.status(id)).toBe('revoked')
    await world.pass(1000)
    world.byHand('made')
    const next = await world.approved()
    await world.pass(10)
    expect(await world.status(next)).toBe('failed')
    expect(world.held()).toBe(true)
  })

  test('a removal is tried for as long as it takes, raises one alarm, and its excess is measured', async () => {
    const id = await world.approved({ minutes: 1 })
    await world.pass(4)
    world.fault({ operation: 'DeleteAccountAssignment', error: 'InternalServerException' })
    await world.pass(60 + 600)
    expect(await world.status(id)).toBe('ending')
    expect(world.held()).toBe(true)
    const alarms = await world.database.db
      .selectFrom('audit_event')
      .select('seq')
      .where('action', '=', 'access.removal_late')
      .execute()
    expect(alarms).toHaveLength(1)

    world.clearFaults()
    await world.pass(200)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
    const { excessSeconds } = await world.grant(id)
    expect(excessSeconds).toBeGreaterThan(590)
    expect(excessSeconds).toBeLessThan(800)
  })

  test('a deletion that AWS fails afterwards is repeated', async () => {
    const id = await world.approved({ minutes: 1 })
    await world.pass(4)
    world.fault({
      operation: 'DeleteAccountAssignment',
      failureReason: 'Received a 403 status error: Access denied by IAM',
      times: 4,
    })
    await world.pass(60 + 60)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
  })

  test('a denied deletion names the command that the management account must run', async () => {
    const id = await world.approved({ minutes: 1 })
    await world.pass(4)
    world.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException', times: 1 })
    await world.pass(70)
    const row = await world.database.db
      .selectFrom('ledger_key')
      .select('last_error')
      .executeTakeFirstOrThrow()
    expect(row.last_error).toContain('aws sso-admin delete-account-assignment --instance-arn arn:')
    await world.pass(900)
    expect(await world.status(id)).toBe('ended')
  })
})

describe('a creation whose answer was lost', () => {
  test('and that AWS accepts in the last second of its signature is removed when it takes effect', async () => {
    world.fault({ operation: 'CreateAccountAssignment', dropConnection: 'before', times: 1 })
    const id = await world.approved({ minutes: 1 })
    await world.pass(120)
    expect(await world.status(id)).toBe('ended')
    // 14 min 50 s after it was signed AWS accepts it, and takes half a minute.
    await world.pass(800)
    world.byHand('made')
    await world.pass(300)
    expect(world.held()).toBe(false)
  })
})

describe('when TEAM dies', () => {
  test('and a window that passed meanwhile counts the excess from its end, not from the return', async () => {
    const id = await world.approved({ minutes: 1, startsInSeconds: 5 })
    await world.pass(6)
    expect(await world.status(id)).toBe('activating')
    world.sleep(600)
    await world.restart()
    await world.pass(30)
    expect(await world.status(id)).toBe('failed')
    expect(world.held()).toBe(false)
    expect((await world.grant(id)).excessSeconds).toBeGreaterThan(530)
  })

  test('for an hour, what should have ended meanwhile ends at once', async () => {
    const id = await world.approved({ minutes: 10 })
    await world.pass(4)
    world.sleep(3600)
    await world.restart()
    await world.pass(4)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
  })

  test('before a due grant could start, it fails rather than starting hours late', async () => {
    const id = await world.approved({ minutes: 10 })
    world.sleep(3600)
    await world.restart()
    await world.pass(2)
    expect(await world.status(id)).toBe('failed')
    expect(world.calls('CreateAccountAssignment')).toBe(0)
  })

  test('with an intent that nobody knows the answer of, the next copy looks and goes on', async () => {
    const id = await world.approved({ minutes: 10 })
    await world.pass(1)
    await world.database.owner.query(
      "update intent set state = 'written', aws_request_id = null where state = 'accepted'",
    )
    await world.restart()
    await world.pass(12)
    expect(await world.status(id)).toBe('active')
    await world.pass(610)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
  })
})

async function patch({ sandbox }: EngineWorld, settings: object): Promise<void> {
  const answer = await fetch(`${sandbox.url}/_sandbox/settings`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(settings),
  })
  expect(answer.status).toBe(200)
}

describe('the loop', () => {
  test('hears who wakes it while it works out how long to sleep', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
    let looks = 0
    const engine: Engine = startEngine(
      {
        db: world.database.db,
        calls: createCallQueue(async () => {}),
        // Another copy leads, so that nothing but the sleep asks for the time.
        leader: { epoch: () => null, tick: async () => {}, release: async () => {} },
        clock: {
          now: () => {
            looks += 1
            if (looks === 1) engine.wake()
            return world.now()
          },
        },
        log: console,
      } as unknown as EngineDeps,
      [],
    )
    engine.wake()
    const slept = () => world.database.db.selectFrom('ledger_key').selectAll().execute()
    for (let tries = 0; tries < 20 && looks < 2; tries += 1) await slept()
    expect(looks).toBe(2)
    await engine.stop()
    vi.useRealTimers()
  })

  test('a key that AWS cannot be asked about does not hold up another', async () => {
    world.fault({ operation: 'DescribePermissionSet', error: 'InternalServerException', times: 3 })
    const stuck = await world.approved({ person: 'naoko.mori' })
    await world.pass(0)
    expect(await world.status(stuck)).toBe('scheduled')
    const other = await world.approved({ person: 'sam.carter' })
    await world.pass(4)
    expect(await world.status(other)).toBe('active')
    await world.pass(10)
    expect(await world.status(stuck)).toBe('active')
  })

  test('a call in flight that the poller never heard of is asked about within the sweep', async () => {
    await world.approved()
    await world.pass(4)
    const accepted = await world.database.owner.query(
      `update intent set state = 'accepted', settled_at = null where state = 'succeeded'`,
    )
    expect(accepted.rowCount).toBe(1)
    await world.pass(65)
    const { rows } = await world.database.owner.query('select state from intent')
    expect(rows).toEqual([{ state: 'succeeded' }])
  })
})

describe('a sweep that fails', () => {
  test('stops no removal: it is logged, and swept again a minute later', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const id = await world.approved({ minutes: 2 })
    await world.pass(5)
    // Only the sweep wakes a key without a change of it.
    await world.database.owner.query(`
      create function fail() returns trigger language plpgsql as 'begin raise ''no''; end';
      create trigger no_sweep before update on ledger_key for each row
        when (new.nudges > old.nudges and new.updated_at = old.updated_at) execute function fail()`)
    await world.pass(130)
    expect(await world.status(id)).toBe('ended')
    expect(world.held()).toBe(false)
    expect(errors).toHaveBeenCalledWith('chore failed', expect.objectContaining({ chore: 'sweep' }))
    errors.mockRestore()
  }, 30_000)
})

describe('what could not be written', () => {
  test('is written again within seconds, though no row says that its key is due', async () => {
    await world.database.owner.query(`
      create sequence refused;
      create function refuse() returns trigger language plpgsql security definer as $$
      begin
        if nextval('refused') = 1 then raise exception 'could not extend file'; end if;
        return new;
      end $$;
      create trigger refuse before insert on audit_event
        for each row when (new.action = 'access.active') execute function refuse();`)
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    const id = await world.approved()
    await world.pass(6)
    errors.mockRestore()
    expect(await world.status(id)).toBe('active')
  })
})

describe('a creation that was not confirmed in time', () => {
  test('is in excess from its deadline on, however late a copy is there to see it', async () => {
    world.sandbox.world.commit({
      type: 'settings',
      value: { ...world.sandbox.world.settings, createDelayMs: 60_000 },
    })
    const id = await world.approved()
    await world.pass(5)
    world.sleep(3_600)
    await world.pass(10)
    expect(await world.status(id)).toBe('failed')
    expect(world.held()).toBe(false)
    // Ten minutes after it was due it had to be gone.
    expect((await world.grant(id)).excessSeconds).toBeGreaterThanOrEqual(3_000)
  })
})
