/**
 * Everybody is told, once, by every channel: each event of the domain's table happens in a whole TEAM,
 * and what arrived by SES, SNS, Slack and the webhook is counted at the other end. Then each channel
 * is away for an hour, and loses answers.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Channel } from '#core/channels.ts'
import { tellOverseers } from '#server/notify/tell-overseers.ts'
import { holdIfBehind } from '#server/recover/hold.ts'
import { openIntentLog } from '#server/recover/intent-log.ts'
import { installationId } from '#server/store/installation.ts'
import type { Person } from '#test/person.ts'
import {
  type SlackStandIn,
  slackSigningSecret,
  slackToken,
  startSlack,
} from '#test/slack-stand-in.ts'
import { startWebhookReceiver, type WebhookReceiver } from '#test/webhook-receiver.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

const roles = {
  requester: ['test-user'],
  approvers: ['naoko.mori', 'sam.carter'],
  auditors: ['test-auditor'],
  admins: ['priya.raman', 'test-admin'],
} as const
type Role = keyof typeof roles
const everyone = Object.keys(roles) as Role[]
const readsJapanese = new Set<string>(['naoko.mori', 'test-auditor'])

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
const auditChannel = 'C0AUDIT01'

let scene: Scene
let slack: SlackStandIn
let receiver: WebhookReceiver
let target: TargetNamed
let other: TargetNamed
let glass: TargetNamed

/** Sessions end an hour after they were last used, and hours pass here. */
const signedIn = new Map<string, { readonly person: Person; readonly at: number }>()
async function as(name: string): Promise<Person> {
  const now = scene.world.now().getTime()
  const known = signedIn.get(name)
  if (known && now - known.at < minutes(30) * 1000) return known.person
  const person = await scene.world.person(name)
  signedIn.set(name, { person, at: now })
  return person
}
const leap = (seconds: number) => scene.world.leap(seconds)
const minutes = (count: number) => count * 60

beforeAll(async () => {
  slack = await startSlack()
  receiver = await startWebhookReceiver()
  scene = await createScene({
    environment: { SLACK_API_URL: slack.url, TEAM_WEBHOOK_NETWORKS: '127.0.0.0/8,::1/128' },
  })
  await scene.join('priya.raman', 'TEAM admins')
  for (const { userName } of scene.organization.users) {
    slack.join({ id: `U-${userName}`, email: `${userName}@example.com` })
  }
  for (const name of Object.values(roles).flat()) {
    const locale = readsJapanese.has(name) ? 'ja' : 'en'
    await patched(await as(name), '/me/preferences', { locale, timeZone: 'Asia/Tokyo' })
  }
  const admin = await as('test-admin')
  await scene.eligibility(admin)
  await scene.eligibility(admin, { permissionSets: ['PowerUserAccess'], breakGlass: true })
  await scene.approval(admin)
  target = scene.target('payments-prod', 'ReadOnlyAccess')
  other = scene.target('storefront-prod', 'ReadOnlyAccess')
  glass = scene.target('payments-prod', 'PowerUserAccess')
  await patched(admin, '/settings', {
    reminderMinutes: 60,
    slackEnabled: true,
    slackToken,
    slackSigningSecret,
    slackAuditChannel: auditChannel,
    snsEnabled: true,
    snsTopicArn: [...scene.world.sandbox.world.state.topics.keys()][0],
    webhookEnabled: true,
    webhookUrl: receiver.url,
    webhookSecret: 'a-secret-of-the-receiver',
  })
  await leap(1)
}, 120_000)
afterAll(async () => {
  await scene.close()
  await slack.close()
  await receiver.close()
})

async function patched(person: Person, path: string, body: object): Promise<void> {
  const { status, body: answer } = await person.call('PATCH', path, body)
  if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${JSON.stringify(answer)}`)
}

async function asked(change: object = {}, of: TargetNamed = target): Promise<string> {
  const { id } = await scene.ask(await as('test-user'), of, change)
  await leap(1)
  return id
}
async function act(name: string, path: string, body: object = {}): Promise<void> {
  const { status, body: answer } = await (await as(name)).post(path, body)
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`)
}
const approve = (id: string) => act('sam.carter', `/requests/${id}/approve`)
async function active(change: object = {}, of: TargetNamed = target): Promise<string> {
  const id = await asked(change, of)
  await approve(id)
  await scene.world.pass(10)
  return id
}

