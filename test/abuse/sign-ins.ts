/** Sessions that are not one's own, and sign-ins that somebody else began. */
import { describe, expect, test } from 'vitest'
import { cookieOf, raw } from '../api/scene.ts'
import type { Stage } from './stage.ts'

export function signIns(stage: Stage): void {
  const url = () => stage.scene.world.team.url
  const cookieName = () => `team_session_${new URL(url()).port}`
  const meWith = (headers: Record<string, string>) => raw(url(), '/api/v1/me', { headers })

  describe('a session', () => {
    test('is not the one that somebody planted before the sign-in', async () => {
      const planted = 'A'.repeat(43)
      const person = stage.scene.world.stranger()
      const form = await person.launch('test-user')
      const answer = await raw(url(), new URL(form.action).pathname, {
        method: 'POST',
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          cookie: `${cookieName()}=${planted}; team_prelogin_${new URL(url()).port}=${person.cookie(/^team_prelogin/)}`,
        },
        body: form.fields.toString(),
      })
      expect(answer.status).toBe(303)
      expect(String(answer.headers['set-cookie'])).not.toContain(planted)
      expect((await meWith({ cookie: `${cookieName()}=${planted}` })).status).toBe(401)
    })

    test('is not found behind a cookie that was tossed in front of it', async () => {
      const good = cookieOf(stage.scene, stage.owner)
      const tossed = `${cookieName()}=${'B'.repeat(43)}`
      const answer = await meWith({ cookie: `${tossed}; ${good}` })
      // Whichever of the two counts, it is nobody's but the browser's own.
      expect([200, 401]).toContain(answer.status)
      if (answer.status === 200) expect(JSON.parse(answer.text).userName).toBe('test-user')
    })

    const names = ['__Host-team_session', 'team_session', 'session', 'TEAM_SESSION_1']
    for (const name of names) {
      test(`is not read from a cookie of another name, ${name}`, async () => {
        const id = cookieOf(stage.scene, stage.admin).split('=')[1] ?? ''
        expect((await meWith({ cookie: `${name}=${id}` })).status).toBe(401)
      })
    }

    test('is not read from the address, a bearer or another header', async () => {
      const id = cookieOf(stage.scene, stage.admin).split('=')[1] ?? ''
      const inQuery = await raw(url(), `/api/v1/me?${cookieName()}=${id}&session=${id}`)
      expect(inQuery.status).toBe(401)
      for (const headers of [
        { authorization: `Bearer ${id}` },
        { authorization: `Basic ${Buffer.from(`test-admin:${id}`).toString('base64')}` },
        { 'x-session': id },
        { 'x-remote-user': 'test-admin' },
        { 'x-amzn-oidc-identity': 'test-admin' },
        { 'x-forwarded-user': 'test-admin' },
      ] as const) {
        expect((await meWith(headers)).status, JSON.stringify(headers).slice(0, 20)).toBe(401)
      }
    })

    test('is worth nothing after signing out, however it was copied', async () => {
      const person = await stage.scene.world.person('test-auditor')
      const { csrfToken } = await person.me()
      const cookie = cookieOf(stage.scene, person)
      await raw(url(), '/auth/logout', {
        method: 'POST',
        headers: { cookie, 'x-team-csrf': csrfToken, origin: url() },
      })
      expect((await meWith({ cookie })).status).toBe(401)
    })

    test('is not ended by a page of another site', async () => {
      const cookie = cookieOf(stage.scene, stage.owner)
      await raw(url(), '/auth/logout', {
        method: 'POST',
        headers: { cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      })
      await raw(url(), '/auth/logout', { headers: { cookie } })
      expect((await meWith({ cookie })).status).toBe(200)
    })
  })

  describe('a sign-in', () => {
    test('begun in one browser is not ended in another, which would be somebody else’s then', async () => {
      const attacker = stage.scene.world.stranger()
      const form = await attacker.launch('test-admin')
      const victim = stage.scene.world.stranger()
      expect((await victim.postForm(form)).status).toBe(403)
      await expect(victim.me()).rejects.toThrow('401')
    })

    test('that nobody began is refused', async () => {
      const person = stage.scene.world.stranger()
      const form = await person.launch('test-admin', '&idpInitiated=true')
      expect((await person.postForm(form)).status).toBe(403)
    })

    test('is not done twice with one answer', async () => {
      const person = stage.scene.world.stranger()
      const form = await person.launch('test-user')
      expect((await person.postForm(form)).status).toBe(303)
      expect((await person.postForm(form)).status).toBe(403)
    })

    test('is of nobody else after the answer was changed', async () => {
      const person = stage.scene.world.stranger()
      const form = await person.launch('test-user')
      const xml = Buffer.from(form.fields.get('SAMLResponse') ?? '', 'base64').toString()
      expect(xml).toContain('test-user')
      const changed = Buffer.from(xml.replaceAll('test-user', 'test-admin')).toString('base64')
      form.fields.set('SAMLResponse', changed)
      expect((await person.postForm(form)).status).toBe(403)
    })

    const elsewhere = ['https://evil.example', '//evil.example', '/\\evil.example', '/api/v1/me']
    for (const place of elsewhere) {
      test(`goes on to a page of TEAM and not to ${place}, by RelayState either`, async () => {
        const person = stage.scene.world.stranger()
        const form = await person.launch('test-user')
        form.fields.set('RelayState', place)
        const answer = await person.postForm(form)
        expect(answer.status).toBe(303)
        const target = new URL(answer.headers.get('location') ?? '', url())
        expect([target.origin, target.pathname]).toEqual([url(), '/'])
      })
    }
  })
}
