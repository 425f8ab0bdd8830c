import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, buildTestHouse, type House } from '#test/http-house.ts'

let house: House
let browser: Browser

beforeAll(async () => {
  house = await buildTestHouse()
  browser = new Browser(house)
})
afterAll(() => house.close())

const get = (url: string) => browser.send({ method: 'GET', url })

describe('headers', () => {
  test('every answer forbids foreign scripts, frames, sniffing and referrers', async () => {
    for (const url of ['/api/v1/me', '/api/v1/nothing', '/healthz', '/auth/login']) {
      expect((await get(url)).headers).toMatchObject({
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'same-origin',
        'cross-origin-opener-policy': 'same-origin',
        'strict-transport-security': 'max-age=31536000',
        'cache-control': 'no-store',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      })
    }
  })

  test('a request id that the caller brings is not taken over', async () => {
    const headers = { 'x-request-id': 'mine\nforged', 'request-id': 'mine' }
    const response = await browser.send({ method: 'GET', url: '/healthz', headers })
    expect(response.headers['x-request-id']).not.toContain('mine')
  })

  test('an address that the caller claims is believed of no one but a trusted proxy', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    const send = (one: House) =>
      new Browser(one).send({
        method: 'POST',
        url: '/auth/saml/acs',
        headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
        payload: 'SAMLResponse=x',
      })
    await send(house)
    const proxied = await buildTestHouse({ trustedProxies: ['127.0.0.0/8'] })
    try {
      await send(proxied)
      expect([house.refused[0]!.address, proxied.refused[0]!.address]).toEqual([
        '127.0.0.1',
        '203.0.113.9',
      ])
    } finally {
      await proxied.close()
    }
  })
})
