/** Bodies meant to break what reads them. */
import { describe, expect, test } from 'vitest'
import type { ProblemBody } from '#test/person.ts'
import { forge, numberOfRequests, type Stage, submission } from './stage.ts'

export function bodies(stage: Stage): void {
  describe('a body meant to break what reads it', () => {
    const bodies: [string, string, string][] = [
      ['__proto__', '{"__proto__":{"isAdmin":true},"targets":[]}', 'application/json'],
      ['a nested __proto__', '{"targets":[{"__proto__":{"accountId":"1"}}]}', 'application/json'],
      ['an escaped __proto__', '{"\\u005f_proto__":{"isAdmin":true}}', 'application/json'],
      [
        'constructor.prototype',
        '{"constructor":{"prototype":{"isAdmin":true}}}',
        'application/json',
      ],
      ['a field twice', '{"durationMinutes":5,"durationMinutes":500}', 'application/json'],
      ['a field twice by an escape', '{"a":1,"\\u0061":2}', 'application/json'],
      ['arrays 100,000 deep', '['.repeat(100_000) + ']'.repeat(100_000), 'application/json'],
      [
        'objects 20,000 deep',
        `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
        'application/json',
      ],
      ['a number without an end', `{"durationMinutes":${'9'.repeat(4_000)}}`, 'application/json'],
      ['a number of no size', '{"durationMinutes":1e999}', 'application/json'],
      ['bytes that are no text', '{"justification":"\xff\xfe"', 'application/json'],
      ['nothing', '', 'application/json'],
      ['a form', 'durationMinutes=60', 'application/x-www-form-urlencoded'],
      ['plain text', JSON.stringify({ durationMinutes: 60 }), 'text/plain'],
      ['two types at once', '{}', 'application/json, text/plain'],
      ['another charset', '{}', 'application/json; charset=utf-7'],
      ['XML', '<a/>', 'application/xml'],
      ['several parts', '--x\r\n\r\n{}\r\n--x--', 'multipart/form-data; boundary=x'],
      [
        'more than is read',
        JSON.stringify({ justification: 'x'.repeat(300_000) }),
        'application/json',
      ],
    ]
    for (const [what, body, type] of bodies) {
      test(`${what} is refused and does no harm`, async () => {
        const before = await numberOfRequests(stage)
        const answer = await forge(stage, stage.owner, '/requests', {
          body,
          headers: { 'content-type': type },
        })
        expect([400, 413, 415, 422]).toContain(answer.status)
        expect(answer.text).not.toMatch(/node_modules|\bat .*\.ts/)
        expect(({} as Record<string, unknown>).isAdmin).toBeUndefined()
        expect(await numberOfRequests(stage)).toBe(before)
      })
    }

    test('a null character in any text of the settings or of a policy is refused', async () => {
      const text = 'a\u0000b'
      for (const name of [
        'banner',
        'ticketPattern',
        'emailSource',
        'adminGroupId',
        'auditorGroupId',
      ]) {
        const { status } = await stage.admin.call('PATCH', '/settings', { [name]: text })
        expect([400, 422], `${name} was answered ${status}`).toContain(status)
      }
      const policy = {
        subject: { type: 'group', id: stage.scene.group('TEAM users') },
        targets: { accounts: [], organizationalUnits: [], root: true },
        permissionSets: ['Billing'],
        maxDurationMinutes: 60,
      }
      for (const change of [
        { note: text },
        { ticket: text },
        { permissionSets: [text] },
        { permissionSets: [`arn:aws:sso:::permissionSet/${text}/ps-1`] },
        { subject: { type: 'user', id: text } },
        { targets: { accounts: [text], organizationalUnits: [], root: false } },
      ]) {
        const { status } = await stage.admin.post('/eligibility-policies', { ...policy, ...change })
        expect([400, 422], `${JSON.stringify(change)} was answered ${status}`).toContain(status)
      }
      for (const change of [{ timeZone: text }, { locale: text }]) {
        expect([400, 422]).toContain(
          (await stage.owner.call('PATCH', '/me/preferences', change)).status,
        )
      }
    })

    test('21 targets, or none, are too many and too few', async () => {
      const target = stage.scene.target('storefront-dev', 'ReadOnlyAccess')
      for (const targets of [Array(21).fill(target), []]) {
        expect((await stage.owner.post('/requests', submission(stage, { targets }))).status).toBe(
          400,
        )
      }
      const twice = await stage.owner.post(
        '/requests',
        submission(stage, { targets: [target, target] }),
      )
      expect(twice.status).toBe(422)
    })

    const durations = [0, -1, 0.5, 1e9, '60', null, true, [60], Number.MAX_SAFE_INTEGER]
    for (const durationMinutes of durations) {
      test(`a duration of ${JSON.stringify(durationMinutes)} is none`, async () => {
        const answer = await stage.owner.post('/requests', submission(stage, { durationMinutes }))
        expect([400, 422]).toContain(answer.status)
      })
    }

    const starts = ['tomorrow', '2026-13-01T00:00:00Z', '9999-12-31T23:59:59Z', 0, '2026-11-24']
    for (const startsAt of starts) {
      test(`a start of ${JSON.stringify(startsAt)} is none`, async () => {
        const answer = await stage.owner.post('/requests', submission(stage, { startsAt }))
        expect([400, 422]).toContain(answer.status)
      })
    }

    const texts: [string, string][] = [
      ['a null character', 'a\u0000b'],
      ['a terminal’s escape', 'a\u001b[31mred'],
      ['an override of direction', 'abc\u202Etxt.exe'],
      ['half a character', 'a\ud800b'],
      ['nothing that can be seen', '\u200b\u200b\u2060'],
      ['2,001 characters', '字'.repeat(2_001)],
    ]
    for (const [what, text] of texts) {
      test(`${what} is no justification, no ticket and no comment`, async () => {
        const asked = await stage.owner.post<ProblemBody>(
          '/requests',
          submission(stage, { justification: text }),
        )
        expect(asked).toMatchObject({ status: 422, body: { code: 'text_malformed' } })
        const ticketed = await stage.owner.post('/requests', submission(stage, { ticket: text }))
        // A ticket of nothing visible is as good as none only where none is needed.
        expect(ticketed.status).toBe(422)
        const path = `/requests/${stage.pending.id}/approve`
        expect((await stage.approver.post(path, { comment: text })).status).toBe(422)
        expect((await stage.owner.request(stage.pending.id)).status).toBe('pending')
      })
    }
  })
}
