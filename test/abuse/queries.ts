/** Queries meant for the database, and cursors. */
import { beforeAll, describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { Person } from '#test/person.ts'
import type { Stage } from './stage.ts'

export function queries(stage: Stage): void {
  describe('a query meant for the database', () => {
    const hostile = [
      "' or 1=1 --",
      "'; drop table request; --",
      '%',
      '_',
      '\\',
      '%\\',
      '\u0000',
      'a\u0000b',
      '\ud800',
      '$1',
      '${1}',
      '*',
      '字'.repeat(200),
      '%'.repeat(200),
    ]
    const lists = [
      ['/requests?view=all&q=', ''],
      ['/requests?view=all&ticket=', ''],
      ['/requests?view=all&userId=', ''],
      ['/requests?view=all&accountId=', ''],
      ['/requests?view=all&submissionId=', ''],
      ['/requests?view=all&status=', ''],
      ['/requests?view=all&sort=', ''],
      ['/requests?view=all&from=', ''],
      ['/eligible-accounts?q=', ''],
      ['/directory/users?q=', ''],
      ['/directory/groups?q=', ''],
      ['/directory/accounts?q=', ''],
      ['/directory/organizational-units?q=', ''],
      ['/directory/permission-sets?q=', ''],
      ['/reconciler/keys?state=', ''],
      ['/notices?state=', ''],
      ['/audit/events?actorId=', ''],
      ['/audit/events?action=', ''],
      ['/audit/events?objectType=', ''],
      ['/audit/events?objectId=', ''],
      ['/audit/events?from=', ''],
      ['/requests?view=all&limit=', ''],
      ['/requests/export?view=all&q=', '&format=jsonl'],
      ['/requests/', '/events'],
      ['/submissions/', ''],
      ['/eligibility-policies?subject=', ''],
      ['/approver-policies?groupId=', ''],
      ['/eligibility-policies/', ''],
      ['/approver-policies/', '/history'],
      ['/eligible-accounts/', '/permission-sets'],
    ] as const
    for (const [before, after] of lists) {
      test(`finds no more than it says, and breaks nothing: ${before}…${after}`, async () => {
        for (const text of hostile) {
          const path = `${before}${encodeURIComponent(text.toWellFormed())}${after}`
          const { status, body } = await stage.admin.get<{ items?: unknown[] }>(path)
          expect([200, 400, 404], `${JSON.stringify(text)} was answered ${status}`).toContain(
            status,
          )
          if (status === 200) expect(body.items ?? []).toEqual([])
        }
      })
    }

    test('a parameter sent twice, as a list or as an object is refused', async () => {
      for (const query of [
        'view=mine&view=all',
        'cursor=a&cursor=b',
        'q[]=a&q[]=b',
        'q[$ne]=1',
        '__proto__[a]=1',
        'constructor=1',
        'limit=1&limit=200',
        'limit=0',
        'limit=201',
        'limit=1e99',
        'limit=-1',
        'unknown=1',
      ]) {
        expect((await stage.owner.get(`/requests?${query}`)).status, query).toBe(400)
      }
    })
  })

  describe('a cursor is a place in its own list and nothing else', () => {
    // A session of its own: the one that tried the queries may have used up its minute.
    let admin: Person
    beforeAll(async () => {
      admin = await stage.scene.world.person('test-admin')
    })
    const place = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url')
    const cursors = [
      'x',
      '....',
      Buffer.from('{}').toString('base64url'),
      Buffer.from('null').toString('base64url'),
      place(),
      place("' or 1=1 --", "' or 1=1 --", "' or 1=1 --"),
      place('a\u0000', 'b\u0000'),
      place('createdAt', '2026-11-24T00:00:00.000Z', "' or 1=1 --"),
      place('createdAt', 'infinity', '00000000-0000-4000-8000-000000000001'),
      place('createdAt', '0000-01-01T00:00:00Z', '00000000-0000-4000-8000-000000000001'),
      place('createdAt', '9999-12-31T23:59:59Z', '00000000-0000-4000-8000-000000000001'),
      place('0000-01-01T00:00:00Z', '00000000-0000-4000-8000-000000000001'),
      place('0000-01-01T00:00:00Z', 'a', 'b', 'c'),
      place('2026-11-24T00:00:00.000Z', "' or 1=1 --"),
      place('endsAt', '2026-11-24T00:00:00.000Z', '00000000-0000-4000-8000-000000000001'),
      place(-1),
      place(0),
      place(Number.MAX_SAFE_INTEGER),
      place(1.5),
      place('1'),
      place({ toString: 'x' }),
    ]
    const lists = [
      '/requests?view=mine',
      '/requests?view=all',
      '/eligible-accounts?',
      '/eligibility-policies?',
      '/approver-policies?',
      '/directory/users?',
      '/directory/accounts?',
      '/reconciler/keys?',
      '/reconciler/keys?state=drift',
      '/notices?',
      '/tokens?',
      '/audit/events?',
      '/requests/{id}/events?',
    ]
    for (const list of lists) {
      test(`${list} refuses or obeys each, and never breaks`, async () => {
        for (const cursor of cursors) {
          const path = `${list.replace('{id}', stage.pending.id)}&cursor=${encodeURIComponent(cursor)}`
          const { status } = await admin.get(path)
          expect([200, 400], `${cursor}: ${Buffer.from(cursor, 'base64url')}`).toContain(status)
        }
      })
    }

    test('with somebody else’s cursor a person still sees nothing but their own', async () => {
      const cursor = place(
        'createdAt',
        '9999-12-31T23:59:59Z',
        'ffffffff-ffff-4fff-8fff-ffffffffffff',
      )
      for (const view of ['mine', 'to-approve', 'decided', 'active&scope=decide']) {
        const path = `/requests?view=${view}&cursor=${cursor}`
        const { status, body } = await stage.stranger.get<{ items: Request[] }>(path)
        const others = body.items.filter(({ requester }) => requester.userName !== 'priya.raman')
        expect([status, others]).toEqual([200, []])
      }
    })
  })
}
