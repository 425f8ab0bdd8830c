import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  auditTrail,
  Browser,
  buildTestHouse,
  endedBecause,
  factsOf,
  type House,
  requestIdOf,
  setCookies,
} from '#test/http-house.ts'
import { makeKeyPair } from './test-certificate.ts'

let house: House
let browser: Browser

beforeEach(async () => {
  house = await buildTestHouse()
  browser = new Browser(house)
})
afterEach(() => house.close())

const sessionCookie = '__Host-team_session'
const preLoginCookie = '__Host-team_prelogin'

function sessionsOf(one: House = house) {
  return one.database.db.selectFrom('sign_in_session').selectAll().execute()
}

function later(minutes: number) {
  house.world.now = new Date(house.world.now.getTime() + minutes * 60_000)
}

describe('signing in', () => {
  test('the start URL sends the browser to the identity provider with a question of its own', async () => {
    const first = await browser.send({ method: 'GET', url: '/auth/login' })
    const second = await browser.send({ method: 'GET', url: '/auth/login' })
    expect(first.statusCode).toBe(303)
    expect(String(first.headers.location)).toMatch(`${house.idp.signInUrl}?SAMLRequest=`)
    expect(requestIdOf(second)).not.toBe(requestIdOf(first))
  })

  test('the answer opens one session, for the person known by id, and goes on to where they were', async () => {
    const requestId = await browser.ask('/requests/42?tab=events#top')
    const response = await browser.answer(requestId, { nameId: 'TARO' })
    expect(response.statusCode).toBe(303)
    expect(response.headers.location).toBe('https://team.example.com/requests/42?tab=events#top')
    expect(await sessionsOf()).toMatchObject([{ user_id: 'u-taro', ended_at: null }])
    expect(await auditTrail(house)).toMatchObject([
      {
        actor_id: 'u-taro',
        action: 'sign-in.accept',
        payload: { address: '127.0.0.1', idpInitiated: false },
      },
    ])
  })

  test('the database holds no session id, only its hash', async () => {
    await browser.signIn()
    const id = browser.cookies.get(sessionCookie)!
    expect(id).toMatch(/^[A-Za-z0-9_-]{43}$/)
    const row = (await sessionsOf())[0]!
    expect(JSON.stringify(row)).not.toContain(id)
    expect(row.id_hash).toHaveLength(32)
  })

  test('the session of an assertion that ends sooner ends with it', async () => {
    const sessionUntil = new Date(house.world.now.getTime() + 600_000)
    await browser.signIn('taro', { sessionUntil })
    expect((await sessionsOf())[0]!.expires_at).toEqual(sessionUntil)
  })

  test('an assertion without an end of its session gives eight hours', async () => {
    await browser.signIn('taro', { sessionUntil: null })
    const { created_at, expires_at } = (await sessionsOf())[0]!
    expect(expires_at.getTime() - created_at.getTime()).toBe(8 * 3_600_000)
  })

  test('two tabs that asked side by side are both answered', async () => {
    const first = await browser.ask('/access/active')
    const second = await browser.ask('/requests')
    expect((await browser.answer(first)).headers.location).toMatch(/\/access\/active$/)
    expect((await browser.answer(second)).headers.location).toMatch(/\/requests$/)
  })

  test('of the same response posted twice at once exactly one opens a session', async () => {
    const requestId = await browser.ask()
    const samlResponse = house.idp.response(factsOf(house, requestId))
    const other = new Browser(house)
    for (const [name, value] of browser.cookies) other.cookies.set(name, value)
    const both = await Promise.all([browser.post(samlResponse), other.post(samlResponse)])
    expect(both.map((response) => response.statusCode).sort()).toEqual([303, 403])
    expect(await sessionsOf()).toHaveLength(1)
    expect(house.refused.map(({ reason }) => reason)).toEqual(['replayed'])
  })

  test('a response posted again later opens nothing', async () => {
    const requestId = await browser.ask()
    const cookies = new Map(browser.cookies)
    const samlResponse = house.idp.response(factsOf(house, requestId))
    await browser.post(samlResponse)
    for (const [name, value] of cookies) browser.cookies.set(name, value)
    expect((await browser.post(samlResponse)).statusCode).toBe(403)
    expect(await sessionsOf()).toHaveLength(1)
  })

  test('an answer to a question of more than ten minutes ago is refused', async () => {
    const requestId = await browser.ask()
    later(11)
    const response = await browser.answer(requestId)
    expect(response.statusCode).toBe(403)
    expect(house.refused[0]!.reason).toBe('other_request')
  })

  test('an answer in a browser that did not ask is refused: nobody is signed in as somebody else', async () => {
    const requestId = await browser.ask()
    const victim = new Browser(house)
    expect((await victim.answer(requestId)).statusCode).toBe(403)
    expect(victim.cookies.has(sessionCookie)).toBe(false)
  })

  test('a pre-login cookie that somebody wrote is not believed', async () => {
    const requestId = await browser.ask()
    const signed = browser.cookies.get(preLoginCookie)!
    const forged = Buffer.from(
      JSON.stringify({
        questions: [{ requestId, returnTo: '/forged', askedAt: house.world.now.getTime() }],
        sessionHash: null,
      }),
    ).toString('base64url')
    browser.cookies.set(preLoginCookie, `${forged}.${signed.split('.')[1]}`)
    expect((await browser.answer(requestId)).statusCode).toBe(403)
  })

  test('an identity provider that speaks first is refused until the setting allows it', async () => {
    expect((await browser.answer(null)).statusCode).toBe(403)
    house.world.idpInitiatedAllowed = true
    const response = await browser.answer(null)
    expect(response.headers.location).toBe('https://team.example.com/')
    expect(await auditTrail(house)).toMatchObject([{ payload: { idpInitiated: true } }])
  })

  test('RelayState decides nothing', async () => {
    const requestId = await browser.ask('/requests')
    const response = await browser.send({
      method: 'POST',
      url: '/auth/saml/acs',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({
        SAMLResponse: house.idp.response(factsOf(house, requestId)),
        RelayState: 'https://evil.example/',
      }).toString(),
    })
    expect(response.headers.location).toBe('https://team.example.com/requests')
  })
})

