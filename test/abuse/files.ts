/** Files that are not served, and methods that HTTP knows and TEAM does not. */
import { describe, expect, test } from 'vitest'
import { cookieOf, raw } from '../api/scene.ts'
import type { Stage } from './stage.ts'

const climbs = [
  '/../outside.txt',
  '/assets/../../outside.txt',
  '/assets/..%2f..%2foutside.txt',
  '/assets/%2e%2e/%2e%2e/outside.txt',
  '/assets/..%5c..%5coutside.txt',
  '/assets/....//....//outside.txt',
  '/assets/%00/../../outside.txt',
  '/%c0%ae%c0%ae/outside.txt',
  '//outside.txt',
  '/file:///etc/passwd',
  '/assets//etc/passwd',
]

export function files(stage: Stage): void {
  const url = () => stage.scene.world.team.url

  describe('a file outside the pages is not read', () => {
    for (const path of climbs) {
      test(`by ${path}`, async () => {
        const { status, text } = await raw(url(), path)
        expect(text).not.toMatch(/what nobody may read|root:/)
        if (status === 200) expect(text).toContain('<title>TEAM</title>')
        else expect([400, 404]).toContain(status)
      })
    }

    test('by ranges of bytes, many, overlapping or without an end', async () => {
      for (const range of [
        'bytes=0-99999999999999999999',
        `bytes=${Array.from({ length: 500 }, (_, at) => `${at}-${at}`).join(',')}`,
        'bytes=-1--1',
        'bytes=9-1',
        'lines=1-2',
      ]) {
        const answer = await raw(url(), '/assets/app-0123456789.js', { headers: { range } })
        expect([200, 416]).toContain(answer.status)
        expect(answer.text.length).toBeLessThan(1_000)
      }
    })
  })

  describe('a method that nobody needs', () => {
    for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'PUT', 'PATCH']) {
      test(`${method} does nothing, on the API or a page`, async () => {
        for (const path of ['/api/v1/me', '/api/v1/settings', '/', '/auth/login']) {
          const headers = { cookie: cookieOf(stage.scene, stage.admin), 'x-secret': 'echo me' }
          const answer = await raw(url(), path, { method, headers })
          expect([400, 401, 403, 404, 405], `${path} ${answer.status}`).toContain(answer.status)
          expect(answer.text).not.toContain('echo me')
        }
      })
    }

    test('CONNECT makes no proxy of TEAM', async () => {
      const answer = await raw(url(), 'evil.example:443', { method: 'CONNECT' }).catch(() => null)
      expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400)
    })

    for (const override of ['x-http-method-override', 'x-method-override', 'x-http-method']) {
      test(`${override} turns no GET into a write`, async () => {
        const headers = { cookie: cookieOf(stage.scene, stage.approver), [override]: 'POST' }
        const path = `/api/v1/requests/${stage.pending.id}/approve`
        expect((await raw(url(), path, { headers })).status).toBe(405)
      })
    }
  })
}
