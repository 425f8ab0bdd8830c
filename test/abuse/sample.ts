/** The flaws that a sample of such a system is known for, CVE-2025-1969's first among them. */
import { describe, expect, test } from 'vitest'
import type { ProblemBody } from '#test/person.ts'
import { forge, type Stage } from './stage.ts'

const approveForged = (stage: Stage, body: object) =>
  forge(stage, stage.owner, `/requests/${stage.pending.id}`, {
    method: 'PATCH',
    body: JSON.stringify(body),
  })

async function expectStillPending({ owner, pending }: Stage): Promise<void> {
  const { status, approvals, version } = await owner.request(pending.id)
  expect({ status, approvals, version }).toEqual({ status: 'pending', approvals: [], version: 1 })
}

/** Each end that a request can come to without a grant. */
async function endedRequests(stage: Stage): Promise<[string, string][]> {
  const { scene, owner, approver } = stage
  const ask = (account: string) => scene.ask(owner, scene.target(account, 'PowerUserAccess'))
  const cancelled = await ask('payments-prod')
  await owner.post(`/requests/${cancelled.id}/cancel`)
  const rejected = await ask('storefront-prod')
  await approver.post(`/requests/${rejected.id}/reject`)
  return [
    ['cancelled', cancelled.id],
    ['rejected', rejected.id],
  ]
}