interface Copy {
  readonly channel: Channel
  readonly to: string
  /** In the header, or what the channel has for one. */
  readonly noticeId: string
  readonly body: string
}

/** What arrived at the other end, in the order of each channel. */
function copies(): Copy[] {
  const { state } = scene.world.sandbox.world
  return [
    ...state.mails.map((mail): Copy => {
      const noticeId = mail.headers?.['x-team-notice-id'] ?? ''
      return { channel: 'email', to: mail.to[0]?.split('@')[0] ?? '', noticeId, body: mail.text }
    }),
    ...slack.posts.map((post): Copy => {
      const to = post.channel.replace(/^DU-/, '')
      return { channel: 'slack', to, noticeId: post.noticeId, body: JSON.stringify(post.blocks) }
    }),
    ...state.topicMessages.map(({ attributes, body }): Copy => {
      return { channel: 'sns', to: 'topic', noticeId: attributes.noticeId ?? '', body }
    }),
    ...receiver.taken.map(({ headers, body }): Copy => {
      const noticeId = String(headers['team-notice-id'])
      return { channel: 'webhook', to: 'endpoint', noticeId, body }
    }),
  ]
}

interface NoticeRow {
  readonly noticeId: string
  readonly event: string
  readonly requestId: string | null
  readonly channel: Channel
  readonly state: string
  readonly attempts: number
  readonly unanswered: number
  readonly at: Date
}

async function notices(which: { requestIds?: readonly string[] } = {}): Promise<NoticeRow[]> {
  const { rows } = await scene.world.database.owner.query<NoticeRow>(
    `select notice_id as "noticeId", event, request_id as "requestId", channel, state, attempts,
       unanswered, created_at as at
     from notice where $1::uuid[] is null or request_id = any($1) order by created_at, notice_id`,
    [which.requestIds ?? null],
  )
  return rows
}

/** Of one thing that happened: who must have been told by which channel, each once. */
function expectedOf(event: string, who: readonly Role[] = told[event] ?? []): string[] {
  const people = who.flatMap((role) => [...roles[role]])
  const personal = people.flatMap((name) => [`email ${name}`, `slack ${name}`])
  // It is about what programs were told of already.
  if (event === 'digest') return personal.toSorted()
  return [...personal, `slack ${auditChannel}`, 'sns topic', 'webhook endpoint'].toSorted()
}

function arrivedOf(rows: readonly NoticeRow[], all: readonly Copy[]): string[] {
  const ids = new Set(rows.map(({ noticeId }) => noticeId))
  return all
    .filter(({ noticeId }) => ids.has(noticeId))
    .map(({ channel, to }) => `${channel} ${to}`)
    .toSorted()
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
  const { status, grantedAt, excessSeconds } = await (await as('test-user')).request(id)
  const secondsToActive = (Date.parse(grantedAt ?? '') - approvedAt.getTime()) / 1000
  return { status, secondsToActive, excessSeconds }
}

/** An hour, in which a request lives and ends; with the attempts that the queue's waits allow. */
async function anHour(): Promise<{ lived: string; pending: string; life: Life }> {
  const pending = await asked({}, other)
  const lived = await asked({ durationMinutes: 20 })
  const approvedAt = scene.world.now()
  await approve(lived)
  await scene.world.pass(10)
  for (const seconds of [21, 55, 149, 404]) await leap(seconds)
  await leap(approvedAt.getTime() / 1000 + minutes(20) - scene.world.now().getTime() / 1000)
  await scene.world.pass(15)
  const life = await lifeOf(lived, approvedAt)
  await leap(minutes(60) - minutes(20) - 15)
  return { lived, pending, life }
}

const awayError = 'InternalServerException'
const moods: Readonly<Record<Channel, (mood: 'well' | 'away' | 'silent') => void>> = {
  email: (mood) => aws('SendEmail', mood),
  sns: (mood) => aws('Publish', mood),
  slack: (mood) => slack.feels(mood),
  webhook: (mood) => receiver.feels(mood),
}
function aws(operation: string, mood: 'well' | 'away' | 'silent'): void {
  scene.clearFaults()
  if (mood === 'away') scene.fault({ operation, error: awayError })
  if (mood === 'silent') scene.fault({ operation, dropConnection: 'after' })
}

