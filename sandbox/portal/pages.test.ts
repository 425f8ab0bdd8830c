import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { drivenClock, idsOf } from '../test-kit.ts'
import { html } from './html.ts'

const clock = drivenClock()
let sandbox: Sandbox
let ids: ReturnType<typeof idsOf>

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, now: clock.now })
  ids = idsOf(sandbox.world)
})
afterAll(() => sandbox.close())

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(new URL(path, sandbox.url), { redirect: 'manual', headers })
const textOf = async (path: string, headers: Record<string, string> = {}) =>
  (await get(path, headers)).text()

const post = (path: string, body: object) =>
  fetch(new URL(path, sandbox.url), { method: 'POST', body: JSON.stringify(body) })

async function signInAs(user: string) {
  const response = await fetch(`${sandbox.url}/start/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ user, returnTo: '/start' }),
  })
  return response.headers.get('set-cookie') ?? ''
}

test('text becomes text, whatever signs it has; markup stays markup', () => {
  const evil = '"><script>alert(1)</script>&\''
  expect(html`<p title="${evil}">${evil}</p>${html`<b>${1}</b>`}${null}`.markup).toBe(
    '<p title="&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;">&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;&#39;</p><b>1</b>',
  )
})

test('a name with markup is shown, not run, on every page', async () => {
  const displayName = '<img src=x onerror=alert(1)>'
  await post('/_sandbox/users', { userName: 'evil"<b>', displayName, email: 'evil@example.com' })
  await post('/_sandbox/assignments', {
    userName: 'evil"<b>',
    accountId: ids.account('payments-dev'),
    permissionSetName: 'Billing',
  })
  const cookie = await signInAs('evil"<b>')
  for (const path of ['/start', '/console', '/inbox', '/start/launch?user=%3Cb%3E&app=%3Cb%3E']) {
    const page = await textOf(path, { cookie })
    expect(page).not.toMatch(/<img|<b>/)
  }
  expect(await textOf('/start', { cookie })).toContain('&lt;img src=x onerror=alert(1)&gt;')
  expect(await textOf('/console')).toContain('evil&quot;&lt;b&gt;')
})

test('the portal shows what a person holds now, their own and through groups, and no more', async () => {
  const cookie = await signInAs('sam.carter')
  expect(await textOf('/start', { cookie })).toContain('group AWSSecurityAuditors')
  expect(await textOf('/start', { cookie })).not.toContain('payments-prod')
  const assignment = {
    userName: 'sam.carter',
    accountId: ids.account('payments-prod'),
    permissionSetName: 'PowerUserAccess',
  }
  await post('/_sandbox/assignments', assignment)
  expect(await textOf('/start', { cookie })).toMatch(/AWSReservedSSO_PowerUserAccess_[0-9a-f]{16}/)
  const session = `/start/session?accountId=${assignment.accountId}&permissionSet=PowerUserAccess`
  const opened = await textOf(session, { cookie })
  expect(opened).toContain('2026-11-24 04:00:00 UTC (session duration PT4H)')
  await fetch(`${sandbox.url}/_sandbox/assignments`, {
    method: 'DELETE',
    body: JSON.stringify(assignment),
  })
  expect(await textOf('/start', { cookie })).not.toContain('payments-prod')
  // What is open lives until its end; nothing new opens.
  expect((await get(session, { cookie })).status).toBe(200)
  const unheld = session.replace('PowerUserAccess', 'ReadOnlyAccess')
  expect((await get(unheld, { cookie })).status).toBe(403)
})

test('what is done in a console is in the trail after its delay, denied or not, among others’', async () => {
  const cookie = await signInAs('naoko.mori')
  const accountId = ids.account('payments-dev')
  await post('/_sandbox/assignments', {
    userName: 'naoko.mori',
    accountId,
    permissionSetName: 'ReadOnlyAccess',
  })
  const target = { accountId, permissionSet: 'ReadOnlyAccess' }
  const session = `/start/session?${new URLSearchParams(target)}`
  const earlier = sandbox.world.state.trailEvents.length
  expect(await textOf(session, { cookie })).toContain('Stop an EC2 instance')
  const act = (action: string, own = cookie) =>
    fetch(`${sandbox.url}/start/session/act`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: own, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ ...target, action }).toString(),
    })
  expect((await act('list-buckets')).headers.get('location')).toContain('done=done+list-buckets')
  expect((await act('stop-instance')).headers.get('location')).toContain(
    'done=denied+stop-instance',
  )
  expect((await act('list-buckets', await signInAs('priya.raman'))).status).toBe(403)
  expect((await act('no-such-thing')).status).toBe(404)
  const trailEvents = sandbox.world.state.trailEvents.slice(earlier)
  const records = trailEvents.map(({ json }) => JSON.parse(json))
  const own = records.filter(
    (record) =>
      record.userIdentity.principalId.endsWith(':naoko.mori') &&
      record.recipientAccountId === accountId &&
      /_ReadOnlyAccess_[0-9a-f]{16}$/.test(
        record.userIdentity.sessionContext.sessionIssuer.userName,
      ),
  )
  expect(own.map(({ eventName, errorCode }) => [eventName, errorCode])).toEqual([
    ['ConsoleLogin', undefined],
    ['ListBuckets', undefined],
    ['StopInstances', 'Client.UnauthorizedOperation'],
  ])
  expect(records).toHaveLength(own.length * 4)
  expect(trailEvents.every(({ at, availableAt }) => availableAt - at === 5_000)).toBe(true)
})

test('signing in leads only to pages of the sandbox', async () => {
  for (const returnTo of ['https://evil.example/', '//evil.example', '/\\evil.example', 'x']) {
    const response = await fetch(`${sandbox.url}/start/sign-in`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ user: 'test-user', returnTo }),
    })
    expect(response.headers.get('location')).toBe('/start')
  }
})

test('the cookie cannot be read by scripts, and signing out takes it away', async () => {
  expect(await signInAs('test-user')).toMatch(/; HttpOnly; SameSite=Lax$/)
  const out = await fetch(`${sandbox.url}/start/sign-out`, { method: 'POST', redirect: 'manual' })
  expect(out.headers.get('set-cookie')).toMatch(/^sandbox_portal_\d+=; .*Max-Age=0$/)
})

test('a page of another site can neither sign anybody in nor change the organisation', async () => {
  const headers = { origin: 'http://evil.example' }
  const forms = ['/start/sign-in', '/_sandbox/users']
  for (const path of forms) {
    const response = await fetch(`${sandbox.url}${path}`, { method: 'POST', headers, body: '{}' })
    expect(response.status).toBe(403)
  }
})

test('localhost is the same portal as 127.0.0.1, so that cookies and issuers agree', async () => {
  const path = '/start/launch?user=test-user&app=team'
  const response = await get(path.replace('/start', `http://localhost:${sandbox.port}/start`))
  expect(response.headers.get('location')).toBe(`${sandbox.url}${path}`)
})

