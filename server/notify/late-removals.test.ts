import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ChangeOptions } from '#server/store/change.ts'
import { type PersonName, people } from '#test/factory.ts'
import { createMailRoom, type MailRoom } from '#test/mail-room.ts'
import { createTellLateRemovals } from './late-removals.ts'

let room: MailRoom
beforeAll(async () => {
  room = await createMailRoom()
})
afterAll(() => room.close())
beforeEach(async () => {
  await room.owner.query(`delete from late_alarm_told; update ledger_key set late_alarm_at = null;
     delete from late_alarm; update access_grant set over_at = ends_at where over_at is null`)
  await room.tidy()
})

/** Access of this person that should have been gone, alarmed now. */
async function late(name: PersonName): Promise<void> {
  const { world } = room
  const id = name === 'alice' ? room.request : await world.submit(name)
  await room.owner.query(`delete from decision where request_id = $1`, [id])
  const at = world.clock.now()
  await room.owner.query(`update request set status = 'scheduled' where request_id = $1`, [id])
  const { rows } = await room.owner.query(
    `insert into ledger_key (user_id, account_id, permission_set_arn, held, presence, updated_at)
       select requester_id, account_id, permission_set_arn, true, 'present', $2
       from request where request_id = $1
     on conflict on constraint one_row_a_key do update set updated_at = $2 returning key_id`,
    [id, at],
  )
  await room.owner.query(
    `insert into access_grant (grant_id, request_id, key_id, due_at, immediate, duration_minutes,
       granted_at, starts_at, ends_at)
     values (gen_random_uuid(), $1, $2, $3::timestamptz - interval '1 hour', true, 59,
       $3::timestamptz - interval '1 hour', $3::timestamptz - interval '1 hour',
       $3::timestamptz - interval '1 minute')`,
    [id, rows[0].key_id, at],
  )
  for (const status of ['activating', 'active']) {
    await room.owner.query('update request set status = $2 where request_id = $1', [id, status])
  }
  await room.owner.query(
    `update request set status = 'ending', end_state = 'ended' where request_id = $1`,
    [id],
  )
  await alarm(name, at)
}

const alarm = (name: PersonName, at: Date | null) =>
  room.owner.query(
    `update ledger_key set late_alarm_at = $2, attempts = 3, updated_at = coalesce($2, updated_at),
       last_error = 'AccessDeniedException: run it in the management account'
     where user_id = $1`,
    [people[name], at],
  )

async function confirmed(name: PersonName): Promise<void> {
  const at = room.world.clock.now()
  await room.owner.query(
    `with key as (update ledger_key set late_alarm_at = null, updated_at = $2 where user_id = $1
       returning key_id)
     update access_grant set over_at = $2 where key_id in (select key_id from key) and over_at is null`,
    [people[name], at],
  )
}

let tell: ReturnType<typeof createTellLateRemovals>
beforeEach(() => {
  tell = createTellLateRemovals({ db: room.world.db, approversOf: room.ports.approversOf })
})
const now = (options?: ChangeOptions) => tell(room.world.clock.now(), options)

async function mailsAfter(seconds: number): Promise<string[]> {
  room.world.pass(seconds)
  await now()
  await room.drain()
  const mails = room.post.taken.map(({ to, subject }) => `${to.replace(/@.*/, '')}: ${subject}`)
  room.post.taken.length = 0
  return mails.toSorted()
}

const one = 'Removal is late: ReadOnlyAccess in Prod payments (111111111111)'

