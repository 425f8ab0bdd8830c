/** A whole TEAM with every channel on, and what arrived at the other end of each. */
import type { Channel } from '#core/channels.ts'
import type { Person } from '#test/person.ts'
import { slackSigningSecret, slackToken, startSlack } from '#test/slack-stand-in.ts'
import { startWebhookReceiver } from '#test/webhook-receiver.ts'
import { createScene, type TargetNamed } from './scene.ts'

export const roles = {
  requester: ['test-user'],
  approvers: ['naoko.mori', 'sam.carter'],
  auditors: ['test-auditor'],
  admins: ['priya.raman', 'test-admin'],
} as const
export type Role = keyof typeof roles
export const readsJapanese = new Set<string>(['naoko.mori', 'test-auditor'])
export const auditChannel = 'C0AUDIT01'

export interface Copy {
  readonly channel: Channel
  readonly to: string
  /** In the header, or what the channel has for one. */
  readonly noticeId: string
  readonly body: string
}

export interface NoticeRow {
  readonly noticeId: string
  readonly event: string
  readonly requestId: string | null
  readonly channel: Channel
  readonly state: string
  readonly attempts: number
  readonly unanswered: number
  readonly at: Date
}

export type Mood = 'well' | 'away' | 'silent'

export const minutes = (count: number) => count * 60

export type EveryChannel = Awaited<ReturnType<typeof createEveryChannel>>

export async function createEveryChannel() {
  const slack = await startSlack()
  const receiver = await startWebhookReceiver()
  const scene = await createScene({
    environment: { SLACK_API_URL: slack.url, TEAM_WEBHOOK_NETWORKS: '127.0.0.0/8,::1/128' },
  })
  const { world } = scene
  await scene.join('priya.raman', 'TEAM admins')
  for (const { userName } of scene.organization.users) {
    slack.join({ id: `U-${userName}`, email: `${userName}@example.com` })
  }

  /** Sessions end an hour after they were last used, and hours pass here. */
  const signedIn = new Map<string, { readonly person: Person; readonly at: number }>()
  async function as(name: string): Promise<Person> {
    const now = world.now().getTime()
    const known = signedIn.get(name)
    if (known && now - known.at < minutes(30) * 1000) return known.person
    const person = await world.person(name)
    signedIn.set(name, { person, at: now })
    return person
  }

  const awsFeels = (operation: string) => (mood: Mood) => {
    scene.clearFaults()
    if (mood === 'away') scene.fault({ operation, error: 'InternalServerException' })
    if (mood === 'silent') scene.fault({ operation, dropConnection: 'after' })
  }
  const target = scene.target('payments-prod', 'ReadOnlyAccess')

  const house = {
    scene,
    target,
    other: scene.target('storefront-prod', 'ReadOnlyAccess'),
    glass: scene.target('payments-prod', 'PowerUserAccess'),
    as,
    leap: (seconds: number) => world.leap(seconds),
    /** How each channel is: away answers so, silent takes what comes and loses its answer. */
    moods: {
      email: awsFeels('SendEmail'),
      sns: awsFeels('Publish'),
      slack: slack.feels,
      webhook: receiver.feels,
    } satisfies Record<Channel, (mood: Mood) => void>,
    async asked(change: object = {}, of: TargetNamed = target): Promise<string> {
      const { id } = await scene.ask(await as('test-user'), of, change)
      await world.leap(1)
      return id
    },
    async act(name: string, path: string, body: object = {}): Promise<void> {
      const { status, body: answer } = await (await as(name)).post(path, body)
      if (status >= 300) throw new Error(`POST ${path}: ${status} ${JSON.stringify(answer)}`)
    },
    approve: (id: string) => house.act('sam.carter', `/requests/${id}/approve`),
    async active(change: object = {}, of: TargetNamed = target): Promise<string> {
      const id = await house.asked(change, of)
      await house.approve(id)
      await world.pass(10)
      return id
    },
    /** What arrived at the other end, in the order of each channel. */
    copies(): Copy[] {
      const { state } = world.sandbox.world
      return [
        ...state.mails.map((mail): Copy => {
          const noticeId = mail.headers?.['x-team-notice-id'] ?? ''
          const to = mail.to[0]?.split('@')[0] ?? ''
          return { channel: 'email', to, noticeId, body: mail.text }
        }),
        ...slack.posts.map(({ channel, noticeId, blocks }): Copy => {
          const to = channel.replace(/^DU-/, '')
          return { channel: 'slack', to, noticeId, body: JSON.stringify(blocks) }
        }),
        ...state.topicMessages.map(({ attributes, body }): Copy => {
          return { channel: 'sns', to: 'topic', noticeId: attributes.noticeId ?? '', body }
        }),
        ...receiver.taken.map(({ headers, body }): Copy => {
          const noticeId = String(headers['team-notice-id'])
          return { channel: 'webhook', to: 'endpoint', noticeId, body }
        }),
      ]
    },
    async notices(which: { requestIds?: readonly string[] } = {}): Promise<NoticeRow[]> {
      const { rows } = await world.database.owner.query<NoticeRow>(
        `select notice_id as "noticeId", event, request_id as "requestId", channel, state,
           attempts, unanswered, created_at as at
         from notice where $1::uuid[] is null or request_id = any($1)
         order by created_at, notice_id`,
        [which.requestIds ?? null],
      )
      return rows
    },
    /** Nothing was told, and nothing arrived. */
    async forget(): Promise<void> {
      await world.database.owner.query('delete from notice')
      slack.clear()
      receiver.taken.length = 0
      await world.control('DELETE', 'mail')
      await world.control('DELETE', 'sns')
    },
    async close(): Promise<void> {
      await scene.close()
      await slack.close()
      await receiver.close()
    },
  }

  for (const name of Object.values(roles).flat()) {
    const locale = readsJapanese.has(name) ? 'ja' : 'en'
    await patched(await as(name), '/me/preferences', { locale, timeZone: 'Asia/Tokyo' })
  }
  const admin = await as('test-admin')
  await scene.eligibility(admin)
  await scene.eligibility(admin, { permissionSets: ['PowerUserAccess'], breakGlass: true })
  await scene.approval(admin)
  await patched(admin, '/settings', {
    reminderMinutes: 60,
    slackEnabled: true,
    slackToken,
    slackSigningSecret,
    slackAuditChannel: auditChannel,
    snsEnabled: true,
    snsTopicArn: [...world.sandbox.world.state.topics.keys()][0],
    webhookEnabled: true,
    webhookUrl: receiver.url,
    webhookSecret: 'a-secret-of-the-receiver',
  })
  await world.leap(1)
  return house
}

export async function patched(person: Person, path: string, body: object): Promise<void> {
  const { status, body: answer } = await person.call('PATCH', path, body)
  if (status !== 200) throw new Error(`PATCH ${path}: ${status} ${JSON.stringify(answer)}`)
}

/** Each as `channel receiver`, sorted. */
export function arrivedOf(rows: readonly NoticeRow[], all: readonly Copy[]): string[] {
  const ids = new Set(rows.map(({ noticeId }) => noticeId))
  return all
    .filter(({ noticeId }) => ids.has(noticeId))
    .map(({ channel, to }) => `${channel} ${to}`)
    .toSorted()
}
