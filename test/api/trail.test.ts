/** What is kept, told and shown: every change with who did it, and no secret anywhere. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditEvent } from '#contract/audit.ts'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import type { Mail } from '#test/team-world.ts'
import { cookieOf, createScene, raw, type Scene } from './scene.ts'

const teamSecret = 'a secret of the tests, thirty-two bytes and more'
const hostile = '<img src=x onerror="alert(1)"><script>alert(2)</script> & \'"'

const ofChannels = {
  slackToken: 'xoxb-0123456789-trail-of-the-tests',
  slackSigningSecret: '8f742231b10e8888abcd99yyyzzz85a5',
  webhookSecret: 'webhook-secret-0123456789-of-the-tests',
}

let scene: Scene
let admin: Person
let auditor: Person
let user: Person
let sam: Person
const log: string[] = []
const answers: string[] = []
const secrets = new Map<string, string>()
const requests: Record<string, Request> = {}
const names = ['test-admin', 'test-auditor', 'test-user', 'sam.carter', 'naoko.mori'] as const

async function signIn(name: string): Promise<Person> {
  const person = scene.world.stranger()
  const form = await person.launch(name)
  secrets.set(`SAML response of ${name}`, form.fields.get('SAMLResponse') ?? '')
  secrets.set(`pre-login cookie of ${name}`, person.cookie(/^team_prelogin/) ?? '')
  const { status } = await person.postForm(form)
  if (status !== 303) throw new Error(`${name} was not let in`)
  const { csrfToken } = await person.me()
  secrets.set(`token of ${name}`, csrfToken)
  secrets.set(`session of ${name}`, cookieOf(scene, person).split('=')[1] ?? '')
  return person
}

beforeAll(async () => {
  scene = await createScene({ log: (line) => void log.push(line) })
  const { world } = scene
  ;[admin, auditor, user, sam] = (await Promise.all(
    names.slice(0, 4).map((name) => signIn(name)),
  )) as [Person, Person, Person, Person]
  await scene.eligibility(admin)
  await scene.approval(admin)
  for (const [name, secret] of Object.entries(ofChannels)) {
    secrets.set(name, secret)
    const { body } = await admin.call('PATCH', '/settings', { [name]: secret })
    answers.push(JSON.stringify(body))
    // A refusal does not repeat what it refuses.
    const refused = await admin.call('PATCH', '/settings', { [name]: `${secret} ` })
    answers.push(JSON.stringify(refused.body))
  }
  await admin.call('PATCH', '/settings', { banner: hostile })

  const why = { justification: hostile, durationMinutes: 1 }
  const set = (account: string) => scene.target(account, 'ReadOnlyAccess')
  requests.ended = await scene.ask(user, set('payments-prod'), why)
  await sam.post(`/requests/${requests.ended.id}/approve`, { comment: hostile })
  requests.rejected = await scene.ask(user, set('payments-dev'), why)
  await sam.post(`/requests/${requests.rejected.id}/reject`, { comment: hostile })
  requests.cancelled = await scene.ask(user, set('storefront-dev'), why)
  await user.post(`/requests/${requests.cancelled.id}/cancel`, { comment: hostile })
  requests.revoked = await scene.ask(user, set('storefront-prod'), { ...why, durationMinutes: 60 })
  await sam.post(`/requests/${requests.revoked.id}/approve`)
  requests.returned = await scene.ask(user, set('Audit'), { ...why, durationMinutes: 60 })
  await sam.post(`/requests/${requests.returned.id}/approve`)
  requests.expired = await scene.ask(user, set('Log Archive'), why)
  requests.failed = await scene.ask(user, set('データ基盤-prod'), why)
  await world.pass(6)
  await admin.post(`/requests/${requests.revoked.id}/revoke`, { comment: hostile })
  await user.post(`/requests/${requests.returned.id}/return`)
  scene.fault({ operation: 'CreateAccountAssignment', failureReason: 'Not today', times: 1 })
  await sam.post(`/requests/${requests.failed.id}/approve`)
  await world.pass(90)
  scene.clearFaults()
  // Refused ones leave their traces too.
  await raw(world.team.url, '/auth/saml/acs', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `SAMLResponse=${encodeURIComponent(secrets.get('SAML response of test-user') ?? '')}`,
  })
  await world.leap(50 * 60)
  for (const person of [admin, auditor, user, sam]) await person.get('/me/counts')
  await world.leap(50 * 60)
  for (const person of [admin, auditor, user, sam]) await person.get('/me/counts')
  await world.leap(50 * 60)
  for (const person of [admin, auditor, user, sam]) await person.get('/me/counts')
  await world.leap(40 * 60)
  await world.pass(2)
  await collectAnswers()
})
afterAll(() => scene.close())

/** Everything that the API tells each of them, as text. */
async function collectAnswers(): Promise<void> {
  const ids = Object.values(requests)
  const paths = [
    '/requests?view=mine',
    '/requests?view=decided',
    '/requests?view=all',
    '/audit/events?limit=200',
    '/audit/verify',
    '/settings',
    '/eligibility-policies',
    '/approver-policies',
    '/directory/users',
    '/directory/status',
    '/reconciler/status',
    '/me/counts',
    ...ids.flatMap(({ id }) => ['', '/events', '/approvers'].map((end) => `/requests/${id}${end}`)),
    ...ids.map(({ submissionId }) => `/submissions/${submissionId}`),
  ]
  for (const person of [admin, auditor, user, sam]) {
    for (const path of paths) answers.push(JSON.stringify((await person.get(path)).body))
  }
}