describe('whom it lets in', () => {
  const cases = [
    ['somebody unknown to the directory', 'nobody', 403, 'unknown_person'],
    ['somebody disabled', 'hanako', 403, 'person_disabled'],
  ] as const
  for (const [who, nameId, status, reason] of cases) {
    test(`${who} is refused`, async () => {
      house.people.get('u-hanako')!.enabled = false
      const response = await browser.signIn(nameId)
      expect(response.statusCode).toBe(status)
      expect(house.refused.map((one) => one.reason)).toEqual([reason])
      expect(await sessionsOf()).toEqual([])
    })
  }

  test('nobody is let in on the word of the replica: while AWS is silent the page says so', async () => {
    house.world.awsAnswers = false
    const response = await browser.signIn()
    expect(response.statusCode).toBe(503)
    expect(response.body).toContain('Wait a minute')
    expect(await sessionsOf()).toEqual([])
  })

  test('while the metadata cannot be read nobody signs in, and afterwards everybody can', async () => {
    const { metadata } = house.world
    house.world.metadata = () => {
      throw new Error('no route to host')
    }
    expect((await browser.send({ method: 'GET', url: '/auth/login' })).statusCode).toBe(503)
    house.world.metadata = metadata
    later(2)
    expect((await browser.signIn()).statusCode).toBe(303)
  })

  test('a new certificate of the identity provider is found when its signature first arrives', async () => {
    expect((await browser.signIn()).statusCode).toBe(303)
    later(2)
    const next = makeKeyPair({ from: new Date('2020-01-01'), until: new Date('2040-01-01') })
    house.world.metadata = () => house.idp.metadata({ certificates: [next.certificate] })
    expect((await browser.signIn('taro', { key: next })).statusCode).toBe(303)
  })
})

