/**
 * Everybody is told, once, by every channel: each event of the domain's table happens in a whole TEAM,
 * and what arrived by SES, SNS, Slack and the webhook is counted at the other end. Then each channel
 * is away for an hour, and loses answers.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Channel, channels } from '#core/channels.ts'
import { tellOverseers } from '#server/notify/tell-overseers.ts'
import { holdIfBehind } from '#server/recover/hold.ts'
import { openIntentLog } from '#server/recover/intent-log.ts'
import { installationId } from '#server/store/installation.ts'
import {
  arrivedOf,
  auditChannel,
  type Copy,
  createEveryChannel,
  type EveryChannel,
  minutes,
  type NoticeRow,
  patched,
  type Role,
  readsJapanese,
  roles,
} from './every-channel.ts'

const everyone = Object.keys(roles) as Role[]
const ours = ['requester', 'approvers'] as const
const watching = ['auditors', 'admins'] as const
/** The domain's "Notices", and what else is told to those who watch over TEAM. */
const told: Readonly<Record<string, readonly Role[]>> = {
  requested: ours,
  reminder: ['approvers'],
  approved: ours,
  rejected: ours,
  cancelled: ours,
  expired: ours,
  active: ours,
  ending_soon: ['requester'],
  ended: ours,
  revoked: ours,
  failed: everyone,
  break_glass_used: everyone,
  review_due: everyone,
  excess_added: everyone,
  removal_late: everyone,
  key_released: ['auditors'],
  rules_changed: watching,
  change_proposed: watching,
  records_loosened: ['auditors'],
  refresh_held: ['admins'],
  creations_held: watching,
  digest: ['admins'],
}

let house: EveryChannel
beforeAll(async () => {
  house = await createEveryChannel()
}, 120_000)
afterAll(() => house.close())

/** Of one thing that happened: who must have been told by which channel, each once. */
function expectedOf(event: string, who: readonly Role[] = told[event] ?? []): string[] {
  const people = who.flatMap((role) => [...roles[role]])
  const personal = people.flatMap((name) => [`email ${name}`, `slack ${name}`])
  // It is about what programs were told of already.
  if (event === 'digest') return personal.toSorted()
  return [...personal, `slack ${auditChannel}`, 'sns topic', 'webhook endpoint'].toSorted()
}

/** Without the channel's own name for itself, only by those ways. */
const by = (channel: Channel, lines: readonly string[]) =>
  lines.filter((line) => line.startsWith(`${channel} `))
const without = (channel: Channel, lines: readonly string[]) =>
  lines.filter((line) => !line.startsWith(`${channel} `))

interface Life {
  readonly secondsToActive: number
  readonly excessSeconds: number | null
  readonly status: string
}

async function lifeOf(id: string, approvedAt: Date): Promise<Life> {
  const { status, grantedAt, excessSeconds } = await (await house.as('test-user')).request(id)
  const secondsToActive = (Date.parse(grantedAt ?? '') - approvedAt.getTime()) / 1000
  return { status, secondsToActive, excessSeconds }
}

/** An hour, in which a request lives and ends; with the attempts that the queue's waits allow. */
async function anHour(): Promise<{ lived: string; pending: string; life: Life }> {
  const pending = await house.asked({}, house.other)
  const lived = await house.asked({ durationMinutes: 20 })
  const approvedAt = house.scene.world.now()
  await house.approve(lived)
  await house.scene.world.pass(10)
  for (const seconds of [21, 55, 149, 404]) await house.leap(seconds)
  await house.leap(
    approvedAt.getTime() / 1000 + minutes(20) - house.scene.world.now().getTime() / 1000,
  )
  await house.scene.world.pass(15)
  const life = await lifeOf(lived, approvedAt)
  await house.leap(minutes(60) - minutes(20) - 15)
  return { lived, pending, life }
}

