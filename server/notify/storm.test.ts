/** What many notices at once become, and what they must not. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { change } from '#server/store/change.ts'
import { people } from '#test/factory.ts'
import { createMailRoom, type MailRoom } from '#test/mail-room.ts'
import { createAnnounce } from './announce.ts'
import { stormFrom } from './storm.ts'
import { queueBulletins } from './tell-overseers.ts'

let room: MailRoom
beforeAll(async () => {
  room = await createMailRoom()
})
afterAll(() => room.close())
beforeEach(() => room.tidy())

interface Row {
  readonly noticeId: string
  readonly receiver: string
  readonly state: string
  readonly into: string | null
  readonly unanswered: number
}
async function rows(): Promise<Row[]> {
  const { rows: found } = await room.owner.query<Row>(
    `select notice_id as "noticeId", receiver_id as receiver, state, folded_into as into, unanswered
     from notice order by created_at, notice_id`,
  )
  return found
}
const mailsTo = (name: keyof typeof people) =>
  room.post.taken.filter(({ to }) => to.startsWith(`${name}@`))

let somebody = 0
/** Requests as alice’s, but of people without an address, all announced as waiting. */
async function manyAsk(count: number): Promise<RequestId[]> {
  const announce = createAnnounce({ approversOf: room.ports.approversOf })
  const { owner, world } = room
  const ids: RequestId[] = []
  for (let number = 0; number < count; number += 1) {
    somebody += 1
    const { rows: made } = await owner.query(
      `insert into request select (jsonb_populate_record(r, jsonb_build_object(
         'request_id', gen_random_uuid(), 'submission_id', gen_random_uuid(),
         'requester_id', 'somebody-' || $2::text, 'requester_email', null))).*
       from request r where request_id = $1 returning request_id`,
      [room.request, somebody],
    )
    ids.push(made[0].request_id)
  }
  await change(world.db, world.clock.now(), async (c) => {
    for (const id of ids) await announce(c, 'requested', id)
  })
  return ids
}

describe('a storm', () => {
  test('is one mail a person, with a line and a link each', async () => {
    const ids = await manyAsk(12)
    await room.drain()
    for (const name of ['bob', 'carol'] as const) {
      const [mail, ...more] = mailsTo(name)
      expect(more, name).toEqual([])
      expect(mail?.subject).toBe('Waiting for approval: 12 at once')
      for (const id of ids) expect(mail?.text).toContain(`/requests/${id}`)
    }
    expect(mailsTo('bob')[0]?.text).toContain('https://team.example.com/approvals?tab=waiting')
    const told = await rows()
    const leads = told.filter(({ state }) => state === 'sent')
    expect(leads).toHaveLength(2)
    for (const { noticeId, receiver } of leads) {
      const theirs = told.filter((row) => row.receiver === receiver && row.into === noticeId)
      expect(theirs.map(({ state }) => state)).toEqual(Array.from({ length: 11 }, () => 'folded'))
    }
    expect(await room.jobs()).toBe(0)
  })

  test('begins at so many, and fewer are told one by one', async () => {
    await manyAsk(stormFrom - 1)
    await room.drain()
    expect(mailsTo('bob')).toHaveLength(stormFrom - 1)
  })

  test('longer than a mail should be says how many it leaves out', async () => {
    await manyAsk(23)
    await room.drain()
    expect(mailsTo('bob')[0]?.text).toContain('3 more are not listed here.')
  })

  test('leaves out what is no longer so', async () => {
    const ids = await manyAsk(7)
    await room.owner.query(`update request set status = 'cancelled' where request_id = any($1)`, [
      ids.slice(0, 4),
    ])
    await room.drain()
    expect(mailsTo('bob').map(({ subject }) => subject)).toEqual([
      'Waiting for approval: 3 at once',
    ])
    const states = (await rows()).filter(({ receiver }) => receiver === people.bob)
    expect(states.map(({ state }) => state).toSorted()).toEqual([
      ...Array.from({ length: 4 }, () => 'dropped'),
      'folded',
      'folded',
      'sent',
    ])
  })

  test('of which one alone is news is told as that one', async () => {
    const ids = await manyAsk(5)
    await room.owner.query(`update request set status = 'cancelled' where request_id = any($1)`, [
      ids.slice(1),
    ])
    await room.drain()
    expect(mailsTo('bob').map(({ subject }) => subject)).toEqual([
      expect.stringContaining('Approval needed: Alice asks for'),
    ])
  })

  test('whose answer is lost comes once more under the same id, whichever job sends it', async () => {
    await manyAsk(6)
    room.post.answer('silence', 'silence', new Error('the connection broke'))
    for (let round = 0; round < 3; round += 1) await room.drain()
    for (const name of ['bob', 'carol'] as const) {
      const ids = mailsTo(name).map(
        ({ headers }) => headers.find((one) => one.name === 'X-TEAM-Notice-ID')?.value,
      )
      expect(new Set(ids).size, name).toBe(1)
    }
    const told = await rows()
    expect(told.filter(({ state }) => state === 'sent')).toHaveLength(2)
    expect(told.filter(({ state }) => state === 'folded')).toHaveLength(10)
    const lost = told.reduce((sum, { unanswered }) => sum + unanswered, 0)
    expect(lost).toBe(room.post.taken.length - 2)
  })

  test('while the channel is away is tried by one job, and by one that comes later', async () => {
    const away = { kind: 'later', message: 'down', mayHaveArrived: false } as const
    room.post.answer(...Array.from({ length: 4 }, () => away))
    await manyAsk(30)
    for (let round = 0; round < 2 && room.post.taken.length < 4; round += 1) await room.drain()
    expect(room.post.taken.length).toBeLessThanOrEqual(6)
    room.world.pass(120)
    await manyAsk(1)
    await room.drain()
    expect((await rows()).filter(({ state }) => state === 'queued')).toEqual([])
    expect(mailsTo('bob').at(-1)?.subject).toMatch(/^Waiting for approval: 3[01] at once$/)
  })

  test('never folds the one notice of late removals into another', async () => {
    await change(room.world.db, room.world.clock.now(), async (c) => {
      const facts = { standing: 'admin', alarmIds: [] } as const
      for (let number = 0; number < 6; number += 1) {
        await queueBulletins(c, 'removal_late', new Map([[people.ada, facts]]))
      }
    })
    await room.drain()
    expect((await rows()).map(({ state }) => state)).toEqual(
      Array.from({ length: 6 }, () => 'dropped'),
    )
  })
})
