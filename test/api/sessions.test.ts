/** Being somebody else, or staying somebody one no longer is. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '#test/person.ts'
import { cookieOf, createScene, raw, type Scene } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await createScene()
})
afterAll(() => scene.close())

const me = (cookie: string) => raw(scene.world.team.url, '/api/v1/me', { headers: { cookie } })

const cookieName = () => `team_session_${new URL(scene.world.team.url).port}`

async function write(person: Person) {
  return person.call('PATCH', '/me/preferences', { theme: 'dark' })
}

describe('a session', () => {
  test('is worth nothing after signing out, by cookie or by token', async () => {
    const person = await scene.world.person('test-user')
    const cookie = cookieOf(scene, person)
    const { csrfToken } = await person.me()
    const out = await raw(scene.world.team.url, '/auth/logout', {
      method: 'POST',
      headers: { cookie, 'x-team-csrf': csrfToken },
    })
    expect(out.status).toBe(204)
    expect((await me(cookie)).status).toBe(401)
    const answer = await raw(scene.world.team.url, '/api/v1/me/preferences', {
      method: 'PATCH',
      headers: { cookie, 'x-team-csrf': csrfToken, 'content-type': 'application/json' },
      body: '{}',
    })
    expect(answer.status).toBe(401)
  })

  test('chosen by somebody else before signing in is not the one that is signed in', async () => {
    const attacker = await scene.world.person('priya.raman')
    const planted = cookieOf(scene, attacker)
    const victim = scene.world.stranger()
    const form = await victim.launch('test-user')
    const prelogin = `team_prelogin_${new URL(scene.world.team.url).port}`
    const answer = await raw(scene.world.team.url, '/auth/saml/acs', {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        cookie: `${planted}; ${prelogin}=${victim.cookie(/^team_prelogin/)}`,
      },
      body: form.fields.toString(),
    })
    expect(answer.status).toBe(303)
    const cookies = [answer.headers['set-cookie'] ?? []].flat().join('\n')
    expect(cookies).toContain(`${cookieName()}=`)
    expect(cookies).not.toContain(planted.split('=')[1])
    expect((await me(planted)).status).toBe(401)
  })

  test('is not guessed, cut short, doubled or put together from another’s', async () => {
    const person = await scene.world.person('test-user')
    const id = cookieOf(scene, person).split('=')[1] ?? ''
    const attempts = [
      '',
      'a',
      id.slice(1),
      `${id}A`,
      id.toLowerCase(),
      `"${id}`,
      `${id}%00`,
      'null',
    ]
    for (const attempt of attempts) {
      if (attempt === id) continue
      expect((await me(`${cookieName()}=${attempt}`)).status, attempt).toBe(401)
    }
    // The hash that the database keeps opens nothing.
    const rows = await scene.world.database.db
      .selectFrom('sign_in_session')
      .select('id_hash')
      .execute()
    for (const { id_hash: hash } of rows) {
      for (const text of [hash.toString('base64url'), hash.toString('hex')]) {
        expect((await me(`${cookieName()}=${text}`)).status).toBe(401)
      }
    }
  })

  test('is nobody’s by a token in the address or in a header', async () => {
    const person = await scene.world.person('test-user')
    const id = cookieOf(scene, person).split('=')[1] ?? ''
    const { url } = scene.world.team
    const byQuery = await raw(url, `/api/v1/me?${cookieName()}=${id}`)
    const byHeader = await raw(url, '/api/v1/me', { headers: { authorization: `Bearer ${id}` } })
    const byUser = await raw(url, '/api/v1/me', {
      headers: { 'x-user': 'test-admin', 'x-forwarded-user': 'test-admin', 'remote-user': 'admin' },
    })
    expect([byQuery.status, byHeader.status, byUser.status]).toEqual([401, 401, 401])
  })

  test('ends after an idle hour, and after eight hours whatever is done', async () => {
    const idle = await scene.world.person('test-user')
    const busy = await scene.world.person('test-user')
    const statuses: number[] = []
    for (let minutes = 0; minutes < 8 * 60; minutes += 50) {
      statuses.push((await busy.get('/me/counts')).status)
      await scene.world.leap(50 * 60)
    }
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect((await busy.get('/me/counts')).status).toBe(401)
    expect((await idle.get('/me/counts')).status).toBe(401)
  })
})

describe('who was disabled or removed in AWS', () => {
  for (const [what, remove] of [
    ['disabled', (name: string) => scene.disable(name)],
    ['deleted', (userName: string) => scene.world.control('DELETE', 'users', { userName })],
  ] as const) {
    test(`${what}: writes nothing after 60 s, and is signed out of every browser`, async () => {
      const name = `leaver.${what}`
      await scene.world.control('POST', 'users', { userName: name })
      await scene.join(name, 'TEAM users')
      const [one, other] = [await scene.world.person(name), await scene.world.person(name)]
      await remove(name)
      await scene.world.leap(61)
      expect((await write(one)).status).toBe(401)
      expect((await one.get('/me')).status).toBe(401)
      expect((await other.get('/requests')).status).toBe(401)
      await expect(scene.world.person(name)).rejects.toThrow()
    })
  }

  test('is out at once where they ask for themselves', async () => {
    await scene.world.control('POST', 'users', { userName: 'leaver.soon' })
    await scene.join('leaver.soon', 'TEAM users')
    const person = await scene.world.person('leaver.soon')
    await scene.disable('leaver.soon')
    await scene.world.leap(61)
    expect((await person.get('/me')).status).toBe(401)
  })
})

describe('a role', () => {
  test('given in AWS is felt within 60 s, taken away likewise, in the same session', async () => {
    const person = await scene.world.person('priya.raman')
    expect((await person.get('/settings')).status).toBe(403)
    await scene.join('priya.raman', 'TEAM admins')
    await scene.world.leap(61)
    expect((await person.me()).roles).toContain('admin')
    expect((await person.get('/settings')).status).toBe(200)
    await scene.leave('priya.raman', 'TEAM admins')
    await scene.world.leap(61)
    // No page was opened in between: the write itself must find out.
    const { status } = await person.call('PATCH', '/settings', { banner: 'taken over' })
    expect(status).toBe(403)
    expect((await person.get('/audit/events')).status).toBe(403)
  })

  test('does not outlive AWS’s silence for writing', async () => {
    const person = await scene.world.person('test-admin')
    await scene.world.leap(61)
    scene.fault({ operation: 'DescribeUser', error: 'InternalServerException' })
    const { status, body } = await person.call<{ code: string }>('PATCH', '/settings', {
      banner: 'while nobody looks',
    })
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'unconfirmed_with_aws' })
    expect((await person.get('/settings')).status).toBe(200)
    scene.clearFaults()
  })

  test('of the last administrator cannot be given away by the settings', async () => {
    const person = await scene.world.person('test-admin')
    for (const name of ['TEAM auditors', 'TEAM users']) {
      const adminGroupId = scene.group(name)
      const { body } = await person.call<{ code: string }>('PATCH', '/settings', { adminGroupId })
      expect(body.code).toBe('not_administrator_yourself')
    }
    expect((await person.me()).roles).toContain('admin')
  })
})

describe('where one is sent after signing in', () => {
  const hostile = [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%5cevil.example',
    '/.//evil.example',
    '/%2f%2fevil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/auth/logout',
    '/api/v1/me',
    '@evil.example',
    '.evil.example',
  ]
  for (const returnTo of hostile) {
    test(`is a page of TEAM, for ${JSON.stringify(returnTo)} too`, async () => {
      const { url } = scene.world.team
      const asked = await raw(url, `/auth/login?returnTo=${encodeURIComponent(returnTo)}`)
      const cookie = ([asked.headers['set-cookie'] ?? []].flat()[0] ?? '').split(';')[0] ?? ''
      const payload = cookie.split('=')[1]?.split('.')[0] ?? ''
      const { questions } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
        questions: { returnTo: string }[]
      }
      const { origin, pathname } = new URL(questions[0]?.returnTo ?? '', url)
      expect(origin).toBe(url)
      expect(pathname).not.toMatch(/^\/(auth|api)\//)
    })
  }
})
