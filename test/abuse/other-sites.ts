/** Pages of other sites. */
import { describe, expect, test } from 'vitest'
import { cookieOf, raw } from '../api/scene.ts'
import { forge, type Stage } from './stage.ts'

export function otherSites(stage: Stage): void {
  describe('a page of another site', () => {
    const body = '{}'
    const attempts: [string, Record<string, string | undefined>][] = [
      ['without a token', { 'x-team-csrf': undefined }],
      ['with an empty token', { 'x-team-csrf': '' }],
      ['with a token of the right length', { 'x-team-csrf': 'A'.repeat(43) }],
      ['from a foreign origin, token and all', { origin: 'https://evil.example' }],
      ['from the origin null', { origin: 'null' }],
      ['from another port of this host', { origin: 'http://127.0.0.1:1' }],
      ['from a name that begins like ours', { origin: 'http://127.0.0.1.evil.example' }],
      ['as the browser says, cross-site', { 'sec-fetch-site': 'cross-site' }],
      ['as the browser says, same-site', { 'sec-fetch-site': 'same-site' }],
      ['as the browser says, none', { 'sec-fetch-site': 'none' }],
    ]
    for (const [what, changed] of attempts) {
      test(`decides nothing ${what}`, async () => {
        const { csrfToken } = await stage.approver.me()
        const headers = Object.fromEntries(
          Object.entries({
            cookie: cookieOf(stage.scene, stage.approver),
            'x-team-csrf': csrfToken,
            'content-type': 'application/json',
            ...changed,
          }).filter((pair): pair is [string, string] => pair[1] !== undefined),
        )
        const path = `/api/v1/requests/${stage.pending.id}/approve`
        const answer = await raw(stage.scene.world.team.url, path, {
          method: 'POST',
          headers,
          body,
        })
        expect(answer).toMatchObject({ status: 403, code: 'csrf' })
        expect((await stage.owner.request(stage.pending.id)).status).toBe('pending')
      })
    }

    test('decides nothing with the token of another person', async () => {
      const { csrfToken } = await stage.stranger.me()
      const answer = await forge(stage, stage.approver, `/requests/${stage.pending.id}/approve`, {
        body,
        headers: { 'x-team-csrf': csrfToken },
      })
      expect(answer).toMatchObject({ status: 403, code: 'csrf' })
    })

    test('reads nothing: no answer is shared with another origin', async () => {
      const { team } = stage.scene.world
      for (const method of ['GET', 'OPTIONS']) {
        const answer = await raw(team.url, '/api/v1/me', {
          method,
          headers: {
            cookie: cookieOf(stage.scene, stage.owner),
            origin: 'https://evil.example',
            'access-control-request-method': 'GET',
          },
        })
        expect(answer.headers['access-control-allow-origin']).toBeUndefined()
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
      }
    })

    test('changes nothing by a GET', async () => {
      for (const action of ['approve', 'reject', 'cancel', 'return', 'revoke']) {
        expect((await stage.approver.get(`/requests/${stage.pending.id}/${action}`)).status).toBe(
          405,
        )
      }
      expect((await stage.owner.request(stage.pending.id)).status).toBe('pending')
    })
  })
}
