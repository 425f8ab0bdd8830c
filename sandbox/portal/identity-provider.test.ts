import { deflateRawSync } from 'node:zlib'
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { drivenClock } from '../test-kit.ts'

const audience = 'urn:team:localhost'
const acsUrl = 'http://localhost:18080/auth/saml/acs'
const startUrl = 'http://localhost:18080/auth/login'

const clock = drivenClock(new Date().toISOString())
let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, now: clock.now })
  await register({ startUrl })
})
afterAll(() => sandbox.close())

async function register(given: object) {
  const response = await fetch(`${sandbox.url}/_sandbox/applications`, {
    method: 'POST',
    body: JSON.stringify({
      name: 'TEAM',
      acsUrl,
      audience,
      attributes: {
        Subject: { value: '${user:subject}', format: 'persistent' },
        Email: { value: '${user:email}', format: 'basic' },
      },
      groups: ['TEAM admins', 'TEAM auditors', 'TEAM users'],
      ...given,
    }),
  })
  expect(response.ok).toBe(true)
}

async function serviceProvider(given: object = {}) {
  const metadata = await (await fetch(`${sandbox.url}/saml/metadata/team`)).text()
  const idpCert = /<ds:X509Certificate>([^<]+)</.exec(metadata)?.[1] ?? ''
  const entryPoint = /HTTP-Redirect" Location="([^"]+)"/.exec(metadata)?.[1] ?? ''
  return new SAML({
    idpCert,
    entryPoint,
    issuer: audience,
    audience,
    callbackUrl: acsUrl,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: true,
    validateInResponseTo: ValidateInResponseTo.always,
    acceptedClockSkewMs: 0,
    ...given,
  })
}

const get = (path: string, cookie = '') =>
  fetch(new URL(path, sandbox.url), { redirect: 'manual', headers: { cookie } })

async function cookieOf(userName: string) {
  const response = await get(`/start/launch?user=${userName}&app=team`)
  return { response, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' }
}

function field(html: string, name: string) {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(html)?.[1]
  return value?.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}

function request(given: { issuer?: string; acs?: string; before?: string } = {}) {
  return `${given.before ?? ''}<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" Version="2.0" AssertionConsumerServiceURL="${given.acs ?? acsUrl}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">${given.issuer ?? audience}</saml:Issuer></samlp:AuthnRequest>`
}
const redirectOf = (xml: string) =>
  `/saml/assertion/team?SAMLRequest=${encodeURIComponent(deflateRawSync(Buffer.from(xml)).toString('base64'))}`

describe('the whole sign-on', () => {
  test('started by the application is accepted by node-saml, with person, address and end', async () => {
    const provider = await serviceProvider()
    const { response, cookie } = await cookieOf('test-user')
    expect(response.headers.get('location')).toBe(startUrl)
    const url = await provider.getAuthorizeUrlAsync('relay/１"&', '', {})
    const page = await (await get(url, cookie)).text()
    expect(page).toContain(`action="${acsUrl}"`)
    expect(field(page, 'RelayState')).toBe('relay/１"&')
    const SAMLResponse = field(page, 'SAMLResponse') ?? ''
    const { profile } = await provider.validatePostResponseAsync({ SAMLResponse })
    expect(profile).toMatchObject({
      nameID: 'test-user',
      nameIDFormat: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
      issuer: `${sandbox.url}/saml/assertion/team`,
      Email: 'test-user@example.com',
    })
    const xml = Buffer.from(SAMLResponse, 'base64').toString('utf8')
    expect(xml).toContain(`Destination="${acsUrl}"`)
    expect(xml).toContain(`Recipient="${acsUrl}"`)
    const end = /SessionNotOnOrAfter="([^"]+)"/.exec(xml)?.[1] ?? ''
    expect(Date.parse(end) - clock.now().getTime()).toBe(8 * 60 * 60 * 1000)
    await expect(provider.validatePostResponseAsync({ SAMLResponse })).rejects.toThrow()
  })

  test('by POST is carried over to a request by GET, which brings the cookie', async () => {
    const { cookie } = await cookieOf('test-user')
    const moved = await fetch(`${sandbox.url}/saml/assertion/team`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: 'http://localhost:18080' },
      body: new URLSearchParams({
        SAMLRequest: Buffer.from(request()).toString('base64'),
        RelayState: 'here',
      }),
    })
    expect(moved.status).toBe(303)
    const page = await (await get(moved.headers.get('location') ?? '', cookie)).text()
    expect(field(page, 'RelayState')).toBe('here')
    const xml = Buffer.from(field(page, 'SAMLResponse') ?? '', 'base64').toString('utf8')
    expect(xml.match(/InResponseTo="_1"/g)).toHaveLength(2)
  })

  test('without a request has no InResponseTo, and every signature still holds', async () => {
    const provider = await serviceProvider({ validateInResponseTo: ValidateInResponseTo.never })
    const page = await (
      await get('/start/launch?user=naoko.mori&app=team&idpInitiated=true')
    ).text()
    const SAMLResponse = field(page, 'SAMLResponse') ?? ''
    const { profile } = await provider.validatePostResponseAsync({ SAMLResponse })
    expect(profile?.nameID).toBe('naoko.mori')
    const xml = Buffer.from(SAMLResponse, 'base64').toString('utf8')
    expect(xml).not.toContain('InResponseTo')
    const tampered = Buffer.from(xml.replace('naoko.mori<', 'test-admin<')).toString('base64')
    await expect(provider.validatePostResponseAsync({ SAMLResponse: tampered })).rejects.toThrow(
      /signature/i,
    )
  })

  test('makes assertions that end', async () => {
    const provider = await serviceProvider({ validateInResponseTo: ValidateInResponseTo.never })
    clock.pass(-10 * 60_000)
    const page = await (await get('/start/launch?user=test-user&app=team&idpInitiated=true')).text()
    clock.pass(10 * 60_000)
    const SAMLResponse = field(page, 'SAMLResponse') ?? ''
    await expect(provider.validatePostResponseAsync({ SAMLResponse })).rejects.toThrow(/expired/i)
  })

  test('leaves the address out for a person without one', async () => {
    const path = '/start/launch?user=build.operator&app=team&idpInitiated=true'
    const page = await (await get(path)).text()
    const xml = Buffer.from(field(page, 'SAMLResponse') ?? '', 'base64').toString('utf8')
    expect(xml).toContain('>build.operator</saml2:NameID>')
    expect(xml).not.toContain('AttributeStatement')
  })
})

