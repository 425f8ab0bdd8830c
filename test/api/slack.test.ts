/** Deciding in Slack, from the message to the outcome, and every way in which it must not work. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import { createAnnounce } from '#server/notify/announce.ts'
import { createApproversOf } from '#server/notify/approvers.ts'
import { actOnClick } from '#server/notify/slack/act-on-click.ts'
import { createSlackApi } from '#server/notify/slack/api.ts'
import { createSendSlack } from '#server/notify/slack/send-slack.ts'
import { isFromSlack } from '#server/notify/slack/signature.ts'
import { drainJobs, type NotifyWorkerPorts } from '#server/notify/worker.ts'
import { change } from '#server/store/change.ts'
import { type Api, createApi, publicUrl } from '#test/api.ts'
import { people } from '#test/factory.ts'
import {
  type ClickGiven,
  clickBody,
  type SlackStandIn,
  slackHeaders,
  slackSigningSecret,
  slackToken,
  startSlack,
} from '#test/slack-stand-in.ts'

let api: Api
let slack: SlackStandIn
let ports: NotifyWorkerPorts
let request: RequestId

beforeAll(async () => {
  api = await createApi()
  slack = await startSlack()
  const { world } = api
  await world.eligibility()
  await world.approval()
  await change(world.db, world.clock.now(), async (c) => {
    const write = (name: 'slackToken' | 'slackSigningSecret', value: string) =>
      world.ports.vault.write(c, { name, value, by: people.ada })
    await write('slackToken', slackToken)
    await write('slackSigningSecret', slackSigningSecret)
  })
  const slackApi = createSlackApi({
    baseUrl: slack.url,
    readToken: () => world.ports.vault.read('slackToken'),
    nowMs: () => world.clock.now().getTime(),
  })
  const approversOf = createApproversOf(world.rules)
  const announce = createAnnounce({ approversOf })
  ports = {
    db: world.db,
    owner: world.database.owner,
    clock: world.clock,
    senders: { slack: createSendSlack({ db: world.db, api: slackApi }) },
    approversOf,
    publicUrl,
    portalUrl: null,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    onSlackClick: (click) =>
      actOnClick(
        {
          ...world.ports,
          announce,
          approversOf,
          api: slackApi,
          loadActor: world.loadActor,
          confirmPerson: async (userId) => {
            const asked = await world.aws.confirmPeople([userId], 60)
            if (asked === 'unavailable') return asked
            return (await world.loadActor(userId))?.person.enabled ? 'confirmed' : 'gone'
          },
          publicUrl,
        },
        click,
      ),
  }
})
afterAll(async () => {
  await slack.close()
  await api.close()
})

beforeEach(async () => {
  const { world } = api
  const { owner } = world.database
  await owner.query('delete from graphile_worker._private_jobs; delete from notice')
  await owner.query(`update request set status = 'expired' where status = 'pending'`)
  await owner.query(`update directory_user set enabled = true, email = user_name`)
  await world.settings({
    emailEnabled: false,
    slackEnabled: true,
    slackAuditChannel: 'C0AUDIT01',
    commentRequired: false,
  })
  slack.clear()
  // Everything here happens later than what came before it.
  world.pass(3_600)
  for (const name of ['alice', 'bob', 'carol', 'audrey'] as const) {
    slack.join({ id: `U${name}`, email: `${name}@example.com` })
  }
  request = await world.submit('alice')
  await announce('requested')
  await drain()
})

async function announce(event: 'requested' | 'approved'): Promise<void> {
  const { world } = api
  const announced = createAnnounce({ approversOf: ports.approversOf })
  await change(world.db, world.clock.now(), (c) => announced(c, event, request))
}
const drain = () => drainJobs(ports, api.world.clock.now())
const messageTo = (channel: string) => {
  const found = slack.posts.find((post) => post.channel === channel && post.threadTs === null)
  if (!found) throw new Error(`There is no message in ${channel}`)
  return found
}
const buttons = (channel: string) =>
  messageTo(channel).blocks.flatMap((block) =>
    block.type === 'actions'
      ? block.elements.map((one: { action_id: string }) => one.action_id)
      : [],
  )

async function post(body: string, headers: Record<string, string>) {
  const response = await api.app.inject({
    method: 'POST',
    url: '/slack/interactivity',
    payload: body,
    headers,
  })
  return response.statusCode
}
async function click(given: Partial<ClickGiven> = {}): Promise<number> {
  const body = clickBody({
    user: 'Ubob',
    action: 'approve',
    requestId: request,
    post: messageTo('DUbob'),
    ...given,
  })
  const status = await post(body, slackHeaders(body, api.world.clock.now()))
  await drain()
  return status
}
const status = async () => (await api.world.request(request)).status
const votes = async () =>
  (await api.world.request(request)).decisions.map(({ userName, decision, comment }) => {
    return { userName, decision, comment }
  })

test('Slack’s own published example is genuine, and one bit of it is not', () => {
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
  const published = {
    body: Buffer.from(body),
    timestamp: '1531420618',
    signature: 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  }
  const secret = '8f742231b10e8888abcd99yyyzzz85a5'
  const then = new Date(1_531_420_618_000)
  expect(isFromSlack(published, secret, then)).toBe(true)
  expect(isFromSlack({ ...published, body: Buffer.from(`${body}x`) }, secret, then)).toBe(false)
  expect(isFromSlack({ ...published, timestamp: '1531420619' }, secret, then)).toBe(false)
})

describe('a request in Slack', () => {
  test('asks each approver with two buttons, tells the requester and the audit channel', () => {
    expect(slack.posts.map(({ channel }) => channel).toSorted()).toEqual([
      'C0AUDIT01',
      'DUalice',
      'DUbob',
      'DUcarol',
    ])
    expect(buttons('DUbob')).toEqual(['approve', 'reject'])
    expect(buttons('DUalice')).toEqual([])
    expect(buttons('C0AUDIT01')).toEqual([])
    expect(JSON.stringify(messageTo('DUbob').blocks)).toContain(messageTo('DUbob').noticeId)
  })

  test('approved with a comment is decided by that person, and every message shows it', async () => {
    expect(await click({ comment: ' 了解です ' })).toBe(200)
    expect(await status()).toBe('scheduled')
    expect(await votes()).toEqual([
      { userName: 'bob@example.com', decision: 'approved', comment: '了解です' },
    ])
    expect(buttons('DUbob')).toEqual([])
    expect(JSON.stringify(messageTo('DUbob').blocks)).toContain('Approved by')
    expect(buttons('DUcarol')).toEqual([])
    expect(slack.ephemerals).toEqual([])
    const events = await api.world.events(request)
    expect(events.find(({ action }) => action === 'request.approve')?.payload).toMatchObject({
      via: { channel: 'slack', user: 'Ubob' },
    })
  })

  test('rejected is rejected', async () => {
    await click({ action: 'reject', comment: 'Use staging' })
    expect(await status()).toBe('rejected')
    expect(JSON.stringify(messageTo('DUbob').blocks)).toContain('Rejected by')
  })

  test('a click whose process died after the decision is shown as decided, not as refused', async () => {
    slack.meet('chat.update', 'hang up', 1)
    await click()
    expect(await status()).toBe('scheduled')
    await drain()
    expect(slack.ephemerals).toEqual([])
    expect(JSON.stringify(messageTo('DUbob').blocks)).toContain('Approved by')
  })

  test('answers at once and does the work later, even while Slack limits us', async () => {
    const body = clickBody({
      user: 'Ubob',
      action: 'approve',
      requestId: request,
      post: messageTo('DUbob'),
    })
    slack.meet('users.info', 'ratelimited', 1)
    expect(await post(body, slackHeaders(body, api.world.clock.now()))).toBe(200)
    expect(await status()).toBe('pending')
    await drain()
    expect(await status()).toBe('pending')
    api.world.pass(31)
    await drain()
    expect(await status()).toBe('scheduled')
  })
})

describe('what Slack did not sign is refused, with the same words', () => {
  const given = () => ({
    user: 'Ubob',
    action: 'approve',
    requestId: request,
    post: messageTo('DUbob'),
  })
  const cases: [string, (body: string, now: Date) => Record<string, string>][] = [
    ['an old timestamp', (body, now) => slackHeaders(body, new Date(now.getTime() - 301_000))],
    ['a future timestamp', (body, now) => slackHeaders(body, new Date(now.getTime() + 302_000))],
    ['another secret', (body, now) => slackHeaders(body, now, 'another-secret')],
    ['another body', (body, now) => slackHeaders(`${body}&x=1`, now)],
    ['no signature', (body, now) => ({ ...slackHeaders(body, now), 'x-slack-signature': '' })],
    [
      'no timestamp',
      (body, now) => ({ ...slackHeaders(body, now), 'x-slack-request-timestamp': '' }),
    ],
    [
      'a version that is not v0',
      (body, now) => {
        const headers = slackHeaders(body, now)
        return { ...headers, 'x-slack-signature': headers['x-slack-signature'].replace('v0', 'v1') }
      },
    ],
  ]
  test.each(cases)('%s', async (_what, headersOf) => {
    const body = clickBody(given())
    expect(await post(body, headersOf(body, api.world.clock.now()))).toBe(401)
    await drain()
    expect(await status()).toBe('pending')
  })

  test('a replay of what was genuine', async () => {
    const body = clickBody({ ...given(), action: 'reject' })
    const headers = slackHeaders(body, api.world.clock.now())
    expect(await post(body, headers)).toBe(200)
    expect(await post(body, headers)).toBe(401)
    const again = { ...headers, 'x-slack-signature': headers['x-slack-signature'].toUpperCase() }
    expect(await post(body, again)).toBe(401)
  })

  test('anything while Slack is turned off', async () => {
    await api.world.settings({ slackEnabled: false })
    const body = clickBody(given())
    expect(await post(body, slackHeaders(body, api.world.clock.now()))).toBe(401)
  })

  test('JSON in place of the form', async () => {
    const body = clickBody(given())
    const headers = slackHeaders(body, api.world.clock.now())
    expect(await post(body, { ...headers, 'content-type': 'application/json' })).toBe(415)
  })
})

describe('a genuine click of somebody who may not is refused in place, and records nothing', () => {
  const set = (name: 'bob' | 'carol', column: string) =>
    api.world.database.owner.query(`update directory_user set ${column} where user_id = $1`, [
      people[name],
    ])
  const cases: [string, () => unknown, Partial<ClickGiven>, string][] = [
    ['the requester', () => 0, { user: 'Ualice' }, 'someone else must decide'],
    ['somebody who is no approver', () => 0, { user: 'Uaudrey' }, 'cannot decide'],
    [
      'an e-mail that nobody in the directory has',
      () => slack.join({ id: 'Ubob', email: 'robert@example.com' }),
      {},
      'knows nobody',
    ],
    [
      'an e-mail that Slack has not confirmed',
      () => slack.join({ id: 'Ubob', email: 'bob@example.com', confirmed: false }),
      {},
      'knows nobody',
    ],
    [
      'an e-mail of two people',
      () => set('carol', `email = 'BOB@example.com'`),
      {},
      'Several people',
    ],
    [
      'a member of another workspace',
      () => slack.join({ id: 'Ubob', email: 'bob@example.com', team: 'T0OTHER' }),
      {},
      'Only members',
    ],
    ['a payload of another workspace', () => 0, { team: 'T0OTHER' }, 'Only members'],
    [
      'a bot',
      () => slack.join({ id: 'Ubob', email: 'bob@example.com', bot: true }),
      {},
      'knows nobody',
    ],
    [
      'a comment that is required and missing',
      () => api.world.settings({ commentRequired: true }),
      {},
      'comment is required',
    ],
    [
      'a request that is not there',
      () => 0,
      { requestId: '00000000-0000-4000-8000-000000000000' },
      'no such request',
    ],
  ]
  test.each(cases)('%s', async (_what, arrange, given, why) => {
    await arrange()
    expect(await click(given)).toBe(200)
    expect(await votes()).toEqual([])
    expect(await status()).toBe('pending')
    expect(slack.ephemerals).toEqual([
      { channel: 'DUbob', user: given.user ?? 'Ubob', text: expect.stringContaining(why) },
    ])
    expect(buttons('DUbob')).toEqual(['approve', 'reject'])
  })

  test('a second click, when it is decided', async () => {
    await click()
    await click({ user: 'Ucarol', action: 'reject', post: messageTo('DUcarol') })
    expect((await votes()).map(({ decision }) => decision)).toEqual(['approved'])
    expect(slack.ephemerals).toMatchObject([{ user: 'Ucarol' }])
  })

  test('somebody whom AWS cannot confirm', async () => {
    api.world.aws.answers = false
    await click()
    api.world.aws.answers = true
    expect(await votes()).toEqual([])
    expect(slack.ephemerals).toMatchObject([{ text: expect.stringContaining('AWS could not') }])
  })

  test('a click that took too long to be worked on', async () => {
    const body = clickBody({
      user: 'Ubob',
      action: 'approve',
      requestId: request,
      post: messageTo('DUbob'),
    })
    await post(body, slackHeaders(body, api.world.clock.now()))
    api.world.pass(601)
    await drain()
    expect(await votes()).toEqual([])
    expect(slack.ephemerals).toMatchObject([{ text: expect.stringContaining('took too long') }])
  })

  test('what is no click of ours is taken and does nothing', async () => {
    expect(await click({ action: 'open_link' })).toBe(200)
    expect(await votes()).toEqual([])
    expect(slack.ephemerals).toEqual([])
  })

  test('a person who was disabled in AWS since the message came', async () => {
    api.world.aws.disable('bob')
    await click()
    expect(await votes()).toEqual([])
    expect(slack.ephemerals).toMatchObject([{ text: expect.stringContaining('disabled') }])
  })
})
