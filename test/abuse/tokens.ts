/** More out of an API token than it was made for. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { CreatedToken } from '#contract/token.ts'
import type { Person } from '#test/person.ts'
import { cookieOf, raw } from '../api/scene.ts'
import type { Stage } from './stage.ts'

export function tokens(stage: Stage): void {
  const url = () => stage.scene.world.team.url
  const inAnHour = () => new Date(stage.scene.world.now().getTime() + 3_600_000).toISOString()
  let mine: string
  let service: string

  async function make(person: Person, change: object): Promise<string> {
    const body = { name: 'Abuse', expiresAt: inAnHour(), ...change }
    const { body: made } = await person.post<CreatedToken>('/tokens', body)
    return made.secret ?? ''
  }
  const use = (secret: string, method: string, path: string, body?: object) =>
    raw(url(), `/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  beforeAll(async () => {
    mine = await make(stage.admin, { scopes: ['me:read', 'requests:read'] })
    const given = { kind: 'service', roles: ['admin'], scopes: ['policies:write'] }
    service = await make(stage.admin, given)
    expect([mine, service]).toEqual([
      expect.stringMatching(/^team_/),
      expect.stringMatching(/^team_/),
    ])
  })

  describe('a token does no more than its scopes,', () => {
    const attempts: [string, string, string, object?][] = [
      ['reads no settings', 'GET', '/settings'],
      ['writes no settings', 'PATCH', '/settings', { banner: 'mine' }],
      ['reads no trail', 'GET', '/audit/events'],
      ['takes no trail away', 'GET', '/audit/export?kind=requests'],
      ['makes no token', 'POST', '/tokens', { name: 'x', scopes: ['me:read'] }],
      ['lists no tokens', 'GET', '/tokens'],
      ['makes no policy', 'POST', '/eligibility-policies', {}],
      ['asks for nothing', 'POST', '/requests', {}],
      ['changes no preferences', 'PATCH', '/me/preferences', { locale: 'ja' }],
    ]
    for (const [what, method, path, body] of attempts) {
      test(`an administrator’s own ${what}`, async () => {
        expect((await use(mine, method, path, body)).status).toBe(403)
      })
    }

    test('a service’s decides on nobody’s request', async () => {
      for (const action of ['approve', 'reject', 'cancel', 'revoke', 'return']) {
        const path = `/requests/${stage.pending.id}/${action}`
        expect([403, 404]).toContain((await use(service, 'POST', path, {})).status)
      }
      expect((await stage.owner.request(stage.pending.id)).status).toBe('pending')
    })
  })

  describe('a token is not made wider than its maker:', () => {
    const wishes: [string, object][] = [
      ['a scope of services for oneself', { scopes: ['policies:write'] }],
      ['a scope that there is not', { scopes: ['*'] }],
      ['no scope', { scopes: [] }],
      ['a service without being an administrator', { kind: 'service', scopes: ['me:read'] }],
      ['a role along', { scopes: ['me:read'], roles: ['admin'] }],
      ['somebody else’s', { scopes: ['me:read'], ownerId: 'somebody' }],
      ['a secret of one’s choice', { scopes: ['me:read'], secret: 'team_known' }],
      ['a life of a year', { scopes: ['me:read'], expiresAt: '2027-11-24T00:00:00.000Z' }],
    ]
    for (const [what, wish] of wishes) {
      test(what, async () => {
        const body = { name: 'Wish', expiresAt: inAnHour(), ...wish }
        const { status } = await stage.owner.post('/tokens', body)
        expect([400, 403, 422]).toContain(status)
      })
    }
  })

  describe('what is nearly a token', () => {
    test('is none: cut, longer, in other letters, or with another’s secret', async () => {
      const [, id = '', secret = ''] = mine.split('_')
      const [, otherId = ''] = service.split('_')
      for (const forged of [
        mine.slice(0, -1),
        `${mine}0`,
        mine.toUpperCase(),
        `team_${otherId}_${secret}`,
        `team_${id}_${'0'.repeat(secret.length)}`,
        `team_${id}_`,
      ]) {
        expect((await use(forged, 'GET', '/me')).status).toBe(401)
      }
    })

    test('beside a good cookie does not fall back on the cookie', async () => {
      const headers = {
        cookie: cookieOf(stage.scene, stage.admin),
        authorization: 'Bearer team_0_0',
      }
      expect((await raw(url(), '/api/v1/me', { headers })).status).toBe(401)
    })

    // Last: the address of these tests waits afterwards.
    test('is not guessed: after twenty the address waits, and is told how long', async () => {
      const statuses: number[] = []
      let last = await use('team_guess', 'GET', '/me')
      for (let guess = 0; guess < 25; guess += 1) {
        last = await use(`team_0123456789abcdef_${String(guess).padStart(64, '0')}`, 'GET', '/me')
        statuses.push(last.status)
      }
      expect(statuses.at(-1)).toBe(429)
      expect(Number(last.headers['retry-after'])).toBeGreaterThan(0)
    })
  })
}