async function trail(): Promise<AuditEvent[]> {
  const events: AuditEvent[] = []
  let cursor = ''
  do {
    const path = `/audit/events?limit=50${cursor && `&cursor=${cursor}`}`
    const { body } = await auditor.get<{ items: AuditEvent[]; nextCursor: string | null }>(path)
    events.push(...body.items)
    cursor = body.nextCursor ?? ''
  } while (cursor !== '')
  return events
}

describe('the trail', () => {
  const ends = [
    'ended',
    'rejected',
    'cancelled',
    'revoked',
    'returned',
    'expired',
    'failed',
  ] as const
  for (const end of ends) {
    test(`tells each move of the request that was ${end}, by whom`, async () => {
      const request = requests[end]
      if (!request) throw new Error(end)
      const { status } = await user.request(request.id)
      expect(status).toBe(end === 'returned' ? 'ended' : end)
      const moves = await scene.world.database.db
        .selectFrom('request_state_change')
        .select('at')
        .where('request_id', '=', request.id)
        .execute()
      expect(moves.length).toBeGreaterThanOrEqual(2)
      const events = (await trail()).filter(({ object }) => object.id === request.id)
      const told = new Set(events.map(({ at }) => at))
      expect(moves.filter(({ at }) => !told.has(at.toISOString()))).toEqual([])
      for (const { actor } of events) {
        expect(actor.id).not.toBe('')
        expect(actor.name).not.toBe('')
      }
      const first = events.at(-1)
      expect(first).toMatchObject({ action: 'request.submit', actor: { name: 'test-user' } })
    })
  }

  const people: [string, string, string][] = [
    ['request.approve', 'ended', 'sam.carter'],
    ['request.reject', 'rejected', 'sam.carter'],
    ['request.cancel', 'cancelled', 'test-user'],
    ['request.revoke', 'revoked', 'test-admin'],
    ['request.return', 'returned', 'test-user'],
    ['request.expire', 'expired', 'TEAM'],
  ]
  for (const [action, end, name] of people) {
    test(`names ${name} for ${action}`, async () => {
      const found = (await trail()).filter(
        (event) => event.action === action && event.object.id === requests[end]?.id,
      )
      expect(found.map(({ actor }) => actor.name)).toEqual([name])
    })
  }

  test('has each policy, the settings with before and after, each sign-in and each refused one', async () => {
    const events = await trail()
    const count = (action: string) => events.filter((event) => event.action === action).length
    expect(count('eligibility-policy.create')).toBe(1)
    expect(count('approver-policy.create')).toBe(1)
    expect(count('sign-in.accept')).toBe(4)
    expect(count('sign-in.refuse')).toBe(1)
    expect(events.find(({ action }) => action === 'setting.change')?.payload).toMatchObject({
      before: { banner: '' },
      after: { banner: hostile },
    })
  })

  test('is whole, numbered without a gap, and cannot be changed by the application', async () => {
    const events = await trail()
    expect(events.map(({ seq }) => seq)).toEqual(
      Array.from({ length: events.length }, (_, index) => events.length - index),
    )
    expect((await auditor.get('/audit/verify')).body).toMatchObject({
      ok: true,
      events: events.length,
    })
    const { db } = scene.world.database
    const attempts = [
      db.updateTable('audit_event').set({ action: 'nothing' }).execute(),
      db.deleteFrom('audit_event').execute(),
    ]
    for (const attempt of attempts) await expect(attempt).rejects.toThrow('permission denied')
  })
})

