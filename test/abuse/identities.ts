/** One person as two, one vote as two, and rights that are over. */
import { describe, expect, test } from 'vitest'
import type { ProblemBody } from '#test/person.ts'
import type { Stage } from './stage.ts'

export function identities(stage: Stage): void {
  const askAsApprover = async () => {
    const { scene, admin, approver } = stage
    await scene.eligibility(admin, { subject: { type: 'user', id: scene.user('sam.carter') } })
    return scene.ask(approver, scene.target('payments-dev', 'Billing'))
  }

  describe('nobody decides on their own request,', () => {
    test('an approver neither, from this browser or from another one', async () => {
      const { id } = await askAsApprover()
      const elsewhere = await stage.scene.world.person('sam.carter')
      for (const person of [stage.approver, elsewhere]) {
        for (const action of ['approve', 'reject']) {
          const answer = await person.post<ProblemBody>(`/requests/${id}/${action}`)
          expect(answer).toMatchObject({ status: 403, body: { code: 'own_request' } })
        }
      }
      expect((await stage.approver.request(id)).approvals).toEqual([])
      await stage.approver.post(`/requests/${id}/cancel`)
    })

    test('not by twenty approvals at once while another one is under way', async () => {
      const { id } = await askAsApprover()
      const path = `/requests/${id}/approve`
      const answers = await Promise.all(Array.from({ length: 20 }, () => stage.approver.post(path)))
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([403]))
      expect((await stage.approver.request(id)).status).toBe('pending')
      await stage.approver.post(`/requests/${id}/cancel`)
    })

    test('not through the whole submission', async () => {
      const { id, submissionId } = await askAsApprover()
      for (const action of ['approve', 'reject']) {
        const { status } = await stage.approver.post(`/submissions/${submissionId}/${action}`)
        expect([403, 404, 405, 409]).toContain(status)
      }
      expect((await stage.approver.request(id)).status).toBe('pending')
      await stage.approver.post(`/requests/${id}/cancel`)
    })

    test('not by joining the approvers after having asked', async () => {
      const { scene, owner, pending } = stage
      await scene.join('test-user', 'TEAM approvers')
      await scene.world.leap(61)
      await owner.me()
      const answer = await owner.post<ProblemBody>(`/requests/${pending.id}/approve`)
      await scene.leave('test-user', 'TEAM approvers')
      await scene.world.leap(61)
      expect(answer).toMatchObject({ status: 403, body: { code: 'own_request' } })
    })
  })

  describe('one person is one vote:', () => {
    test('two approvals are not given by one approver with two browsers', async () => {
      const { scene, admin, owner, approver } = stage
      const target = scene.target('storefront-prod', 'Billing')
      const policy = await scene.approval(admin, { approvalsRequired: 2 })
      const asked = await scene.ask(owner, target)
      const elsewhere = await scene.world.person('sam.carter')
      const path = `/requests/${asked.id}/approve`
      const [first, second] = [await approver.post(path), await elsewhere.post<ProblemBody>(path)]
      expect([first.status, second.status, second.body.code]).toEqual([200, 409, 'already_voted'])
      expect((await owner.request(asked.id)).status).toBe('pending')
      await owner.post(`/requests/${asked.id}/cancel`)
      await scene.dropPolicy(admin, 'approver-policies', policy)
    })
  })

  describe('who is somebody else now', () => {
    test('and has only the user name of one who left sees nothing of theirs', async () => {
      const { scene } = stage
      const userName = 'twice.hired'
      await scene.world.control('POST', 'users', { userName })
      await scene.join(userName, 'TEAM users')
      await scene.world.leap(61)
      const first = await scene.world.person(userName)
      const asked = await scene.ask(first, scene.target('storefront-dev', 'Billing'))
      await scene.world.control('DELETE', 'users', { userName })
      await scene.world.control('POST', 'users', { userName })
      await scene.join(userName, 'TEAM users')
      await scene.world.leap(61)
      const second = await scene.world.person(userName)
      expect((await second.get(`/requests/${asked.id}`)).status).toBe(404)
      expect((await second.post(`/requests/${asked.id}/cancel`)).status).toBe(404)
      expect((await second.get('/requests?view=mine')).body).toMatchObject({ items: [] })
    })

    test('and was taken out of the approvers decides no more', async () => {
      const { scene, pending } = stage
      await scene.join('build.operator', 'TEAM approvers')
      await scene.world.leap(61)
      const former = await scene.world.person('build.operator')
      expect((await former.get(`/requests/${pending.id}`)).status).toBe(200)
      await scene.leave('build.operator', 'TEAM approvers')
      await scene.world.leap(61)
      expect((await former.post(`/requests/${pending.id}/approve`)).status).toBe(404)
    })
  })

  describe('a version that was not read', () => {
    const tags: [string, string | null, number][] = [
      ['none at all', null, 428],
      ['any', '*', 412],
      ['a weak one', 'W/"1"', 412],
      ['a list of guesses', '"1", "2", "3"', 412],
      ['one without quotes', '1', 412],
      ['an old one', '"0"', 412],
      ['one of the future', '"999"', 412],
    ]
    for (const [what, tag, expected] of tags) {
      test(`${what} deletes no policy`, async () => {
        const { admin } = stage
        const { body } = await admin.get<{ items: { id: string }[] }>('/eligibility-policies')
        const path = `/eligibility-policies/${body.items[0]?.id}`
        const headers: Record<string, string> = tag === null ? {} : { 'if-match': tag }
        expect((await admin.call('DELETE', path, undefined, headers)).status).toBe(expected)
        expect((await admin.get(path)).status).toBe(200)
      })
    }
  })
}
