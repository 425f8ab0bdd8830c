import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { verifyChain } from '#server/audit/verify.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import { people } from '#test/factory.ts'
import { byMail, createMailRoom, type MailRoom } from '#test/mail-room.ts'
import type { MailOutcome } from './mail-port.ts'

let room: MailRoom

beforeAll(async () => {
  room = await createMailRoom()
})
afterAll(() => room.close())
beforeEach(() => room.tidy())

const later: MailOutcome = { kind: 'later', message: 'TooManyRequestsException: slow down' }

describe('a notice that is still so', () => {
  test('goes to each receiver once, from the configured sender, and is recorded', async () => {
    await room.announce('requested')
    expect(await room.drain()).toEqual({ done: 3, putOff: 0 })
    expect(room.post.taken.map(({ to }) => to).toSorted()).toEqual([
      'alice@example.com',
      'bob@example.com',
      'carol@example.com',
    ])
    for (const message of room.post.taken) {
      expect(message.from).toBe('team@example.net')
      expect(message.text).toContain('> 「障害対応」 looking into the payment backlog')
    }
    for (const row of await room.notices()) {
      expect(row).toMatchObject({ state: 'sent', attempts: 1, last_error: null })
      expect(row.provider_id).toMatch(/^ses-\d$/)
      expect(row.sent_at).toEqual(room.world.clock.now())
    }
    expect(await room.jobs()).toBe(0)
    expect(await room.drain()).toEqual({ done: 0, putOff: 0 })
    expect(await verifyChain(room.world.db)).toMatchObject({ ok: true })
  })

  test('asks approvers to decide and tells the requester to wait', async () => {
    await room.announce('requested')
    await room.drain()
    const subjectTo = (to: string) => room.post.taken.find((mail) => mail.to === to)?.subject
    expect(subjectTo('alice@example.com')).toMatch(/^Waiting for approval: ReadOnlyAccess in Prod/)
    expect(subjectTo('bob@example.com')).toMatch(/^Approval needed: Alice asks for ReadOnlyAccess/)
  })

  test('uses the administrators’ sender before the configured one', async () => {
    await room.world.settings({ emailSource: 'access@example.net' })
    await room.announce('requested', 'alice')
    await room.drain()
    expect(room.post.taken[0]?.from).toBe('access@example.net')
  })

  test('tells open screens that the request’s notices changed', async () => {
    await room.announce('requested', 'alice')
    const { rows } = await room.owner.query('select coalesce(max(seq), 0) as seq from change_feed')
    await room.drain()
    const feed = await room.owner.query(
      'select object_type, object_id from change_feed where seq > $1',
      [rows[0].seq],
    )
    expect(feed.rows).toEqual([{ object_type: 'notice', object_id: room.request }])
  })
})

describe('language and times', () => {
  const prefer = (body: object) =>
    room.owner.query(
      `insert into preference (user_id, body, updated_at) values ($1, $2, now())
       on conflict (user_id) do update set body = excluded.body`,
      [people.alice, JSON.stringify(body)],
    )
  async function letter() {
    await room.announce('requested', 'alice')
    await room.drain()
    return room.post.taken[0]?.text.replace(/\s+/g, ' ') ?? ''
  }

  test('follow the receiver’s preferences', async () => {
    await prefer({ locale: 'ja', timeZone: 'Asia/Tokyo' })
    const text = await letter()
    expect(text).toContain('申請は承認待ちです')
    expect(text).toMatch(
      /2026年11月24日\(火\) \d\d:\d\d UTC\+09:00 \(UTC では 2026-11-24 \d\d:\d\d\)/,
    )
  })

  test('are English and UTC for somebody who chose nothing', async () => {
    expect(await letter()).toMatch(/expires on Tue 24 Nov 2026, \d\d:\d\d UTC\. You can cancel/)
  })

  test('follow the browser that was last signed in with, where the person follows the browser', async () => {
    await prefer({ locale: null, timeZone: null, theme: 'dark' })
    await room.owner.query(
      `insert into sign_in_session values
       ('\\x01', $1, 't', $2, $2, $2, null, null, 'en'),
       ('\\x02', $1, 't', $2::timestamptz + interval '1 hour', $2, $2, null, null, 'ja')`,
      [people.alice, room.world.clock.now()],
    )
    expect(await letter()).toContain('申請は承認待ちです')
    await room.owner.query('delete from sign_in_session')
  })

  test('are UTC where the zone is not one', async () => {
    await prefer({ locale: 'fr', timeZone: 'Mars/Olympus' })
    expect(await letter()).toContain('UTC. You can cancel')
  })
})

