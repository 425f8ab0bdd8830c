/** Secrets and formulas that would come out somewhere else than they went in. */
import { describe, expect, test } from 'vitest'
import { cookieOf, raw } from '../api/scene.ts'
import { forge, type Stage } from './stage.ts'

const secret = 'S3cr3t-that-went-astray-0123456789'

export function leaks(stage: Stage): void {
  const url = () => stage.scene.world.team.url

  describe('a secret that somebody sends where it does not belong is in no log and no answer:', () => {
    const strays: [string, () => Promise<{ readonly text: string }>][] = [
      ['in an address', () => raw(url(), `/api/v1/requests?token=${secret}`)],
      ['in a path', () => raw(url(), `/api/v1/nothing/${secret}`)],
      ['in the start of a sign-in', () => raw(url(), `/auth/login?returnTo=/requests?k=${secret}`)],
      [
        'in a header',
        () => raw(url(), '/api/v1/me', { headers: { authorization: `Bearer team_${secret}` } }),
      ],
      [
        'in a cookie',
        () => raw(url(), '/api/v1/me', { headers: { cookie: `team_session=${secret}` } }),
      ],
      [
        'in a referrer',
        () =>
          raw(url(), '/api/v1/me', {
            headers: { cookie: cookieOf(stage.scene, stage.owner), referer: `/?s=${secret}` },
          }),
      ],
      [
        'as a value in a body',
        () => forge(stage, stage.owner, '/requests', { body: `{"targets":"${secret}"}` }),
      ],
      ['in a broken body', () => forge(stage, stage.owner, '/requests', { body: `{"${secret}` })],
      [
        'in a form',
        () =>
          raw(url(), '/auth/saml/acs', {
            method: 'POST',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
            body: `SAMLResponse=${secret}`,
          }),
      ],
    ]
    for (const [where, send] of strays) {
      test(where, async () => {
        const before = stage.log.length
        const answer = await send()
        expect(answer.text).not.toContain(secret)
        expect(stage.log.slice(before).join('\n')).not.toContain(secret)
      })
    }
  })

  describe('a name from the directory', () => {
    test('makes no header of a mail', async () => {
      const { scene } = stage
      const displayName = 'Eve\r\nBcc: everybody@example.com\r\n\r\nSubject: Approved'
      await scene.world.control('POST', 'users', { userName: 'eve.header', displayName })
      await scene.join('eve.header', 'TEAM users')
      await scene.world.leap(61)
      const eve = await scene.world.person('eve.header')
      const asked = await scene.ask(eve, scene.target('storefront-dev', 'PowerUserAccess'))
      const aboutIt = async () => {
        // Behind whatever the attempts before it have left to send.
        await scene.world.pass(5)
        return (await scene.world.mails()).filter(({ text }) => text.includes(asked.id))
      }
      let mails = await aboutIt()
      for (let more = 0; more < 20 && mails.length === 0; more += 1) mails = await aboutIt()
      expect(mails.length).toBeGreaterThan(0)
      for (const { subject, to } of mails) {
        expect(subject).not.toMatch(/[\r\n]/)
        expect(to.join()).not.toContain('everybody')
      }
    })
  })
}