describe('the identity provider refuses', () => {
  test.each<[string, string, number]>([
    ['a disabled person', '/start/launch?user=former.colleague&app=team', 403],
    ['a person who is in none of the groups', '/start/launch?user=priya.raman&app=team', 200],
    ['a person whom nobody knows', '/start/launch?user=nobody&app=team', 404],
    ['an application that is not there', '/start/launch?user=test-user&app=other', 404],
  ])('%s at launch', async (_, path, status) => {
    if (status === 200) {
      const body = JSON.stringify({ userName: 'priya.raman', groupName: 'TEAM users' })
      await fetch(`${sandbox.url}/_sandbox/memberships`, { method: 'DELETE', body })
      expect((await get(path)).status).toBe(403)
      await fetch(`${sandbox.url}/_sandbox/memberships`, { method: 'POST', body })
      expect((await get(path)).status).toBe(303)
      return
    }
    expect((await get(path)).status).toBe(status)
  })

  test.each<[string, string, number]>([
    ['an unknown issuer', redirectOf(request({ issuer: 'urn:team:elsewhere' })), 403],
    ['an answer to another address', redirectOf(request({ acs: 'http://evil.example/acs' })), 403],
    ['a document type', redirectOf(request({ before: '<!DOCTYPE x>' })), 400],
    ['another message', redirectOf('<a/>'), 400],
    ['broken XML', redirectOf('<samlp:AuthnRequest'), 400],
    ['what is not deflated', '/saml/assertion/team?SAMLRequest=AAAA', 400],
    ['no message', '/saml/assertion/team', 400],
    ['an application that is not there', redirectOf(request()).replace('team', 'other'), 403],
  ])('%s', async (_, path, status) => {
    const { cookie } = await cookieOf('test-user')
    const response = await get(path, cookie)
    expect(response.status).toBe(status)
    expect(await response.text()).not.toContain('SAMLResponse')
  })

  test('a cookie that was made up, has ended, or whose owner is disabled, and asks who it is', async () => {
    const { cookie } = await cookieOf('test-user')
    const asks = async (given: string) =>
      (await (await get('/start', given)).text()).includes('Pick the person')
    expect(await asks(cookie)).toBe(false)
    expect(await asks(`${cookie}x`)).toBe(true)
    const [content = '', mac = ''] = cookie.split('.')
    expect(await asks(`${content}.${'A'.repeat(mac.length)}`)).toBe(true)
    expect(await asks('')).toBe(true)
    const setStatus = (status: string) =>
      fetch(`${sandbox.url}/_sandbox/users`, {
        method: 'POST',
        body: JSON.stringify({ userName: 'test-user', status }),
      })
    await setStatus('DISABLED')
    expect(await asks(cookie)).toBe(true)
    await setStatus('ENABLED')
    expect(await asks(cookie)).toBe(false)
    clock.pass(8 * 60 * 60 * 1000)
    expect(await asks(cookie)).toBe(true)
    clock.pass(-8 * 60 * 60 * 1000)
  })
})

test('two sandboxes sign with two keys', async () => {
  const other = await startSandbox({ port: 0 })
  const [mine, theirs] = await Promise.all(
    [sandbox, other].map(async ({ url }) => {
      const metadata = await (await fetch(`${url}/saml/metadata/team`)).text()
      return /<ds:X509Certificate>([^<]+)</.exec(metadata)?.[1]
    }),
  )
  await other.close()
  expect(mine).toBeDefined()
  expect(mine).not.toBe(theirs)
})

test('an application without a start URL gets a response at once', async () => {
  await register({ startUrl: '' })
  const page = await (await get('/start/launch?user=test-user&app=team')).text()
  expect(field(page, 'SAMLResponse')).toBeDefined()
  await register({ startUrl })
})