describe('a channel that is away for an hour', () => {
  let usual: Life
  afterEach(() => {
    for (const feels of Object.values(moods)) feels('well')
  })
  beforeAll(async () => {
    const { life, pending } = await anHour()
    usual = life
    await act('test-user', `/requests/${pending}/cancel`)
    await leap(1)
  }, 120_000)

  test('is compared with an hour in which all of them work', () => {
    expect(usual).toMatchObject({ status: 'ended', secondsToActive: expect.any(Number) })
    expect(usual.secondsToActive).toBeLessThan(10)
  })

  for (const channel of Object.keys(moods) as Channel[]) {
    test(`${channel}: delays no access and no other channel, and loses nothing`, async () => {
      moods[channel]('away')
      const { lived, pending, life } = await anHour()
      expect(life.status).toBe(usual.status)
      // A poll more or less; waiting for a channel would be minutes.
      expect(life.secondsToActive).toBeLessThanOrEqual(usual.secondsToActive + 2)
      expect(life.excessSeconds ?? 0).toBeLessThanOrEqual((usual.excessSeconds ?? 0) + 2)
      const meanwhile = copies()
      const theirs = (rows: NoticeRow[], requestId: string, event: string) =>
        rows.filter((row) => row.requestId === requestId && row.event === event)
      const during = await notices({ requestIds: [lived, pending] })
      expect(by(channel, arrivedOf(during, meanwhile))).toEqual([])
      for (const event of ['requested', 'approved', 'active', 'ended']) {
        const rows = theirs(during, lived, event)
        expect(arrivedOf(rows, meanwhile), event).toEqual(without(channel, expectedOf(event)))
      }
      moods[channel]('well')
      await leap(1)
      const after = await notices({ requestIds: [lived, pending] })
      expect(new Set(after.map(({ state }) => state))).toEqual(new Set(['sent', 'dropped']))
      const back = copies()
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
      await act('test-user', `/requests/${pending}/cancel`)
      await leap(1)
    }, 60_000)

    test(`${channel}: sends a second copy only of what was taken without an answer, and counts it`, async () => {
      const id = await asked({}, other)
      moods[channel]('silent')
      await act('test-user', `/requests/${id}/cancel`)
      await leap(1)
      moods[channel]('well')
      await leap(1)
      const rows = (await notices({ requestIds: [id] })).filter((row) => row.event === 'cancelled')
      const all = copies()
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
      const { notices: shown } = await (await as('test-user')).request(id)
      expect(shown.filter((one) => one.unanswered > 0).map((one) => one.channel)).toEqual(
        rows.filter((row) => row.channel === channel).map((row) => row.channel),
      )
    }, 60_000)
  }
})