describe('a channel that is away for an hour', () => {
  let usual: Life
  afterEach(() => {
    for (const feels of Object.values(house.moods)) feels('well')
  })
  beforeAll(async () => {
    const { life, pending } = await anHour()
    usual = life
    await house.act('test-user', `/requests/${pending}/cancel`)
    await house.leap(1)
  }, 120_000)

  test('is compared with an hour in which all of them work', () => {
    expect(usual).toMatchObject({ status: 'ended', secondsToActive: expect.any(Number) })
    expect(usual.secondsToActive).toBeLessThan(10)
  })

  for (const channel of channels) {
    test(`${channel}: delays no access and no other channel, and loses nothing`, async () => {
      house.moods[channel]('away')
      const { lived, pending, life } = await anHour()
      expect(life.status).toBe(usual.status)
      // A poll more or less; waiting for a channel would be minutes.
      expect(life.secondsToActive).toBeLessThanOrEqual(usual.secondsToActive + 2)
      expect(life.excessSeconds ?? 0).toBeLessThanOrEqual((usual.excessSeconds ?? 0) + 2)
      const meanwhile = house.copies()
      const theirs = (rows: NoticeRow[], requestId: string, event: string) =>
        rows.filter((row) => row.requestId === requestId && row.event === event)
      const during = await house.notices({ requestIds: [lived, pending] })
      expect(by(channel, arrivedOf(during, meanwhile))).toEqual([])
      for (const event of ['requested', 'approved', 'active', 'ended']) {
        const rows = theirs(during, lived, event)
        expect(arrivedOf(rows, meanwhile), event).toEqual(without(channel, expectedOf(event)))
      }
      house.moods[channel]('well')
      await house.leap(1)
      const after = await house.notices({ requestIds: [lived, pending] })
      expect(new Set(after.map(({ state }) => state))).toEqual(new Set(['sent', 'dropped']))
      const back = house.copies()
      for (const [id, event] of [
        [pending, 'requested'],
        [lived, 'ended'],
      ] as const) {
        expect(arrivedOf(theirs(after, id, event), back), event).toEqual(expectedOf(event))
      }
      // What is no longer so is not told an hour late.
      const dropped = after.filter(({ state }) => state === 'dropped')
      expect(new Set(dropped.map((row) => row.channel))).toEqual(new Set([channel]))
      expect(new Set(dropped.map((row) => row.event))).toEqual(
        new Set(['requested', 'approved', 'active']),
      )
      expect(after.filter(({ unanswered }) => unanswered > 0)).toEqual([])
      await house.act('test-user', `/requests/${pending}/cancel`)
      await house.leap(1)
    }, 120_000)

    test(`${channel}: sends a second copy only of what was taken without an answer, and counts it`, async () => {
      const id = await house.asked({}, house.other)
      house.moods[channel]('silent')
      await house.act('test-user', `/requests/${id}/cancel`)
      await house.leap(1)
      house.moods[channel]('well')
      await house.leap(1)
      const rows = (await house.notices({ requestIds: [id] })).filter(
        (row) => row.event === 'cancelled',
      )
      const all = house.copies()
      const once = expectedOf('cancelled')
      expect(arrivedOf(rows, all)).toEqual([...once, ...by(channel, once)].toSorted())
      for (const { noticeId, unanswered, ...row } of rows) {
        const same = all.filter((copy) => copy.noticeId === noticeId)
        const isTwice = row.channel === channel
        expect({ copies: same.length, unanswered }).toEqual(
          isTwice ? { copies: 2, unanswered: 1 } : { copies: 1, unanswered: 0 },
        )
        expect(same.every(({ body }) => body.includes(noticeId))).toBe(true)
      }
      const { notices: shown } = await (await house.as('test-user')).request(id)
      expect(shown.filter((one) => one.unanswered > 0).map((one) => one.channel)).toEqual(
        rows.filter((row) => row.channel === channel).map((row) => row.channel),
      )
    }, 120_000)
  }
})

