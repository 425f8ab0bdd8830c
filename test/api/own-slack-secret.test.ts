/** Whoever has Slack's signing secret can sign a click of anybody: nobody decides so on what they asked for. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApproversOf } from '#server/notify/approvers.ts'
import { actOnClick } from '#server/notify/slack/act-on-click.ts'
import { createSlackApi } from '#server/notify/slack/api.ts'
import { drainJobs, type NotifyWorkerPorts } from '#server/notify/worker.ts'
import { change } from '#server/store/change.ts'
import { type Api, type Client, createApi, publicUrl } from '#test/api.ts'
import { groups, people } from '#test/factory.ts'
import {
  clickBody,
  type SlackStandIn,
  slackHeaders,
  slackSigningSecret,
  slackToken,
  startSlack,
} from '#test/slack-stand-in.ts'

const chosen = 'chosen-by-ada-0123456789abcdef0123'

let api: Api
let slack: SlackStandIn
let jobs: NotifyWorkerPorts
let ada: Client

beforeEach(async () => {
  api = await createApi()
  slack = await startSlack()
  const { world } = api
  await world.eligibility({ subject: { type: 'group', id: groups.admins } })
  await world.approval()
  await world.settings({ slackEnabled: true })
  await world.database.owner.query('update directory_user set email = user_name')
  await setSecrets(people.carol)
  jobs = jobsOf(api, slack)
  slack.join({ id: 'Ubob', email: 'bob@example.com' })
  ada = await api.as('ada')
  // Every change of hers is older than the thirty days for which it would count against her.
  world.pass(40 * 24 * 3_600)
  ada = await api.as('ada')
})
afterEach(async () => {
  await slack.close()
  await api.close()
})

async function setSecrets(by: string): Promise<void> {
  const { world } = api
  await change(world.db, world.clock.now(), async (c) => {
    await world.ports.vault.write(c, { name: 'slackToken', value: slackToken, by })
    await world.ports.vault.write(c, { name: 'slackSigningSecret', value: slackSigningSecret, by })
  })
}

function jobsOf({ world }: Api, { url }: SlackStandIn): NotifyWorkerPorts {
  const approversOf = createApproversOf(world.rules)
  const click = {
    ...world.ports,
    approversOf,
    api: createSlackApi({
      baseUrl: url,
      readToken: () => world.ports.vault.read('slackToken'),
      nowMs: () => world.clock.now().getTime(),
    }),
    loadActor: world.loadActor,
    confirmPerson: async () => 'confirmed' as const,
    publicUrl,
  }
  return {
    db: world.db,
    owner: world.database.owner,
    clock: world.clock,
    senders: {},
    approversOf,
    publicUrl,
    portalUrl: null,
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    onSlackClick: (one) => actOnClick(click, one),
  }
}

/** As Slack would send it, if Slack had this secret. */
async function clickOfBob(requestId: string, secret: string): Promise<number> {
  const { world } = api
  const post = { channel: 'DUbob', ts: '1.0' }
  const body = clickBody({ user: 'Ubob', action: 'approve', requestId, post })
  const { statusCode } = await api.app.inject({
    method: 'POST',
    url: '/slack/interactivity',
    payload: body,
    headers: slackHeaders(body, world.clock.now(), secret),
  })
  await drainJobs(jobs, world.clock.now())
  return statusCode
}

const statusOf = async (id: string) => (await api.world.request(id as never)).status

describe('with one administrator’s word', () => {
  test('their own request is not approved by a click that they could have signed', async () => {
    const set = await ada.send('PATCH', '/settings', { slackSigningSecret: chosen })
    expect(set.status).toBe(200)
    const id = await api.world.submit('ada')
    expect(await clickOfBob(id, chosen)).toBe(200)
    expect(await statusOf(id)).toBe('pending')
    expect(JSON.stringify(slack.ephemerals)).toContain('decide on it in TEAM')
    const bob = await api.as('bob')
    expect((await bob.post(`/requests/${id}/approve`)).status).toBe(200)
  })

  test('and by that of a workspace whose token they have set neither', async () => {
    await setSecrets(people.ada)
    const id = await api.world.submit('ada')
    await clickOfBob(id, slackSigningSecret)
    expect(await statusOf(id)).toBe('pending')
  })

  test('others’ are, and auditors and administrators are told that the secret is another', async () => {
    await ada.send('PATCH', '/settings', { slackSigningSecret: chosen })
    expect(api.world.bulletins).toMatchObject([
      { event: 'rules_changed', facts: { widens: ['slackSigningSecret'] } },
    ])
    await api.world.eligibility()
    const id = await api.world.submit('alice')
    await clickOfBob(id, chosen)
    expect(await statusOf(id)).toBe('scheduled')
  })
})

describe('where another administrator must agree', () => {
  beforeEach(() => api.world.settings({ secondAdmin: true }))

  test('a secret is set only while Slack is off, and turning it on waits', async () => {
    const refused = await ada.send('PATCH', '/settings', { slackToken: 'xoxb-1234567890' })
    expect(refused).toMatchObject({
      status: 422,
      body: { errors: [{ field: 'slackToken', code: 'slack_secret_while_on' }] },
    })
    expect(await api.world.ports.vault.read('slackToken')).toBe(slackToken)
    const off = { slackEnabled: false, slackToken: 'xoxb-1234567890' }
    expect((await ada.send('PATCH', '/settings', off)).status).toBe(200)
    expect((await ada.send('PATCH', '/settings', { slackEnabled: true })).status).toBe(202)
    const together = await ada.send('PATCH', '/settings', {
      slackEnabled: true,
      slackToken: 'xoxb-2234567890',
    })
    expect(together.body.code).toBe('secret_beside_widening')
  })

  test('taking one away needs nobody else', async () => {
    expect((await ada.send('PATCH', '/settings', { slackToken: null })).status).toBe(200)
  })
})

test('no token sets one, for the trail could not name who did', async () => {
  const made = await ada.post('/tokens', {
    kind: 'service',
    name: 'pipeline',
    scopes: ['settings:write'],
    roles: ['admin'],
    expiresAt: new Date(api.world.clock.now().getTime() + 86_400_000).toISOString(),
  })
  const sent = await api.app.inject({
    method: 'PATCH',
    url: '/api/v1/settings',
    headers: { authorization: `Bearer ${made.body.secret}` },
    payload: { slackSigningSecret: chosen },
  })
  expect([sent.statusCode, sent.json().code]).toEqual([403, 'not_allowed'])
  expect(await api.world.ports.vault.read('slackSigningSecret')).toBe(slackSigningSecret)
})
