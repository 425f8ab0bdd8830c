/** What the server decides, sent along. */
import { describe, expect, test } from 'vitest'
import type { ProblemBody } from '#test/person.ts'
import { numberOfRequests, type Stage, submission } from './stage.ts'

export function fields(stage: Stage): void {
  describe('a field that the server decides cannot be sent along', () => {
    const forged: Record<string, unknown> = {
      status: 'scheduled',
      approvals: [{ userId: 'me', decision: 'approved' }],
      approvalRequired: false,
      approvalsRequired: 0,
      approver: 'test-user',
      approverId: 'me',
      approver_ids: ['me'],
      requester: { userId: 'somebody' },
      requesterId: 'somebody',
      userId: 'somebody',
      email: 'somebody@example.com',
      id: '00000000-0000-4000-8000-000000000001',
      submissionId: '00000000-0000-4000-8000-000000000001',
      version: 7,
      createdAt: '2020-01-01T00:00:00.000Z',
      expiresAt: '2030-01-01T00:00:00.000Z',
      endsAt: '2030-01-01T00:00:00.000Z',
      grantedAt: '2026-11-24T00:00:00.000Z',
      extends: '00000000-0000-4000-8000-000000000001',
      roles: ['admin'],
      via: 'system',
    }
    for (const [field, value] of Object.entries(forged)) {
      test(`${field} in a submission`, async () => {
        const before = await numberOfRequests(stage)
        const body = submission(stage, { [field]: value })
        const answer = await stage.owner.post<ProblemBody>('/requests', body)
        expect(answer).toMatchObject({ status: 400, body: { code: 'malformed' } })
        expect(await numberOfRequests(stage)).toBe(before)
      })
    }
    for (const action of ['approve', 'reject']) {
      for (const body of [{ userId: 'other' }, { decision: 'approved' }, { as: 'naoko.mori' }]) {
        test(`${JSON.stringify(body)} in ${action}`, async () => {
          const answer = await stage.approver.post(`/requests/${stage.pending.id}/${action}`, body)
          expect(answer.status).toBe(400)
          expect((await stage.owner.request(stage.pending.id)).approvals).toEqual([])
        })
      }
    }
    test('another actor, a state or a time in a word on a key', async () => {
      for (const more of [{ userId: 'x' }, { held: false }, { at: '2020-01-01T00:00:00.000Z' }]) {
        for (const act of ['release', 'acknowledge']) {
          const body = { comment: 'Ours', ...more }
          expect((await stage.admin.post(`/reconciler/keys/1/${act}`, body)).status).toBe(400)
        }
      }
      for (const id of ['0', '-1', '1e3', '9'.repeat(30), '%27', 'null']) {
        const answer = await stage.admin.post(`/reconciler/keys/${id}/release`, { comment: 'Ours' })
        expect([400, 404]).toContain(answer.status)
      }
    })
    test('a role, a name or an id in preferences', async () => {
      for (const body of [{ roles: ['admin'] }, { userId: 'x' }, { email: 'x@example.com' }]) {
        expect((await stage.owner.call('PATCH', '/me/preferences', body)).status).toBe(400)
      }
      expect((await stage.owner.me()).roles).toEqual(['requester'])
    })
    test('a version, an id or an author in a policy', async () => {
      const policy = {
        subject: { type: 'group', id: stage.scene.group('TEAM users') },
        targets: { accounts: [], organizationalUnits: [], root: true },
        permissionSets: ['Billing'],
        maxDurationMinutes: 60,
      }
      for (const more of [
        { id: stage.pending.id },
        { version: 3 },
        { updatedBy: { userId: 'x' } },
      ]) {
        expect(
          (await stage.admin.post('/eligibility-policies', { ...policy, ...more })).status,
        ).toBe(400)
      }
    })
  })

  describe('a request is changed by its actions alone', () => {
    for (const [method, body] of [
      ['PUT', { status: 'scheduled' }],
      ['PATCH', { status: 'approved' }],
      ['PATCH', { approvals: [] }],
      ['DELETE', undefined],
      ['POST', { status: 'scheduled' }],
    ] as const) {
      test(`${method} ${JSON.stringify(body)} is not understood, even from its approver`, async () => {
        for (const person of [stage.owner, stage.approver, stage.admin]) {
          expect((await person.call(method, `/requests/${stage.pending.id}`, body)).status).toBe(
            405,
          )
        }
        expect((await stage.owner.request(stage.pending.id)).status).toBe('pending')
      })
    }
  })
}
