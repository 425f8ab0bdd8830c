/** Headers. */
import { describe, expect, test } from 'vitest'
import { raw } from '../api/scene.ts'
import type { Stage } from './stage.ts'

export function headers(stage: Stage): void {
  describe('headers', () => {
    test('a forged Host is repeated nowhere, and sends nobody elsewhere', async () => {
      const { url } = stage.scene.world.team
      for (const path of [
        '/auth/login',
        '/auth/login?returnTo=/requests',
        '/api/v1/me',
        '/nothing',
      ]) {
        const answer = await raw(url, path, {
          headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
        })
        expect(JSON.stringify(answer.headers) + answer.text).not.toContain('evil.example')
      }
    })

    test('an address that the client claims is not believed', async () => {
      await raw(stage.scene.world.team.url, '/auth/saml/acs', {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-forwarded-for': '203.0.113.9',
          forwarded: 'for=203.0.113.9',
        },
        body: 'SAMLResponse=abc',
      })
      const { body } = await stage.auditor.get('/audit/events?limit=200')
      expect(JSON.stringify(body)).not.toContain('203.0.113.9')
    })

    test('line breaks in what comes back as a header make no header', async () => {
      const { url } = stage.scene.world.team
      for (const path of [
        '/auth/login?returnTo=/%0d%0aset-cookie:%20team=1',
        '/auth/login?returnTo=%0d%0aLocation:%20https://evil.example',
        '/api/v1/requests/%0d%0aset-cookie:x=1',
      ]) {
        const answer = await raw(url, path)
        const cookies = [answer.headers['set-cookie'] ?? []].flat()
        expect(cookies.some((one) => one.startsWith('team=') || one.startsWith('x='))).toBe(false)
        expect(String(answer.headers.location ?? '')).not.toContain('evil')
      }
    })

    test('an id that the client chose is not taken for the answer’s own', async () => {
      const { url } = stage.scene.world.team
      const answer = await raw(url, '/api/v1/me', { headers: { 'x-request-id': 'chosen-id' } })
      expect(JSON.stringify(answer.headers) + answer.text).not.toContain('chosen-id')
    })

    test('or an address too long to read are refused as a problem', async () => {
      const { url } = stage.scene.world.team
      const long = 'x'.repeat(20_000)
      for (const [path, headers] of [
        [`/api/v1/requests/${long}`, {}],
        ['/api/v1/me', { 'x-long': long }],
      ] as const) {
        const answer = await raw(url, path, { headers })
        expect({ status: answer.status, code: answer.code }).toEqual({
          status: 431,
          code: 'malformed',
        })
        expect(answer.headers['content-type']).toContain('application/problem+json')
      }
    })
  })
}