describe('a refused sign-in', () => {
  test('is a plain page without scripts that says what to do and names the error', async () => {
    const response = await browser.post('forged')
    expect(response.statusCode).toBe(403)
    expect(response.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(response.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'/,
    )
    expect(response.body).not.toMatch(/<script|onload|javascript:/i)
    expect(response.body).toContain('Sign in again')
    expect(response.body).toContain(house.refused[0]!.errorId)
    expect(setCookies(response)).toEqual([])
  })

  test('speaks Japanese to who asks for it', async () => {
    const response = await browser.send({
      method: 'POST',
      url: '/auth/saml/acs',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'accept-language': 'fr, ja-JP;q=0.9, en;q=0.8',
      },
      payload: 'SAMLResponse=x',
    })
    expect(response.headers['content-language']).toBe('ja')
    expect(response.body).toContain('サインインできませんでした')
  })

  test('leaves of the message its length, its hash and the reason, and nothing in the log', async () => {
    const samlResponse = house.idp.response(factsOf(house, '_asked'), { nameId: 'secret-name' })
    await browser.post(samlResponse)
    expect(house.refused).toMatchObject([
      {
        reason: 'other_request',
        length: samlResponse.length,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        address: '127.0.0.1',
      },
    ])
    const log = house.logLines.join('')
    expect(log).toContain('a sign-in was refused')
    expect(log).not.toContain('secret-name')
    expect(log).not.toContain(samlResponse.slice(0, 40))
  })

  const bodies = [
    ['no form', 'application/json', '{"SAMLResponse":"x"}', 'malformed'],
    ['an empty form', 'application/x-www-form-urlencoded', 'a=b', 'missing'],
    [
      'two responses',
      'application/x-www-form-urlencoded',
      'SAMLResponse=x&SAMLResponse=y',
      'missing',
    ],
    [
      'a body too large',
      'application/x-www-form-urlencoded',
      `SAMLResponse=${'A'.repeat(300_000)}`,
      'too_large',
    ],
    [
      'a response too large',
      'application/x-www-form-urlencoded',
      `SAMLResponse=${'A'.repeat(200_000)}`,
      'too_large',
    ],
    ['a prototype', 'application/x-www-form-urlencoded', '__proto__[SAMLResponse]=x', 'missing'],
  ] as const
  for (const [name, type, payload, reason] of bodies) {
    test(`${name} is refused and counted as ${reason}`, async () => {
      const response = await browser.send({
        method: 'POST',
        url: '/auth/saml/acs',
        headers: { 'content-type': type },
        payload,
      })
      expect(response.statusCode).toBe(403)
      expect(response.headers['content-type']).toMatch('text/html')
      expect(house.refused.map((one) => one.reason)).toEqual([reason])
    })
  }
})

