/** The API as its clients meet it: shapes, rights, versions, keys; the rules have tests of their own. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from '#test/api.ts'
import {
  accounts,
  groups,
  type PersonName,
  people,
  permissionSets,
  prodAdmin,
  prodReadOnly,
} from '#test/factory.ts'

let api: Api
beforeEach(async () => {
  api = await createApi()
})
afterEach(() => api.close())

const submission = (change: object = {}) => ({
  targets: [prodReadOnly],
  durationMinutes: 60,
  justification: '「障害対応」',
  ...change,
})
const eligibility = (change: object = {}) => ({
  subject: { type: 'group', id: groups.users },
  targets: { accounts: [], organizationalUnits: [], root: true },
  permissionSets: ['ReadOnlyAccess'],
  maxDurationMinutes: 120,
  ...change,
})
const approver = (change: object = {}) => ({
  targets: { accounts: [], organizationalUnits: [], root: true },
  approverGroups: [groups.approvers],
  ...change,
})

async function policies() {
  await api.world.eligibility()
  await api.world.approval()
}

async function asked(name: PersonName = 'alice') {
  const answer = await (await api.as(name)).post('/requests', submission())
  expect(answer.status).toBe(201)
  return answer.body.requests[0]
}

describe('what a person may read', () => {
  async function inDirectory(change: string, ...values: string[]) {
    await api.world.database.owner.query(change, values)
    await api.world.database.owner.query('update directory_version set version = version + 1')
  }

  test('ends with the membership that gave the role, at the very next request', async () => {
    await policies()
    const request = await asked()
    const audrey = await api.as('audrey')
    expect((await audrey.get('/requests?view=all')).body.items).toHaveLength(1)
    expect((await audrey.get(`/requests/${request.id}`)).status).toBe(200)

    await inDirectory(
      'delete from directory_membership where user_id = $1 and group_id = $2',
      people.audrey,
      groups.auditors,
    )
    expect((await audrey.get('/requests?view=all')).body).toMatchObject({ code: 'not_allowed' })
    expect((await audrey.get(`/requests/${request.id}`)).status).toBe(404)
    expect((await audrey.get('/eligibility-policies')).status).toBe(403)
  })

  test('is nothing once they are disabled or gone, and the session with it', async () => {
    for (const change of ['enabled = false', 'gone_at = clock_timestamp()']) {
      const bob = await api.as('bob')
      expect((await bob.get('/requests')).status).toBe(200)
      await inDirectory(`update directory_user set ${change} where user_id = $1`, people.bob)
      expect((await bob.get('/requests')).body).toMatchObject({ code: 'person_disabled' })
      expect((await bob.get('/requests')).body).toMatchObject({ code: 'unauthenticated' })
      await inDirectory(
        'update directory_user set enabled = true, gone_at = null where user_id = $1',
        people.bob,
      )
    }
  })

  test('follows the policies of this moment: an approver policy that is gone makes nobody see', async () => {
    await policies()
    const request = await asked()
    const bob = await api.as('bob')
    expect((await bob.get(`/requests/${request.id}`)).status).toBe(200)
    expect((await bob.get('/requests?view=to-approve')).body.items).toHaveLength(1)

    await api.world.database.owner.query('update approver_policy set enabled = false')
    await api.world.database.owner.query('update rules_version set version = version + 1')
    expect((await bob.get(`/requests/${request.id}`)).status).toBe(404)
    expect((await bob.get('/requests?view=to-approve')).body.items).toEqual([])
  })
})

describe('the walk', () => {
  test('policies, a request, its approval, its end: over HTTP, by three people', async () => {
    const [ada, alice, bob] = [await api.as('ada'), await api.as('alice'), await api.as('bob')]
    expect((await ada.post('/eligibility-policies', eligibility())).status).toBe(201)
    expect((await ada.post('/approver-policies', approver())).status).toBe(201)

    const accountList = await alice.get('/eligible-accounts?q=pay')
    expect(accountList.body.items).toEqual([
      { accountId: accounts.prod, name: 'Prod payments', ouPath: ['Root', 'Workloads', 'Prod'] },
    ])
    const sets = await alice.get(`/eligible-accounts/${accounts.prod}/permission-sets`)
    expect(sets.body.items).toMatchObject([
      {
        permissionSetArn: permissionSets.readOnly,
        maxDurationMinutes: 120,
        approvalRequired: true,
        approverCount: 2,
        sessionMinutes: 60,
      },
    ])

    const none = await alice.get(
      `/eligible-accounts/${accounts.prod}/permission-sets?q=nothing-like-it`,
    )
    expect(none.body).toEqual({ items: [], nextCursor: null })

    const request = await asked()
    expect(request).toMatchObject({
      status: 'pending',
      version: 1,
      approvalsRequired: 1,
      approverCount: 2,
      approvals: [],
      startsAt: null,
      endsAt: null,
      notices: [],
    })
    expect((await bob.get('/me/counts')).body).toEqual({
      toApprove: 1,
      toReview: 0,
      minePending: 0,
      mineActive: 0,
    })
    const waiting = await bob.get('/requests?view=to-approve')
    expect(waiting.body.items.map((one: { id: string }) => one.id)).toEqual([request.id])
    const approved = await bob.post(`/requests/${request.id}/approve`, { comment: '承認' })
    expect(approved).toMatchObject({ status: 200, body: { status: 'scheduled', version: 2 } })
    expect(approved.body.approvals).toMatchObject([{ userId: people.bob, comment: '承認' }])

    await api.world.activate(request.id)
    const active = await alice.get(`/requests/${request.id}`)
    expect(active.body).toMatchObject({
      status: 'active',
      grantedAt: '2026-11-24T09:00:00.000Z',
      endsAt: '2026-11-24T10:00:00.000Z',
      sessionsMayLiveUntil: '2026-11-24T11:00:00.000Z',
    })
    const returned = await alice.post(`/requests/${request.id}/return`)
    expect(returned.body).toMatchObject({ status: 'ending', endReason: 'returned' })
    const audrey = await api.as('audrey')
    expect((await audrey.get('/audit/verify')).body).toMatchObject({ ok: true })
    const trail = await audrey.get(`/audit/events?objectId=${request.id}`)
    expect(trail.body.items.map((one: { action: string }) => one.action)).toEqual([
      'request.return',
      'request.approve',
      'request.submit',
    ])
  })
})

describe('rights', () => {
  test('a request of somebody else is not there', async () => {
    await policies()
    const { id } = await asked()
    const mallory = await api.as('mallory')
    for (const path of ['', '/events', '/approvers']) {
      expect((await mallory.get(`/requests/${id}${path}`)).status).toBe(404)
    }
    for (const action of ['approve', 'reject', 'cancel', 'return', 'revoke']) {
      expect((await mallory.post(`/requests/${id}/${action}`, {})).status).toBe(404)
    }
  })

  test('nobody approves their own by id, whatever groups they are in', async () => {
    await policies()
    const { id } = await asked('bob')
    const bob = await api.as('bob')
    const answer = await bob.post(`/requests/${id}/approve`, {})
    expect(answer).toMatchObject({ status: 403, body: { code: 'own_request' } })
    expect((await bob.get('/requests?view=to-approve')).body.items).toEqual([])
  })

  const forged: [string, object][] = [
    ['a status', { status: 'scheduled' }],
    ['a requester', { requester: { userId: people.bob } }],
    ['approvers', { approvers: [people.alice] }],
    ['a submission id', { submissionId: '00000000-0000-4000-8000-000000000001' }],
  ]
  for (const [what, field] of forged) {
    test(`a submission cannot bring ${what}`, async () => {
      await policies()
      const answer = await (await api.as('alice')).post('/requests', submission(field))
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'malformed', errors: [{ field: Object.keys(field)[0] }] },
      })
    })
  }

  test('auditors read everything and write nothing', async () => {
    await policies()
    const { id } = await asked()
    const audrey = await api.as('audrey')
    for (const path of [
      `/requests/${id}`,
      '/requests?view=all',
      '/eligibility-policies',
      '/approver-policies',
      '/settings',
      '/directory/users',
      '/directory/status',
      '/audit/events',
      '/reconciler/status',
    ]) {
      expect([path, (await audrey.get(path)).status]).toEqual([path, 200])
    }
    const writes: [Parameters<typeof audrey.send>[0], string, object][] = [
      ['POST', `/requests/${id}/approve`, {}],
      ['POST', `/requests/${id}/revoke`, {}],
      ['POST', '/eligibility-policies', eligibility()],
      ['POST', '/approver-policies', approver()],
      ['PATCH', '/settings', { banner: 'hello' }],
      ['POST', '/directory/refresh', {}],
    ]
    for (const [method, path, body] of writes) {
      const { status } = await audrey.send(method, path, body)
      expect([method, path, status]).toEqual([method, path, 403])
    }
  })

  test('administration is for administrators', async () => {
    const bob = await api.as('bob')
    for (const path of [
      '/eligibility-policies',
      '/settings',
      '/directory/users',
      '/audit/events',
    ]) {
      expect([path, (await bob.get(path)).status]).toEqual([path, 403])
    }
    expect((await bob.get('/requests?view=all')).body).toMatchObject({ code: 'not_allowed' })
    expect((await bob.get('/requests?view=active&scope=all')).status).toBe(403)
  })

  test('follow the directory within the session: added, then taken out again', async () => {
    const erin = await api.as('erin')
    expect((await erin.get('/me')).body.roles).toEqual(['requester'])
    const membership = { group_id: groups.admins, user_id: people.erin }
    await api.world.db.insertInto('directory_membership').values(membership).execute()
    expect((await erin.get('/me')).body.roles).toEqual(['requester', 'admin'])
    expect((await erin.get('/settings')).status).toBe(200)
    api.world.aws.takeOut('erin', 'admins')
    expect((await erin.post('/me/refresh')).body.roles).toEqual(['requester'])
    expect((await erin.get('/settings')).status).toBe(403)
  })

  test('while AWS is silent, reading, cancelling, returning and revoking go on, and nothing else', async () => {
    await policies()
    const { id } = await asked()
    const [alice, bob] = [await api.as('alice'), await api.as('bob')]
    api.world.pass(61)
    api.world.aws.answers = false
    expect((await alice.get(`/requests/${id}`)).status).toBe(200)
    expect((await bob.post(`/requests/${id}/approve`, {})).body.code).toBe('unconfirmed_with_aws')
    expect((await alice.post('/requests', submission())).status).toBe(503)
    expect((await alice.post(`/requests/${id}/cancel`, {})).body.status).toBe('cancelled')
  })
})

describe('what a request says one may do', () => {
  test('differs by who asks, and names the reason', async () => {
    await policies()
    const { id } = await asked()
    const actionsOf = async (name: PersonName) =>
      (await (await api.as(name)).get(`/requests/${id}`)).body.actions
    expect(await actionsOf('alice')).toEqual([
      { name: 'cancel', allowed: true },
      { name: 'return', allowed: false, code: 'not_active_yet', params: { status: 'pending' } },
      { name: 'extend', allowed: false, code: 'not_active_yet', params: { status: 'pending' } },
    ])
    expect(await actionsOf('bob')).toMatchObject([
      { name: 'approve', allowed: true },
      { name: 'reject', allowed: true },
      { name: 'revoke', allowed: false, code: 'not_granted_yet' },
    ])
    expect(await actionsOf('audrey')).toEqual([])
  })
})

describe('versions', () => {
  test('of policies go out as ETag and come back as If-Match', async () => {
    const ada = await api.as('ada')
    const made = await ada.post('/eligibility-policies', eligibility())
    expect(made.headers.etag).toBe('"1"')
    const path = `/eligibility-policies/${made.body.id}`
    const longer = eligibility({ maxDurationMinutes: 180 })
    expect((await ada.send('PUT', path, longer)).status).toBe(428)
    expect((await ada.send('PUT', path, longer, { 'if-match': '"7"' })).status).toBe(412)
    expect((await ada.send('PUT', path, longer, { 'if-match': 'W/"1"' })).status).toBe(412)
    const changed = await ada.send('PUT', path, longer, { 'if-match': '"1"' })
    expect(changed).toMatchObject({ status: 200, body: { version: 2, maxDurationMinutes: 180 } })
    expect(changed.headers.etag).toBe('"2"')
    expect((await ada.send('DELETE', path)).status).toBe(428)
    expect((await ada.send('DELETE', path, undefined, { 'if-match': '"2"' })).status).toBe(204)
    expect((await ada.get(path)).status).toBe(404)
    const history = await ada.get(`${path}/history`)
    expect(history.body.items.map((one: { version: number }) => one.version)).toEqual([3, 2, 1])
  })

  test('of settings are checked where the client sends one', async () => {
    const ada = await api.as('ada')
    const old = { 'if-match': '"0"' }
    expect((await ada.send('PATCH', '/settings', { banner: 'a' }, old)).status).toBe(412)
    const changed = await ada.send('PATCH', '/settings', { banner: 'a' }, { 'if-match': '"1"' })
    expect(changed).toMatchObject({ status: 200, body: { version: 2, banner: 'a' } })
    expect((await ada.send('PATCH', '/settings', { banner: 'b' })).body.version).toBe(3)
  })
})

describe('small things', () => {
  test('preferences are kept, and a time zone must exist', async () => {
    const alice = await api.as('alice')
    const changed = await alice.send('PATCH', '/me/preferences', {
      locale: 'ja',
      timeZone: 'Asia/Tokyo',
    })
    expect(changed.body).toMatchObject({ locale: 'ja', timeZone: 'Asia/Tokyo', theme: 'system' })
    await alice.send('PATCH', '/me/preferences', { theme: 'dark' })
    expect((await alice.get('/me')).body).toMatchObject({
      userId: people.alice,
      preferences: { locale: 'ja', theme: 'dark' },
      portalUrl: 'https://portal.example.com/start',
      banner: '',
    })
    const wrong = await alice.send('PATCH', '/me/preferences', { timeZone: 'Mars/Olympus' })
    expect(wrong).toMatchObject({ status: 400, body: { errors: [{ field: 'timeZone' }] } })
  })

  test('a preview says why not, changes nothing, and learns of standing access without waiting', async () => {
    await policies()
    const alice = await api.as('alice')
    const body = submission({ targets: [prodReadOnly, prodAdmin], justification: '' })
    const first = await alice.post('/requests/preview', body)
    expect(first.body.targets).toMatchObject([
      {
        allowed: true,
        held: 'unknown',
        approvalsRequired: 1,
        endsAbout: '2026-11-24T10:00:00.000Z',
      },
      {
        allowed: false,
        code: 'not_eligible',
        params: { failed: 'permissionSet' },
        explanation: { failedPart: 'permissionSet' },
      },
    ])
    await api.world.looks.settled()
    const second = await alice.post('/requests/preview', body)
    expect(second.body.targets[0].held).toBe('none')
    expect(api.world.aws.looks).toBe(1)
    expect(await api.world.db.selectFrom('request').selectAll().execute()).toEqual([])
  })

  test('a submission is read back by those who may see any of it', async () => {
    await policies()
    const { submissionId } = await asked()
    const bob = await api.as('bob')
    expect((await bob.get(`/submissions/${submissionId}`)).body.requests).toHaveLength(1)
    expect((await (await api.as('mallory')).get(`/submissions/${submissionId}`)).status).toBe(404)
  })

  test('who can approve is told with names and groups', async () => {
    await policies()
    const { id } = await asked()
    const { body } = await (await api.as('alice')).get(`/requests/${id}/approvers`)
    expect(body.approvers).toMatchObject([
      { displayName: 'Bob', groups: [{ displayName: 'TEAM approvers' }] },
      { displayName: 'Carol' },
    ])
  })

  test('who can approve is told in pages, each of them once', async () => {
    await policies()
    const { id } = await asked()
    const alice = await api.as('alice')
    const first = (await alice.get(`/requests/${id}/approvers?limit=1`)).body
    const rest = (await alice.get(`/requests/${id}/approvers?cursor=${first.nextCursor}`)).body
    const all = (await alice.get(`/requests/${id}/approvers`)).body
    expect(first.approvers).toHaveLength(1)
    expect([...first.approvers, ...rest.approvers]).toEqual(all.approvers)
    expect([first.approverCount, rest.nextCursor]).toEqual([all.approvers.length, null])
  })

  test('the directory is searched, and says what is not offered and why', async () => {
    const ada = await api.as('ada')
    const { body } = await ada.get('/directory/accounts?limit=10')
    expect(body.items).toContainEqual(
      expect.objectContaining({ name: 'Closed', notOfferedWhy: 'account_not_active' }),
    )
    const accepted = await ada.post('/directory/refresh', {})
    expect(accepted.status).toBe(202)
    const { latest } = (await ada.get('/directory/status')).body
    expect(latest).toMatchObject({ refreshId: accepted.body.refreshId, state: 'queued' })
  })

  test('every route is described, with what it answers', async () => {
    const { body } = await api.app.inject('/api/openapi.json')
    const { paths } = JSON.parse(body)
    const answers = Object.entries<Record<string, { responses: object }>>(paths)
      .filter(([path]) => path.startsWith('/api/v1/') && path !== '/api/v1/stream')
      .flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { responses }]) => [
          `${method} ${path}`,
          Object.keys(responses).some((status) => status.startsWith('2')),
        ]),
      )
    expect(answers.length).toBeGreaterThan(35)
    expect(answers.filter(([, described]) => !described)).toEqual([])
  })
})