describe('a secret is nowhere', () => {
  const places: [string, () => Promise<string> | string][] = [
    ['in the trail', async () => JSON.stringify(await trail())],
    ['in the log', () => log.join('\n')],
    ['in an answer of the API', () => answers.join('\n')],
    ['in a mail', async () => JSON.stringify(await scene.world.mails())],
  ]
  for (const [where, read] of places) {
    test(where, async () => {
      const text = await read()
      expect(text.length).toBeGreaterThan(1_000)
      for (const [what, secret] of secrets) {
        expect(secret.length, what).toBeGreaterThan(20)
        expect(text.includes(secret), `${what} is ${where}`).toBe(false)
      }
      expect(text).not.toContain(teamSecret)
      expect(text).not.toMatch(/SAMLResponse|secretAccessKey|postgresql:\/\//)
    })
  }

  test('in the database either, but for the token that a page shows again', async () => {
    const rows = await scene.world.database.db.selectFrom('sign_in_session').selectAll().execute()
    const text = JSON.stringify(rows)
    for (const name of ['test-user', 'test-admin']) {
      expect(text).not.toContain(secrets.get(`session of ${name}`))
    }
    const { rows: everything } = await scene.world.database.owner.query<{ text: string }>(
      `select query_to_xml('select * from setting', true, false, '')::text
        || query_to_xml('select * from sealed_secret', true, false, '')::text
        || query_to_xml('select * from idempotency_key', true, false, '')::text as text`,
    )
    expect(everything[0]?.text).toContain('<name>slackToken</name>')
    for (const secret of Object.values(ofChannels))
      expect(everything[0]?.text).not.toContain(secret)
  })
})

describe('mails', () => {
  let mails: readonly Mail[]
  beforeAll(async () => {
    mails = await scene.world.mails()
  })
  const about = (request: Request | undefined, address: string) =>
    mails.filter((mail) => mail.to.includes(address) && mail.text.includes(request?.id ?? '?'))

  test('say who, what, where, why and until when', () => {
    for (const mail of about(requests.ended, 'sam.carter@example.com')) {
      for (const fact of ['Test User', 'ReadOnlyAccess', 'payments-prod', '/requests/']) {
        expect(`${mail.subject}\n${mail.text}`).toContain(fact)
      }
    }
    expect(about(requests.ended, 'sam.carter@example.com').length).toBeGreaterThanOrEqual(2)
    const [asking] = about(requests.ended, 'sam.carter@example.com')
    expect(asking?.text).toContain('<script>alert(2)</script>')
    const active = about(requests.ended, 'test-user@example.com').find(({ subject }) =>
      subject.includes('active'),
    )
    expect(active?.text).toMatch(/2026.*UTC/)
  })

  test('are sent of each end, to who asked and who could decide', () => {
    for (const [end, request] of Object.entries(requests)) {
      for (const address of ['test-user@example.com', 'sam.carter@example.com']) {
        expect(about(request, address).length, `${end} ${address}`).toBeGreaterThanOrEqual(1)
      }
    }
  })

  test('go to nobody who may not see the request', () => {
    const allowed = ['test-user', 'sam.carter', 'naoko.mori'].map((name) => `${name}@example.com`)
    const overseers = ['test-admin', 'test-auditor'].map((name) => `${name}@example.com`)
    for (const [end, request] of Object.entries(requests)) {
      const told = mails.filter(({ text }) => text.includes(request.id)).flatMap(({ to }) => to)
      const may = end === 'failed' ? [...allowed, ...overseers] : allowed
      expect([...new Set(told)].filter((address) => !may.includes(address))).toEqual([])
    }
  })

  test('what somebody wrote is text in them, and never markup or a header', () => {
    for (const { html, subject } of mails) {
      expect(html).not.toMatch(/<img src=x|<script>alert/)
      expect(subject).not.toMatch(/[\r\n]/)
    }
    const [asking] = about(requests.ended, 'sam.carter@example.com')
    expect(asking?.html).toContain('&lt;script&gt;')
  })

  test('hold no link that does anything by itself', () => {
    const links = mails.flatMap(({ html }) => [...html.matchAll(/href="([^"]+)"/g)])
    expect(links.length).toBeGreaterThan(0)
    const pages = [scene.world.team.url, scene.world.sandbox.url]
    for (const [, link = ''] of links) {
      const { origin, pathname, search } = new URL(link)
      expect(pages).toContain(origin)
      expect(pathname).not.toMatch(/^\/(api|auth)\//)
      // Which dialog or filter the page opens with is said; that is all.
      expect(search).toMatch(
        /^(\?(decide=(approve|reject)|status=failed|reviewOpen=true|tab=(notices|waiting)))?$/,
      )
    }
  })
})