describe('cookies', () => {
  test('over https both are bound to the host, and only the pre-login one crosses sites', async () => {
    const asked = await browser.send({ method: 'GET', url: '/auth/login' })
    expect(setCookies(asked)).toMatchObject([
      {
        name: preLoginCookie,
        flags: ['httponly', 'max-age=600', 'path=/', 'samesite=none', 'secure'],
      },
    ])
    const answered = await browser.answer(requestIdOf(asked))
    const [session, preLogin] = setCookies(answered)
    expect(session).toMatchObject({
      name: sessionCookie,
      flags: ['httponly', 'path=/', 'samesite=lax', 'secure'],
    })
    expect(preLogin).toMatchObject({ name: preLoginCookie, value: '' })
    expect(preLogin!.flags).toContain('expires=thu, 01 jan 1970 00:00:00 gmt')
  })

  test('on loopback they are Lax, without Secure, and carry the port in their names', async () => {
    const local = await buildTestHouse({ publicUrl: 'http://localhost:8123' })
    try {
      const user = new Browser(local)
      const asked = await user.send({ method: 'GET', url: '/auth/login' })
      expect(setCookies(asked)).toMatchObject([
        {
          name: 'team_prelogin_8123',
          flags: ['httponly', 'max-age=600', 'path=/', 'samesite=lax'],
        },
      ])
      const answered = await user.answer(requestIdOf(asked))
      expect(setCookies(answered)[0]).toMatchObject({
        name: 'team_session_8123',
        flags: ['httponly', 'path=/', 'samesite=lax'],
      })
    } finally {
      await local.close()
    }
  })

  test('opened under another name of the host, the browser is sent to the public one first', async () => {
    const response = await browser.send({
      method: 'GET',
      url: '/auth/login?returnTo=/requests',
      headers: { host: '127.0.0.1:8080' },
    })
    expect(response.headers.location).toBe(
      'https://team.example.com/auth/login?returnTo=%2Frequests&moved=true',
    )
    expect(setCookies(response)).toEqual([])
  })

  test('a session id that the browser brings along is never taken over', async () => {
    const planted = 'A'.repeat(43)
    browser.cookies.set(sessionCookie, planted)
    await browser.signIn()
    expect(browser.cookies.get(sessionCookie)).not.toBe(planted)
  })

  test('signing in again ends the session that this browser had, by a new id', async () => {
    await browser.signIn('taro')
    const before = browser.cookies.get(sessionCookie)
    await browser.signIn('hanako')
    expect(browser.cookies.get(sessionCookie)).not.toBe(before)
    const rows = await sessionsOf()
    expect(rows.filter((row) => row.ended_at === null).map((row) => row.user_id)).toEqual([
      'u-hanako',
    ])
    expect(await endedBecause(house)).toEqual(['replaced'])
  })

  test("it ends also where the browser keeps the session's cookie from the identity provider's POST", async () => {
    await browser.signIn('taro')
    const requestId = await browser.ask()
    browser.cookies.delete(sessionCookie)
    await browser.answer(requestId, { nameId: 'hanako' })
    expect(await endedBecause(house)).toEqual(['replaced'])
  })

  test("another browser's session goes on", async () => {
    await browser.signIn('taro')
    await new Browser(house).signIn('taro')
    expect((await sessionsOf()).map((row) => row.ended_at)).toEqual([null, null])
  })
})

describe('signing out', () => {
  test('ends the session, and the cookie is worth nothing afterwards', async () => {
    await browser.signIn()
    const id = browser.cookies.get(sessionCookie)!
    const response = await browser.send({
      method: 'POST',
      url: '/auth/logout',
      headers: { 'x-team-csrf': await browser.csrfToken() },
    })
    expect(response.statusCode).toBe(204)
    expect(browser.cookies.has(sessionCookie)).toBe(false)
    expect(await house.sessions.authenticate(id)).toBeNull()
    expect(await endedBecause(house)).toEqual(['signed_out'])
  })

  test('by another site it is refused, with the cookie and without', async () => {
    await browser.signIn()
    const headers = { origin: 'https://evil.example' }
    const attempts = [
      await browser.send({ method: 'POST', url: '/auth/logout', headers }),
      await new Browser(house).send({ method: 'POST', url: '/auth/logout', headers }),
      await browser.send({ method: 'POST', url: '/auth/logout' }),
    ]
    expect(attempts.map((response) => response.statusCode)).toEqual([403, 403, 403])
    expect(attempts.flatMap(setCookies)).toEqual([])
    expect(await endedBecause(house)).toEqual([])
  })
})

test('the metadata of TEAM names its audience and its address', async () => {
  const response = await browser.send({ method: 'GET', url: '/auth/saml/metadata' })
  expect(response.headers['content-type']).toMatch('application/samlmetadata+xml')
  expect(response.body).toContain('entityID="urn:team:test"')
  expect(response.body).toContain('Location="https://team.example.com/auth/saml/acs"')
})