describe('everybody is told, once, by every channel', () => {
  /** Each makes one or more events happen, as they happen in life. */
  const story: [string, () => Promise<unknown>][] = [
    [
      'asked, approved, used to its end',
      async () => {
        await house.active()
        await house.leap(minutes(46))
        await house.leap(minutes(14))
        await house.scene.world.pass(15)
      },
    ],
    [
      'asked, and nobody decides',
      async () => {
        await house.asked()
        await house.leap(minutes(121))
        await house.leap(minutes(61))
      },
    ],
    ['rejected', async () => house.act('naoko.mori', `/requests/${await house.asked()}/reject`)],
    ['cancelled', async () => house.act('test-user', `/requests/${await house.asked()}/cancel`)],
    [
      'revoked',
      async () => {
        await house.act('sam.carter', `/requests/${await house.active()}/revoke`)
        await house.scene.world.pass(15)
      },
    ],
    [
      'approved, and refused by AWS when it is due',
      async () => {
        const startsAt = new Date(
          house.scene.world.now().getTime() + minutes(10) * 1000,
        ).toISOString()
        await house.approve(await house.asked({ startsAt }))
        await house.leap(1)
        await house.scene.world.control('POST', 'assignments', {
          userName: 'test-user',
          ...house.target,
        })
        await house.leap(minutes(11))
        await house.scene.world.pass(5)
        await house.scene.world.control('DELETE', 'assignments', {
          userName: 'test-user',
          ...house.target,
        })
        await house.leap(minutes(2))
      },
    ],
    [
      'break-glass, and a review that nobody gives',
      async () => {
        await house.asked({ breakGlass: true, durationMinutes: 30 }, house.glass)
        await house.scene.world.pass(10)
        await house.leap(minutes(30))
        await house.scene.world.pass(15)
        await house.leap(25 * 3600)
      },
    ],
    [
      'removed late',
      async () => {
        await house.active({ durationMinutes: 1 })
        house.scene.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException' })
        await house.leap(70)
        for (let minute = 0; minute < 6; minute += 1) await house.leap(30)
        house.scene.clearFaults()
        await house.leap(minutes(16))
        await house.scene.world.pass(15)
      },
    ],
    [
      'handed over',
      async () => {
        const id = await house.active({}, house.other)
        const { rows } = await house.scene.world.database.owner.query(
          'select key_id from access_grant where request_id = $1',
          [id],
        )
        const path = `/reconciler/keys/${rows[0].key_id}/release`
        await house.act('test-admin', path, { comment: 'Theirs from now on' })
        await house.scene.world.pass(5)
      },
    ],
    [
      'given by a call whose answer was lost, after it was over',
      async () => {
        const { world: sandbox } = house.scene.world.sandbox
        const before = sandbox.settings
        sandbox.commit({ type: 'settings', value: { ...before, createDelayMs: 100_000 } })
        house.scene.fault({
          operation: 'CreateAccountAssignment',
          dropConnection: 'after',
          times: 1,
        })
        const id = await house.asked()
        await house.approve(id)
        await house.scene.world.pass(2)
        await house.act('sam.carter', `/requests/${id}/revoke`)
        await house.scene.world.pass(25)
        sandbox.commit({ type: 'settings', value: before })
        for (const seconds of [60, 60, 60, 60, 30]) await house.leap(seconds)
        await house.scene.world.pass(15)
        await house.leap(minutes(20))
      },
    ],
    [
      'policies widened, and more proposed',
      async () => {
        const admin = await house.as('test-admin')
        await house.scene.eligibility(admin, { permissionSets: ['Billing'] })
        await patched(admin, '/settings', { secondAdmin: true })
        const { status } = await admin.call('PATCH', '/settings', { approvalRequired: false })
        expect(status).toBe(202)
      },
    ],
    [
      'a legal hold released',
      async () => {
        const admin = await house.as('test-admin')
        const hold = { userId: house.scene.user('test-user'), reason: 'A lawsuit' }
        const { body } = await admin.post<{ id: string }>('/audit/holds', hold)
        await house.act('test-admin', `/audit/holds/${body.id}/release`, {
          reason: 'It is settled',
        })
      },
    ],
    [
      'a reading of the directory that would remove much',
      async () => {
        const crowd = Array.from({ length: 30 }, (_, index) => ({ userName: `crowd-${index}` }))
        for (const one of crowd) await house.scene.world.control('POST', 'users', one)
        await house.leap(minutes(6))
        for (const one of crowd) await house.scene.world.control('DELETE', 'users', one)
        await house.leap(minutes(6))
      },
    ],
    [
      'a database restored from before its anchor',
      async () => {
        const { db } = house.scene.world.database
        const installation = await installationId(db)
        const anchor = { installation, seq: 1_000_000, hash: 'f'.repeat(64) }
        const kept = openIntentLog('/nonexistent')
        await holdIfBehind({
          db,
          clock: house.scene.world,
          intentLog: { ...kept, readAnchor: async () => anchor, lines: async function* () {} },
          tellOverseers,
          log: { warn: () => undefined },
        })
      },
    ],
  ]

  let occasions: Map<string, NoticeRow[]>
  beforeAll(async () => {
    await house.forget()
    for (const [, happens] of story) {
      await happens()
      await house.leap(1)
    }
    occasions = Map.groupBy(await house.notices(), ({ event, requestId, at }) =>
      [event, requestId, at.toISOString()].join(' '),
    )
  }, 240_000)

  test('whatever happened, each of those whom it concerns, on each channel', () => {
    const all = house.copies()
    for (const [occasion, rows] of occasions) {
      const event = rows[0]?.event ?? ''
      const arrived = arrivedOf(rows, all)
      // One that is confirmed before it could be told is told to those who watch over all.
      const isOver = event === 'removal_late' && !arrived.includes('email test-user')
      expect(arrived, occasion).toEqual(expectedOf(event, isOver ? watching : told[event]))
    }
  })

  test('under one id in header and body, and in the language of whoever reads it', () => {
    const all = house.copies()
    expect(new Set(all.map(({ noticeId }) => noticeId)).size).toBe(all.length)
    for (const { channel, to, noticeId, body } of all) {
      expect(body).toContain(noticeId)
      expect(/[ぁ-ん]/.test(body), `${channel} to ${to}`).toBe(readsJapanese.has(to))
    }
  })

  test('with no event of the table missing', async () => {
    const fullest = [...occasions.values()].toSorted((a, b) => a.length - b.length)
    const seen = new Map(fullest.map((rows) => [rows[0]?.event ?? '', rows]))
    expect([...seen.keys()].toSorted()).toEqual(Object.keys(told).toSorted())
    await expect(tableOf(seen, house.copies())).toMatchFileSnapshot(
      '../../docs/reference/who-is-told.md',
    )
  })
})

