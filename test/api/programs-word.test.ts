/** A service token's word is that of whoever holds its secret, and not of the administrator who made it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Api, type Client, createApi } from '#test/api.ts'
import { groups, people, prodReadOnly } from '#test/factory.ts'

let api: Api
let ada: Client
let dan: Client
let secret: string

beforeEach(async () => {
  api = await createApi()
  const { owner } = api.world.database
  await owner.query('insert into directory_membership (user_id, group_id) values ($1, $2)', [
    people.dan,
    groups.admins,
  ])
  await owner.query('update directory_version set version = version + 1')
  await api.world.approval()
  ;[ada, dan] = await Promise.all([api.as('ada'), api.as('dan')])
  const made = await ada.post('/tokens', {
    kind: 'service',
    name: 'pipeline',
    scopes: ['policies:write'],
    roles: ['admin'],
    expiresAt: new Date(api.world.clock.now().getTime() + 86_400_000).toISOString(),
  })
  secret = made.body.secret
})
afterEach(() => api.close())

/** Whoever runs the pipeline has its secret. */
async function byProgram(subject: object): Promise<{ status: number; proposalId: string }> {
  const sent = await api.app.inject({
    method: 'POST',
    url: '/api/v1/eligibility-policies',
    headers: { authorization: `Bearer ${secret}` },
    payload: {
      subject,
      targets: { accounts: [prodReadOnly.accountId], organizationalUnits: [], root: false },
      permissionSets: ['*'],
      maxDurationMinutes: 120,
      approvalRequired: false,
    },
  })
  return { status: sent.statusCode, proposalId: sent.json().proposalId }
}

async function asksFor(client: Client): Promise<string> {
  const body = { targets: [prodReadOnly], durationMinutes: 60, justification: 'Looking' }
  const sent = await client.post('/requests', body)
  return sent.body.requests?.[0]?.status ?? sent.body.code
}

const dansOwn = { type: 'user', id: people.dan }

test('an administrator who widens for themselves with it needs another’s approval', async () => {
  expect((await byProgram(dansOwn)).status).toBe(201)
  expect(await asksFor(dan)).toBe('pending')
})

test('and where they are the only one who accepted it, too', async () => {
  await api.world.settings({ secondAdmin: true })
  const { status, proposalId } = await byProgram(dansOwn)
  expect(status).toBe(202)
  expect((await dan.post(`/proposals/${proposalId}/accept`, {})).status).toBe(200)
  expect(await asksFor(dan)).toBe('pending')
})

test('what another administrator accepted is another’s word', async () => {
  await api.world.settings({ secondAdmin: true })
  const { owner } = api.world.database
  await owner.query('insert into directory_membership (user_id, group_id) values ($1, $2)', [
    people.carol,
    groups.admins,
  ])
  await owner.query('update directory_version set version = version + 1')
  const { proposalId } = await byProgram(dansOwn)
  const carol = await api.as('carol')
  expect((await carol.post(`/proposals/${proposalId}/accept`, {})).status).toBe(200)
  expect(await asksFor(dan)).toBe('scheduled')
})

test('a policy for others takes effect for them at once', async () => {
  expect((await byProgram({ type: 'user', id: people.alice })).status).toBe(201)
  expect(await asksFor(await api.as('alice'))).toBe('scheduled')
})
