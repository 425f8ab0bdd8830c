/** Other people’s ids and idempotency keys. */
import { describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import { forge, type Stage, submission } from './stage.ts'

export function ids(stage: Stage): void {
  describe('other people’s ids', () => {
    test('a filter by another person’s id does not widen a view', async () => {
      const userId = stage.scene.user('test-user')
      for (const view of ['mine', 'to-approve', 'decided', 'active', 'ended', 'review']) {
        for (const scope of ['mine', 'decide']) {
          const path = `/requests?view=${view}&scope=${scope}&userId=${userId}`
          expect((await stage.stranger.get(path)).body).toEqual({ items: [], nextCursor: null })
          const file = path.replace('?', '/export?format=jsonl&')
          expect(await stage.stranger.get(file)).toMatchObject({ status: 200, body: '' })
        }
      }
    })

    test('a file of all requests, or of another person’s, is not given to a stranger', async () => {
      for (const view of ['all', 'ended&scope=all', 'active&scope=all', 'review&scope=all']) {
        const { status, body } = await stage.stranger.get(`/requests/export?view=${view}`)
        expect([view, status, JSON.stringify(body)]).toEqual([
          view,
          403,
          expect.not.stringContaining('test-user'),
        ])
      }
    })

    test('another person’s submission is not there', async () => {
      expect((await stage.stranger.get(`/submissions/${stage.pending.submissionId}`)).status).toBe(
        404,
      )
    })

    test('a request that exists and one that does not are answered alike', async () => {
      const unknown = '00000000-0000-4000-8000-000000000001'
      for (const path of ['', '/events', '/approvers']) {
        const [is, isNot] = [stage.pending.id, unknown].map((id) =>
          stage.stranger.get(`/requests/${id}${path}`),
        )
        const plain = ({ body }: { body: unknown }) =>
          JSON.stringify({ ...(body as object), instance: '' })
        expect(plain(await is!)).toBe(plain(await isNot!))
      }
      for (const action of ['approve', 'reject', 'cancel', 'return', 'revoke']) {
        const [is, isNot] = [stage.pending.id, unknown].map((id) =>
          stage.stranger.post(`/requests/${id}/${action}`),
        )
        expect((await is!).status).toBe(404)
        expect((await isNot!).status).toBe(404)
      }
    })
  })

  describe('an idempotency key', () => {
    test('of somebody else opens neither their answer nor their request', async () => {
      const key = { 'idempotency-key': 'shared-key-1' }
      const target = stage.scene.target('storefront-prod', 'ReadOnlyAccess')
      const body = submission(stage, { targets: [target] })
      const first = await stage.owner.call<{ submissionId: string }>('POST', '/requests', body, key)
      const second = await stage.stranger.call<{ submissionId: string; requests: Request[] }>(
        'POST',
        '/requests',
        body,
        key,
      )
      expect([first.status, second.status]).toEqual([201, 201])
      expect(second.body.submissionId).not.toBe(first.body.submissionId)
      expect(second.body.requests[0]?.requester.userId).toBe(stage.scene.user('priya.raman'))
    })

    test('with another body is refused, on another route it is another key', async () => {
      const key = { 'idempotency-key': 'my-key-1' }
      const body = submission(stage, {
        targets: [stage.scene.target('payments-dev', 'ReadOnlyAccess')],
      })
      expect((await stage.owner.call('POST', '/requests', body, key)).status).toBe(201)
      const other = submission(stage, { targets: [stage.scene.target('payments-dev', 'Billing')] })
      expect(await stage.owner.call('POST', '/requests', other, key)).toMatchObject({
        status: 422,
        body: { code: 'idempotency_key_reused' },
      })
      expect((await stage.owner.call('POST', '/requests/preview', other, key)).status).toBe(200)
    })

    test('does not answer for an action once the rights are gone', async () => {
      const { world } = stage.scene
      await stage.scene.join('build.operator', 'TEAM approvers')
      const builder = await world.person('build.operator')
      const asked = await stage.scene.ask(
        stage.owner,
        stage.scene.target('データ基盤-prod', 'ReadOnlyAccess'),
      )
      const key = { 'idempotency-key': 'approve-1' }
      const path = `/requests/${asked.id}/reject`
      expect((await builder.call('POST', path, {}, key)).status).toBe(200)
      await stage.scene.leave('build.operator', 'TEAM approvers')
      await world.leap(61)
      // Their vote makes them one who may read it still, and who may do nothing more.
      expect((await builder.call('POST', path, {}, key)).status).toBe(200)
      expect((await builder.call('POST', path, {}, {})).status).toBe(403)
    })

    test('that is no key is refused', async () => {
      for (const key of ['', 'x'.repeat(201), 'a b', 'é']) {
        const answer = await forge(stage, stage.owner, '/requests', {
          body: JSON.stringify(submission(stage)),
          headers: { 'idempotency-key': Buffer.from(key).toString('latin1') },
        })
        expect(answer.status, JSON.stringify(key)).toBe(400)
      }
    })
  })
}