/** As it was counted, one occasion of each event. */
function tableOf(seen: ReadonlyMap<string, readonly NoticeRow[]>, all: readonly Copy[]): string {
  const ways = (rows: readonly NoticeRow[], names: readonly string[]) => {
    const lines = arrivedOf(rows, all).filter((line) => names.includes(line.split(' ')[1] ?? ''))
    const counts = Map.groupBy(lines, (line) => line.split(' ')[0])
    return [...counts].map(([way, { length }]) => `${way} ${length}`).join(', ')
  }
  const columns = [...everyone.map((role) => roles[role]), ['topic'], ['endpoint'], [auditChannel]]
  const heads = everyone.map((role) => `${role} (${roles[role].length})`)
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    '# Who is told what, as counted at the other end',
    '',
    'Written by `test/api/told.test.ts`: each event happened in a whole TEAM with every channel on, and what arrived by Amazon SES, Amazon SNS, Slack and a webhook was counted. In brackets, how many people there were.',
    '',
    row(['event', ...heads, 'SNS', 'webhook', 'Slack audit channel']),
    row(Array.from({ length: columns.length + 1 }, () => '---')),
    ...Object.keys(told).map((event) =>
      row([event, ...columns.map((names) => ways(seen.get(event) ?? [], names))]),
    ),
    '',
  ].join('\n')
}