export function sample(stage: Stage): void {
  describe('CVE-2025-1969, an approval that is spoofed', () => {
    const spoofs: [string, object][] = [
      ['by naming oneself its approver', { approver: 'test-user', approverId: 'me' }],
      ['by naming another its approver', { approver: 'sam.carter', approver_ids: ['sam.carter'] }],
      ['by writing the status', { status: 'approved' }],
      ['by writing the status with a comment', { status: 'approved', comment: 'ok' }],
      ['by writing the approvals', { approvals: [{ userName: 'sam.carter' }] }],
      ['by another e-mail address', { email: 'sam.carter@example.com' }],
    ]
    for (const [how, body] of spoofs) {
      test(`${how} in an update of one’s own request`, async () => {
        expect((await approveForged(stage, body)).status).toBe(405)
        await expectStillPending(stage)
      })
    }
    test('by approving in the name of another', async () => {
      const body = { approverId: stage.scene.user('sam.carter') }
      const path = `/requests/${stage.pending.id}/approve`
      expect((await stage.owner.post(path, body)).status).toBe(400)
      expect(await stage.owner.post<ProblemBody>(path)).toMatchObject({
        status: 403,
        body: { code: 'own_request' },
      })
      await expectStillPending(stage)
    })
  })

  describe('a flaw of the sample', () => {
    test('anybody reads the settings, a channel’s token among them', async () => {
      const secret = 'xoxb-0123456789-abuse'
      await stage.admin.call('PATCH', '/settings', { slackToken: secret })
      for (const person of [stage.owner, stage.approver, stage.stranger]) {
        expect((await person.get('/settings')).status).toBe(403)
      }
      for (const person of [stage.admin, stage.auditor]) {
        const { status, body } = await person.get('/settings')
        expect([status, JSON.stringify(body).includes(secret)]).toEqual([200, false])
      }
    })

    test('anybody reads what was done in a session, by an id of their choice', async () => {
      for (const id of [stage.pending.id, '1', "' or 1=1", '*']) {
        const path = `/requests/${encodeURIComponent(id)}/session-log`
        expect([400, 404]).toContain((await stage.stranger.get(path)).status)
        expect([400, 404, 405]).toContain((await stage.stranger.post(path)).status)
      }
    })

    test('everybody hears of everybody’s requests by the live stream', async () => {
      const { scene, owner, stranger } = stage
      const ending = new AbortController()
      const { body } = await stranger.open('/stream', ending.signal)
      const asked = await scene.ask(owner, scene.target('payments-dev', 'PowerUserAccess'))
      await owner.post(`/requests/${asked.id}/cancel`)
      const own = await scene.ask(stranger, scene.target('payments-dev', 'PowerUserAccess'))
      let heard = ''
      for await (const chunk of body ?? []) {
        heard += Buffer.from(chunk as Uint8Array).toString()
        // What comes after it in the trail has come before it on the stream.
        if (heard.includes(own.id)) break
      }
      ending.abort()
      expect(heard).not.toContain(asked.id)
      await stranger.post(`/requests/${own.id}/cancel`)
    })

    test('anybody publishes a directory, a policy or permission sets for others to believe', async () => {
      for (const path of [
        '/directory/users',
        '/directory/groups',
        '/directory/accounts',
        '/directory/organizational-units',
        '/directory/permission-sets',
        '/directory/refresh',
        '/eligibility-policies',
        '/approver-policies',
      ]) {
        const { status } = await stage.owner.post(path, { items: [] })
        expect([403, 405], path).toContain(status)
      }
    })

    test('anybody reads what somebody else may ask for, by naming them', async () => {
      const userId = stage.scene.user('sam.carter')
      for (const name of ['userId', 'user', 'groupIds', 'subject']) {
        const { status } = await stage.owner.get(`/eligible-accounts?${name}=${userId}`)
        expect(status, name).toBe(400)
      }
      const body = { targets: [], userId, groupIds: [stage.scene.group('TEAM admins')] }
      expect((await stage.owner.post('/requests/preview', body)).status).toBe(400)
    })

    test('who asked approves after another has rejected', async () => {
      const [, [, id]] = (await endedRequests(stage)) as [unknown, [string, string]]
      const answer = await stage.owner.post(`/requests/${id}/approve`)
      expect(answer.status).toBe(403)
      expect((await stage.owner.request(id)).status).toBe('rejected')
    })

    test('a request that was cancelled or rejected is approved after all', async () => {
      for (const [status, id] of await endedRequests(stage)) {
        const answer = await stage.approver.post<ProblemBody>(`/requests/${id}/approve`)
        expect(answer.status, status).toBe(409)
        expect((await stage.owner.request(id)).status).toBe(status)
      }
    })

    test('who asked chooses the state of their own request', async () => {
      for (const method of ['PUT', 'PATCH', 'POST', 'DELETE']) {
        for (const status of ['active', 'ended', 'scheduled']) {
          const answer = await stage.owner.call(method, `/requests/${stage.pending.id}`, { status })
          expect(answer.status).toBe(405)
        }
      }
      await expectStillPending(stage)
    })

    test('what people asked for, and why, is copied into the log', async () => {
      const why = 'a justification that belongs into no log'
      const asked = await stage.scene.ask(
        stage.owner,
        stage.scene.target('Audit', 'PowerUserAccess'),
        { justification: why },
      )
      await stage.owner.post(`/requests/${asked.id}/cancel`)
      expect(stage.log.length).toBeGreaterThan(10)
      expect(stage.log.join('\n')).not.toContain(why)
    })

    test('an administrator is an approver of everything', async () => {
      const answer = await stage.admin.post(`/requests/${stage.pending.id}/approve`)
      expect(answer.status).toBe(403)
      await expectStillPending(stage)
    })

    test('the management account and what is provisioned in it is offered', async () => {
      const { organization } = stage.scene
      const set = organization.permissionSets.find(
        ({ name }) => name === 'AWSOrganizationsFullAccess',
      )
      const managed = organization.accounts.find(({ name }) => /management/i.test(name))
      const targets: [string | undefined, string | undefined][] = [
        [managed?.accountId, stage.scene.set('ReadOnlyAccess')],
        [stage.scene.account('payments-prod'), set?.arn],
      ]
      for (const [accountId, permissionSetArn] of targets) {
        expect([typeof accountId, typeof permissionSetArn]).toEqual(['string', 'string'])
        const body = {
          targets: [{ accountId, permissionSetArn }],
          durationMinutes: 5,
          justification: 'Take over',
        }
        const { status } = await stage.owner.post('/requests', body)
        expect(status).toBe(403)
      }
    })
  })
}
