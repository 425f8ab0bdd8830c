/**
 * A workspace of Slack in a box, for tests: the methods of its Web API that TEAM calls, with Slack's
 * names for what is wrong, its rate limits, and clicks as Slack signs and sends them.
 */
import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SlackMember {
  readonly id: string
  readonly email?: string
  readonly confirmed?: boolean
  readonly deleted?: boolean
  readonly bot?: boolean
  readonly team?: string
}

export interface SlackPost {
  readonly channel: string
  readonly ts: string
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into blocks of every shape
  blocks: any[]
  readonly threadTs: string | null
  readonly noticeId: string
}

export const slackTeam = 'T0TEAM'
export const slackToken = 'xoxb-test-token'
export const slackSigningSecret = '8f742231b10e8888abcd99yyyzzz85a5'

export type SlackStandIn = Awaited<ReturnType<typeof startSlack>>

export async function startSlack() {
  const members = new Map<string, SlackMember>()
  const posts: SlackPost[] = []
  const ephemerals: { channel: string; user: string; text: string }[] = []
  /** What a method meets next: an error of Slack's, or a limit, or a broken connection. */
  const troubles: { method: string; error: string; times: number }[] = []
  let counted = 0
  /** All of Slack: away, or without an answer to what it took. */
  let mood: 'well' | 'away' | 'silent' = 'well'

  const methods: Record<string, (form: URLSearchParams) => object> = {
    'auth.test': () => ({ ok: true, team_id: slackTeam }),
    'users.lookupByEmail': (form) => {
      const email = (form.get('email') ?? '').toLowerCase()
      const found = [...members.values()].find((one) => one.email?.toLowerCase() === email)
      return found && !found.deleted ? { ok: true, user: shown(found) } : fail('users_not_found')
    },
    'users.info': (form) => {
      const found = members.get(form.get('user') ?? '')
      return found ? { ok: true, user: shown(found) } : fail('user_not_found')
    },
    'conversations.open': (form) => {
      return { ok: true, channel: { id: `D${form.get('users')}` } }
    },
    'chat.postMessage': (form) => {
      counted += 1
      const ts = `1764000000.${String(counted).padStart(6, '0')}`
      const channel = form.get('channel') ?? ''
      const { event_payload: about } = JSON.parse(form.get('metadata') ?? '{}')
      posts.push({
        channel,
        ts,
        text: form.get('text') ?? '',
        blocks: JSON.parse(form.get('blocks') ?? '[]'),
        threadTs: form.get('thread_ts'),
        noticeId: about?.notice_id,
      })
      return { ok: true, channel, ts }
    },
    'chat.update': (form) => {
      const post = posts.find(
        ({ channel, ts }) => channel === form.get('channel') && ts === form.get('ts'),
      )
      if (!post) return fail('message_not_found')
      post.text = form.get('text') ?? ''
      post.blocks = JSON.parse(form.get('blocks') ?? '[]')
      return { ok: true, channel: post.channel, ts: post.ts }
    },
    'chat.postEphemeral': (form) => {
      const [channel = '', user = '', text = ''] = ['channel', 'user', 'text'].map(
        (name) => form.get(name) ?? '',
      )
      ephemerals.push({ channel, user, text })
      return { ok: true }
    },
  }

  const server = createServer(async (request, response) => {
    const method = (request.url ?? '').split('/').at(-1) ?? ''
    const form = new URLSearchParams(await bodyOf(request))
    if (mood === 'away') {
      response.writeHead(503, { 'content-type': 'text/html' })
      return void response.end('<h1>Slack is having trouble</h1>')
    }
    const trouble = troubles.find((one) => one.method === method && one.times > 0)
    if (trouble) trouble.times -= 1
    if (trouble?.error === 'hang up') return void request.socket.destroy()
    if (trouble?.error === 'ratelimited') {
      response.writeHead(429, { 'retry-after': '30' })
      return void response.end()
    }
    const isKnown = request.headers.authorization === `Bearer ${slackToken}`
    const act = methods[method]
    const answer = !isKnown
      ? fail('invalid_auth')
      : trouble && trouble.error !== 'lost answer'
        ? fail(trouble.error)
        : (act?.(form) ?? fail('unknown_method'))
    const isLost = mood === 'silent' && method === 'chat.postMessage'
    if (isLost || trouble?.error === 'lost answer') return void request.socket.destroy()
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}/api`,
    posts,
    ephemerals,
    join: (member: SlackMember) => void members.set(member.id, member),
    meet: (method: string, error: string, times = 1) =>
      void troubles.push({ method, error, times }),
    feels: (next: typeof mood) => {
      mood = next
    },
    clear() {
      mood = 'well'
      posts.length = 0
      ephemerals.length = 0
      troubles.length = 0
    },
    close: () => new Promise<void>((done) => server.close(() => done())),
  }
}

const fail = (error: string) => ({ ok: false, error })

function shown({ id, email, confirmed = true, deleted = false, bot = false, team }: SlackMember) {
  return {
    id,
    team_id: team ?? slackTeam,
    deleted,
    is_bot: bot,
    is_email_confirmed: confirmed,
    profile: { email },
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

export interface ClickGiven {
  readonly user: string
  readonly action: string
  readonly requestId: string
  readonly post: Pick<SlackPost, 'channel' | 'ts'>
  readonly comment?: string
  readonly team?: string
}

/** The body of a click, as Slack's "Handling user interaction" describes it. */
export function clickBody(given: ClickGiven): string {
  const { user, action, requestId, post, comment = null, team = slackTeam } = given
  const payload = {
    type: 'block_actions',
    user: { id: user, username: 'whoever', team_id: team },
    team: { id: team, domain: 'example' },
    container: { type: 'message', channel_id: post.channel, message_ts: post.ts },
    channel: { id: post.channel },
    response_url: 'https://hooks.slack.com/actions/T0TEAM/1/2',
    trigger_id: '1.2.3',
    actions: [{ type: 'button', block_id: 'decide', action_id: action, value: requestId }],
    state: { values: { comment: { text: { type: 'plain_text_input', value: comment } } } },
  }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

export function slackHeaders(body: string, at: Date, secret = slackSigningSecret) {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const hmac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`)
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${hmac.digest('hex')}`,
  }
}