describe('who is told that a removal is late', () => {
  test('requester, approvers, auditors and administrators, once the storm has gathered', async () => {
    await late('alice')
    expect(await mailsAfter(14)).toEqual([])
    expect(await mailsAfter(1)).toEqual([
      `ada: ${one}`,
      `alice: ${one}`,
      `audrey: ${one}`,
      `bob: ${one}`,
      `carol: ${one}`,
    ])
    expect(await mailsAfter(3_600)).toEqual([])
  })

  test('of several at once by one mail with their count, each only of what is theirs', async () => {
    await late('alice')
    room.world.pass(5)
    await late('erin')
    const mails = await mailsAfter(10)
    expect(mails.filter((mail) => mail.includes('2 removals are late'))).toHaveLength(4)
    expect(mails).toContain(`alice: ${one}`)
    expect(mails).toHaveLength(5)
    // Hers was late five seconds after his.
    expect(await mailsAfter(5)).toEqual([`erin: ${one}`])
  })

  test('again only after 15 minutes, with what is late then', async () => {
    await late('alice')
    await mailsAfter(15)
    await late('erin')
    expect(await mailsAfter(15)).toEqual([`erin: ${one}`])
    expect(await mailsAfter(14 * 60)).toEqual([])
    expect(await mailsAfter(60)).toEqual(
      ['ada', 'audrey', 'bob', 'carol'].map((name) => `${name}: 2 removals are late`),
    )
  })

  test('nobody twice, however often the pass is made at one moment', async () => {
    await late('alice')
    room.world.pass(15)
    await Promise.all([now(), now()])
    await now()
    expect(await room.notices()).toHaveLength(5)
  })

  test('nobody by a copy that does not lead any more: neither told nor remembered', async () => {
    await late('alice')
    room.world.pass(15)
    await expect(now({ epoch: 99 })).rejects.toThrow(/another copy leads/)
    expect(await room.notices()).toEqual([])
    await now()
    expect(await room.notices()).toHaveLength(5)
  })

  test('after the clock was set back, of what is late then', async () => {
    await late('alice')
    await mailsAfter(15)
    room.world.pass(-7_200)
    await late('erin')
    expect(await mailsAfter(15)).toHaveLength(5)
    room.world.pass(7_200)
  })

  test('those who watch over all, and only they, of what is confirmed before it is told', async () => {
    await late('alice')
    room.world.pass(5)
    await confirmed('alice')
    const was = one.replace('is late', 'was late')
    expect(await mailsAfter(10)).toEqual([`ada: ${was}`, `audrey: ${was}`])
    expect(await mailsAfter(3_600)).toEqual([])
  })

  test('nobody of what was over a day ago', async () => {
    await late('alice')
    await confirmed('alice')
    expect(await mailsAfter(24 * 3_600)).toEqual([])
    room.world.pass(-24 * 3_600)
  })

  test('nobody while e-mail is off', async () => {
    await late('alice')
    await room.world.settings({ emailEnabled: false })
    expect(await mailsAfter(60)).toEqual([])
  })
})

describe('the notice says what is so when it is sent', () => {
  test('that it was late, if every removal is confirmed by then: only to those who watch over all', async () => {
    await late('alice')
    room.world.pass(15)
    await now()
    room.world.pass(60)
    await confirmed('alice')
    await room.drain()
    expect(room.post.taken.map(({ to }) => to).toSorted()).toEqual([
      'ada@example.com',
      'audrey@example.com',
    ])
    const text = room.post.taken[0]?.text.replace(/\s+/g, ' ') ?? ''
    expect(text).toContain('Removal was late')
    expect(text).toMatch(
      /should have been gone by Tue .*, confirmed gone at Tue .*, 3 failed attempts/,
    )
    expect(text).toContain(`/requests/${room.request}`)
    const dropped = (await room.notices()).filter(({ state }) => state === 'dropped')
    expect(dropped).toHaveLength(3)
    for (const notice of dropped) {
      expect(notice).toMatchObject({ last_error: 'The removals are confirmed' })
    }
  })

  test('it counts what is left', async () => {
    await late('alice')
    await late('erin')
    room.world.pass(15)
    await now()
    await confirmed('erin')
    await room.drain()
    const subjects = new Set(room.post.taken.map(({ subject }) => subject))
    expect([...subjects]).toEqual([one])
  })

  test('who was an auditor when it was queued and is none when it is sent, is not told', async () => {
    await late('alice')
    room.world.pass(15)
    await now()
    await room.owner.query('delete from directory_membership where user_id = $1', [people.audrey])
    await room.drain()
    expect(room.post.taken.map(({ to }) => to)).not.toContain('audrey@example.com')
    await room.owner.query(
      `insert into directory_membership (user_id, group_id)
       select $1, (select body->>'auditorGroupId' from setting)`,
      [people.audrey],
    )
  })

  test('AWS’s words go to those who watch over TEAM, and not to the requester', async () => {
    await late('alice')
    await now()
    room.world.pass(15)
    await now()
    await room.drain()
    const textTo = (name: string) =>
      room.post.taken.find(({ to }) => to.startsWith(name))?.text.replace(/\s+/g, ' ') ?? ''
    expect(textTo('ada')).toContain('AWS: AccessDeniedException')
    expect(textTo('alice')).not.toContain('AccessDeniedException')
    expect(textTo('alice')).toContain('please do not use it')
    expect(textTo('alice')).toContain(`/requests/${room.request}`)
    expect(textTo('bob')).toContain('Alice, should have been gone by Tue 24 Nov 2026')
  })
})

test('what cannot be committed tells nobody: the mark and the notices are one change', async () => {
  await late('alice')
  room.world.pass(15)
  await room.owner.query(
    `alter table notice add constraint no_more check (event <> 'removal_late') not valid`,
  )
  await expect(now()).rejects.toThrow(/no_more/)
  await room.owner.query('alter table notice drop constraint no_more')
  expect(await room.notices()).toEqual([])
  await now()
  expect(await room.notices()).toHaveLength(5)
})