describe('everybody is told, once, by every channel', () => {
  /** Each makes one or more events happen, as they happen in life. */
  const story: [string, () => Promise<unknown>][] = [
    [
      'asked, approved, used to its end',
      async () => {
        await active()
        await leap(minutes(46))
        await leap(minutes(14))
        await scene.world.pass(15)
      },
    ],
    [
      'asked, and nobody decides',
      async () => {
        await asked()
        await leap(minutes(121))
        await leap(minutes(61))
      },
    ],
    ['rejected', async () => act('naoko.mori', `/requests/${await asked()}/reject`)],
    ['cancelled', async () => act('test-user', `/requests/${await asked()}/cancel`)],
    [
      'revoked',
      async () => {
        await act('sam.carter', `/requests/${await active()}/revoke`)
        await scene.world.pass(15)
      },
    ],
    [
      'approved, and refused by AWS when it is due',
      async () => {
        const startsAt = new Date(scene.world.now().getTime() + minutes(10) * 1000).toISOString()
        await approve(await asked({ startsAt }))
        await leap(1)
        await scene.world.control('POST', 'assignments', { userName: 'test-user', ...target })
        await leap(minutes(11))
        await scene.world.pass(5)
        await scene.world.control('DELETE', 'assignments', { userName: 'test-user', ...target })
        await leap(minutes(2))
      },
    ],
    [
      'break-glass, and a review that nobody gives',
      async () => {
        await asked({ breakGlass: true, durationMinutes: 30 }, glass)
        await scene.world.pass(10)
        await leap(minutes(30))
        await scene.world.pass(15)
        await leap(25 * 3600)
      },
    ],
    [
      'removed late',
      async () => {
        await active({ durationMinutes: 1 })
        scene.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException' })
        await leap(70)
        for (let minute = 0; minute < 6; minute += 1) await leap(30)
        scene.clearFaults()
        await leap(minutes(16))
        await scene.world.pass(15)
      },
    ],
    [
      'handed over',
      async () => {
        const id = await active({}, other)
        const { rows } = await scene.world.database.owner.query(
          'select key_id from access_grant where request_id = $1',
          [id],
        )
        const path = `/reconciler/keys/${rows[0].key_id}/release`
        await act('test-admin', path, { comment: 'Theirs from now on' })
        await scene.world.pass(5)
      },
    ],
    [
      'given by a call whose answer was lost, after it was over',
      async () => {
        const { world: sandbox } = scene.world.sandbox
        const before = sandbox.settings
        sandbox.commit({ type: 'settings', value: { ...before, createDelayMs: 100_000 } })
        scene.fault({ operation: 'CreateAccountAssignment', dropConnection: 'after', times: 1 })
        const id = await asked()
        await approve(id)
        await scene.world.pass(2)
        await act('sam.carter', `/requests/${id}/revoke`)
        await scene.world.pass(25)
        sandbox.commit({ type: 'settings', value: before })
        for (const seconds of [60, 60, 60, 60, 30]) await leap(seconds)
        await scene.world.pass(15)
        await leap(minutes(20))
      },
    ],
    [
      'policies widened, and more proposed',
      async () => {
        const admin = await as('test-admin')
        await scene.eligibility(admin, { permissionSets: ['Billing'] })
        await patched(admin, '/settings', { secondAdmin: true })
        const { status } = await admin.call('PATCH', '/settings', { approvalRequired: false })
        expect(status).toBe(202)
      },
    ],
    [
      'a legal hold released',
      async () => {
        const admin = await as('test-admin')
        const hold = { userId: scene.user('test-user'), reason: 'A lawsuit' }
        const { body } = await admin.post<{ id: string }>('/audit/holds', hold)
        await act('test-admin', `/audit/holds/${body.id}/release`, { reason: 'It is settled' })
      },
    ],
    [
      'a reading of the directory that would remove much',
      async () => {
        const crowd = Array.from({ length: 30 }, (_, index) => ({ userName: `crowd-${index}` }))
        for (const one of crowd) await scene.world.control('POST', 'users', one)
        await leap(minutes(6))
        for (const one of crowd) await scene.world.control('DELETE', 'users', one)
        await leap(minutes(6))
      },
    ],
    [
      'a database restored from before its anchor',
      async () => {
        const { db } = scene.world.database
        const installation = await installationId(db)
        const anchor = { installation, seq: 1_000_000, hash: 'f'.repeat(64) }
        const kept = openIntentLog('/nonexistent')
        await holdIfBehind({
          db,
          clock: scene.world,
          intentLog: { ...kept, readAnchor: async () => anchor, lines: async function* () {} },
          tellOverseers,
          log: { warn: () => undefined },
        })
      },
    ],
  ]

  let occasions: Map<string, NoticeRow[]>
  beforeAll(async () => {
    await scene.world.database.owner.query('delete from notice')
    slack.clear()
    receiver.taken.length = 0
    await scene.world.control('DELETE', 'mail')
    await scene.world.control('DELETE', 'sns')
    for (const [, happens] of story) {
      await happens()
      await leap(1)
    }
    occasions = Map.groupBy(await notices(), ({ event, requestId, at }) =>
      [event, requestId, at.toISOString()].join(' '),
    )
  }, 240_000)

  test('whatever happened, each of those whom it concerns, on each channel', () => {
    const all = copies()
    for (const [occasion, rows] of occasions) {
      const event = rows[0]?.event ?? ''
      const arrived = arrivedOf(rows, all)
      // One that is confirmed before it could be told is told to those who watch over all.
      const isOver = event === 'removal_late' && !arrived.includes('email test-user')
      expect(arrived, occasion).toEqual(expectedOf(event, isOver ? watching : told[event]))
    }
  })

  test('under one id in header and body, and in the language of whoever reads it', () => {
    const all = copies()
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
    await expect(tableOf(seen, copies())).toMatchFileSnapshot('../../docs/reference/who-is-told.md')
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