test('a mail in HTML is shown without scripts, forms or origin', async () => {
  sandbox.world.commit({
    type: 'mail',
    value: {
      messageId: '1',
      to: ['test-user@example.com'],
      from: 'team@example.net',
      subject: '「件名」 <i>',
      text: 'first line\nsecond <line>',
      html: '<p>"quoted" <script>alert(1)</script></p>',
      at: clock.now().getTime(),
    },
  })
  const page = await textOf('/inbox')
  expect(page).toContain('「件名」 &lt;i&gt;')
  expect(page).toContain('second &lt;line&gt;')
  const frame = /<iframe[^>]*>/.exec(page)?.[0] ?? ''
  expect(frame).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"')
  expect(frame).toContain('&lt;p&gt;&quot;quoted&quot; &lt;script&gt;')
})

test('the console shows the role of each target, which has another suffix when it is made again', async () => {
  const assignment = {
    userName: 'naoko.mori',
    accountId: ids.account('storefront-dev'),
    permissionSetName: 'PowerUserAccess',
  }
  const role = async () =>
    /AWSReservedSSO_PowerUserAccess_[0-9a-f]{16}/.exec(await textOf('/console?q=storefront-dev'))
  await post('/_sandbox/assignments', assignment)
  const first = (await role())![0]
  const body = JSON.stringify(assignment)
  await fetch(`${sandbox.url}/_sandbox/assignments`, { method: 'DELETE', body })
  expect(await role()).toBeNull()
  await post('/_sandbox/assignments', assignment)
  expect((await role())![0]).not.toBe(first)
})

test('every page says that it is a sandbox, and forbids foreign scripts and frames', async () => {
  for (const path of ['/', '/start', '/console', '/inbox', '/nothing']) {
    const response = await get(path)
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(await response.text()).toContain('This is a sandbox on this machine, not AWS')
  }
})

test('an application is added by hand in the console, and what cannot be is said in the form', async () => {
  const submit = (fields: Record<string, string>) =>
    fetch(`${sandbox.url}/console/applications`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams(fields),
    })
  const form = await textOf('/console/applications/new')
  expect(form).toContain('value="${user:subject}"')
  const fields = {
    name: 'By hand',
    startUrl: 'http://127.0.0.1:9/auth/login',
    acsUrl: 'nonsense <b>',
    audience: 'urn:team:hand',
    subject: '${user:subject}',
    subjectFormat: 'persistent',
    email: '',
    emailFormat: 'basic',
    groups: 'TEAM users\r\nTEAM admins\r\n',
  }
  const refused = await submit(fields)
  expect(refused.status).toBe(400)
  const said = await refused.text()
  expect(said).toContain('acsUrl: Invalid URL')
  expect(said).toContain('nonsense &lt;b&gt;')
  const nobody = await submit({ ...fields, acsUrl: 'http://127.0.0.1:9/acs', groups: 'No such' })
  expect(await nobody.text()).toMatch(/groups\.0: There is no group No such/)

  expect((await submit({ ...fields, acsUrl: 'http://127.0.0.1:9/acs' })).status).toBe(303)
  const page = await textOf('/console')
  expect(page).toContain('Subject → ${user:subject} (persistent)')
  expect(page).not.toContain('Email →')
  expect(page).toContain('TEAM users, TEAM admins')
  expect(page).toContain(`${sandbox.url}/saml/metadata/by-hand`)
})