describe('a notice that is no longer so is dropped', () => {
  const cases: [string, NoticeEvent, () => Promise<unknown>, RegExp][] = [
    [
      '“requested” after the decision',
      'requested',
      () => room.becomes('expired'),
      /request is expired now/,
    ],
    [
      '“approved” after the end',
      'approved',
      async () => {
        for (const status of ['scheduled', 'activating']) await room.becomes(status)
        await room.becomes('ending', `, end_state = 'ended'`)
      },
      /request is ending now/,
    ],
    [
      '“active” after the end',
      'active',
      async () => {
        for (const status of ['scheduled', 'activating']) await room.becomes(status)
        await room.becomes('ending', `, end_state = 'ended'`)
        await room.becomes('ended')
      },
      /request is ended now/,
    ],
    [
      '“review due” after the review',
      'review_due',
      () =>
        room.owner.query(
          `insert into review (request_id, due_at, reviewer_id, reviewer_user_name, outcome, comment,
             reviewed_at) values ($1, $2, 'b1', 'bob', 'justified', 'Seen', $2)`,
          [room.request, room.world.clock.now()],
        ),
      /request is reviewed now/,
    ],
    [
      'anything for somebody who was disabled meanwhile',
      'requested',
      () =>
        room.owner.query('update directory_user set enabled = false where user_id = $1', [
          people.alice,
        ]),
      /receiver is disabled/,
    ],
  ]
  for (const [what, event, meanwhile, why] of cases) {
    test(what, async () => {
      await room.announce(event, 'alice')
      await meanwhile()
      await room.drain()
      expect(room.post.taken).toEqual([])
      const notices = await room.notices()
      expect(notices.map(({ receiver_id }) => receiver_id)).toContain(people.alice)
      for (const { state, last_error } of notices) {
        expect({ state, last_error }).toEqual({
          state: 'dropped',
          last_error: expect.stringMatching(why),
        })
      }
      expect(await room.jobs()).toBe(0)
    })
  }

  test('anything for an approver who is none any more', async () => {
    await room.announce('requested')
    room.ports = { ...room.ports, approversOf: async () => [people.bob] }
    await room.drain()
    expect(room.post.taken.map(({ to }) => to).toSorted()).toEqual([
      'alice@example.com',
      'bob@example.com',
    ])
    expect((await room.notices()).map(({ state }) => state)).toEqual(['sent', 'sent', 'dropped'])
  })

  const off: [string, () => Promise<void>][] = [
    ['e-mail was turned off', () => room.world.settings({ emailEnabled: false })],
    [
      'there is no sender',
      async () => {
        room.ports = { ...room.ports, senders: byMail(room.post.send, null) }
      },
    ],
  ]
  for (const [what, meanwhile] of off) {
    test(`“off” is what is recorded when ${what}`, async () => {
      await room.announce('requested', 'alice')
      await meanwhile()
      await room.drain()
      expect(room.post.taken).toEqual([])
      expect(await room.notices()).toMatchObject([{ state: 'off' }])
    })
  }
})

describe('a provider that does not take it', () => {
  test('for good: failed at once, with its words, and not tried again', async () => {
    room.post.answer({
      kind: 'refused',
      message: 'MessageRejected: Email address is not verified.',
    })
    await room.announce('requested', 'alice')
    await room.drain()
    expect(await room.notices()).toMatchObject([
      {
        state: 'failed',
        attempts: 1,
        last_error: 'MessageRejected: Email address is not verified.',
      },
    ])
    await room.drain()
    expect(room.post.taken).toHaveLength(1)
    expect(await room.jobs()).toBe(0)
  })

  test('for now: kept, with its words, and sent the next time', async () => {
    room.post.answer(later)
    await room.announce('requested', 'alice')
    expect(await room.drain()).toEqual({ done: 0, putOff: 1 })
    expect(await room.notices()).toMatchObject([
      {
        state: 'queued',
        attempts: 1,
        last_error: 'TooManyRequestsException: slow down',
        sent_at: null,
      },
    ])
    await room.drain()
    expect(await room.notices()).toMatchObject([{ state: 'sent', attempts: 2, last_error: null }])
  })

  const troubles: [string, MailOutcome | Error | 'silence', string][] = [
    ['hangs', 'silence', 'No answer within 0.025 s'],
    ['throws', new Error('socket hang up'), 'socket hang up'],
    ['answers with several lines', { kind: 'later', message: 'a\r\nb\u0000c' }, 'a b c'],
    ['answers at length', { kind: 'later', message: 'x'.repeat(9_000) }, 'x'.repeat(500)],
  ]
  for (const [what, answer, error] of troubles) {
    test(`${what}: put off, and the next mail is not held up`, async () => {
      room.post.answer(answer)
      await room.announce('requested')
      expect(await room.drain()).toEqual({ done: 2, putOff: 1 })
      const kept = (await room.notices()).filter(({ state }) => state === 'queued')
      expect(kept).toMatchObject([{ attempts: 1, last_error: error }])
      await room.drain()
      expect((await room.notices()).map(({ state }) => state)).toEqual(['sent', 'sent', 'sent'])
    })
  }

  test('waits longer from attempt to attempt, and fails after the last', async () => {
    room.post.answer(...Array.from({ length: 20 }, () => later))
    await room.announce('requested', 'alice')
    const waits: number[] = []
    for (let attempt = 1; attempt <= 11; attempt += 1) {
      await room.drain()
      const { rows } = await room.owner.query(
        'select extract(epoch from run_at - clock_timestamp())::float as wait from graphile_worker.jobs',
      )
      waits.push(rows[0].wait)
    }
    expect(waits.slice(0, 10)).toEqual(waits.slice(0, 10).toSorted((a, b) => a - b))
    expect(waits.at(-1)).toBeGreaterThan(6 * 3600)
    expect(await room.notices()).toMatchObject([{ state: 'queued', attempts: 11 }])
    await room.drain()
    expect(await room.notices()).toMatchObject([
      { state: 'failed', attempts: 12, last_error: later.message },
    ])
    expect(await room.jobs()).toBe(0)
    expect(room.post.taken).toHaveLength(12)
  })

  test('while access goes on: nothing of the request is touched', async () => {
    room.post.answer(later, new Error('down'), 'silence')
    await room.announce('requested')
    const before = await room.world.request(room.request)
    await room.drain()
    expect(await room.world.request(room.request)).toEqual(before)
  })

  test('and that holds for a mistake of our own as well', async () => {
    await room.announce('requested', 'alice')
    const right = room.ports
    room.ports = { ...room.ports, publicUrl: 'not a URL' }
    expect(await room.drain()).toEqual({ done: 0, putOff: 1 })
    room.ports = right
    await room.drain()
    expect(await room.notices()).toMatchObject([{ state: 'sent', attempts: 2 }])
  })
})
