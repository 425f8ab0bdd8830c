/** Deciding together: one word on a submission, a result for each of its requests, and hints. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from '#test/api.ts'
import {
  accounts,
  devReadOnly,
  groups,
  type PersonName,
  people,
  permissionSets,
  prodReadOnly,
} from '#test/factory.ts'

let api: Api
beforeEach(async () => {
  api = await createApi()
  await api.world.eligibility({ permissionSets: ['ReadOnlyAccess', 'Billing', 'Admin*'] })
  await api.world.approval()
})
afterEach(() => api.close())

const billing = { accountId: accounts.dev, permissionSetArn: permissionSets.billing }
const three = [prodReadOnly, devReadOnly, billing]

async function asked(name: PersonName = 'alice', change: object = {}) {
  const answer = await (await api.as(name)).post('/requests', {
    targets: three,
    durationMinutes: 60,
    justification: '「障害対応」',
    ...change,
  })
  expect(answer.status).toBe(201)
  return answer.body as { submissionId: string; requests: { id: string; accountId: string }[] }
}
async function decided(
  name: PersonName,
  submissionId: string,
  verb: 'approve' | 'reject' = 'approve',
  body: object = {},
) {
  return (await api.as(name)).post(`/submissions/${submissionId}/${verb}`, body)
}
const outcomes = (body: { results: { outcome: string; code?: string }[] }) =>
  body.results.map(({ outcome, code }) => (code ? `${outcome}: ${code}` : outcome))
const votes = async (submissionId: string) =>
  (await (await api.as('audrey')).get(`/submissions/${submissionId}`)).body.requests.map(
    ({ status, approvals }: { status: string; approvals: unknown[] }) =>
      `${status} ${approvals.length}`,
  ) as string[]

describe('a word on a submission', () => {
  test('decides each of its requests, with an event and a grant of its own', async () => {
    const { submissionId, requests } = await asked()
    const { status, body } = await decided('bob', submissionId, 'approve', { comment: '承認' })
    expect([status, outcomes(body)]).toEqual([200, ['approved', 'approved', 'approved']])
    expect(await votes(submissionId)).toEqual(Array(3).fill('scheduled 1'))
    for (const { id } of requests) {
      const events = await api.world.events(id)
      expect(events.map(({ action }) => action)).toEqual(['request.submit', 'request.approve'])
      expect(events[1]?.payload).toMatchObject({ comment: '承認', outcome: 'approved' })
    }
    expect((await (await api.as('audrey')).get('/audit/verify')).body.ok).toBe(true)
  })

  test('rejects all as well, and only those that it names', async () => {
    const { submissionId, requests } = await asked()
    const chosen = requests.slice(0, 2).map(({ id }) => id)
    const { body } = await decided('bob', submissionId, 'reject', { requestIds: chosen })
    expect(outcomes(body)).toEqual(['rejected', 'rejected'])
    expect((await votes(submissionId)).toSorted()).toEqual([
      'pending 0',
      'rejected 1',
      'rejected 1',
    ])
  })

  test('decides what is left where others were first, and says who they were', async () => {
    const { submissionId, requests } = await asked()
    const first = requests[0]?.id
    await (await api.as('carol')).post(`/requests/${first}/reject`)
    const { status, body } = await decided('bob', submissionId)
    expect(status).toBe(200)
    expect(outcomes(body).toSorted()).toEqual(['approved', 'approved', 'refused: already_decided'])
    const refused = body.results.find((one: { outcome: string }) => one.outcome === 'refused')
    expect(refused).toMatchObject({
      requestId: first,
      params: { byName: 'carol@example.com' },
      request: { status: 'rejected' },
    })
  })

  test('touches nothing that its speaker does not decide on, and does not show it', async () => {
    await api.world.approval({
      targets: { accounts: [accounts.prod], organizationalUnits: [], root: false },
      approverGroups: [groups.seconds],
      exclusive: true,
    })
    const { submissionId } = await asked()
    const { body } = await decided('bob', submissionId)
    expect(outcomes(body)).toEqual(['approved', 'approved'])
    expect(JSON.stringify(body)).not.toContain(accounts.prod)
    expect((await votes(submissionId)).toSorted()).toEqual([
      'pending 0',
      'scheduled 1',
      'scheduled 1',
    ])
  })

  test('is refused whole to strangers, to who asked, and to who only reads', async () => {
    const { submissionId, requests } = await asked('bob')
    for (const verb of ['approve', 'reject'] as const) {
      for (const [name, status, code] of [
        ['mallory', 404, 'not_found'],
        ['erin', 404, 'not_found'],
        ['bob', 403, 'own_request'],
        ['audrey', 403, 'not_allowed'],
        ['ada', 403, 'not_allowed'],
      ] as const) {
        const answer = await decided(name, submissionId, verb)
        expect([name, answer.status, answer.body.code]).toEqual([name, status, code])
      }
    }
    const foreign = await asked('alice', { targets: [prodReadOnly] })
    const mixed = [requests[0]?.id, foreign.requests[0]?.id]
    expect((await decided('carol', submissionId, 'approve', { requestIds: mixed })).status).toBe(
      404,
    )
    expect((await decided('carol', crypto.randomUUID())).status).toBe(404)
    const path = `/api/v1/submissions/${submissionId}/approve`
    expect((await api.app.inject({ method: 'POST', url: path })).statusCode).toBe(401)
    expect(await votes(submissionId)).toEqual(Array(3).fill('pending 0'))
  })

  test('needs a comment where decisions do, before anything is decided', async () => {
    await api.world.settings({ commentRequired: true })
    const { submissionId } = await asked()
    for (const [comment, code] of [
      [null, 'comment_required'],
      ['a\u202Eb', 'text_malformed'],
    ]) {
      const answer = await decided('bob', submissionId, 'approve', { comment })
      expect([answer.status, answer.body.code]).toEqual([422, code])
    }
    expect(await votes(submissionId)).toEqual(Array(3).fill('pending 0'))
  })

  test('counts a vote where more are needed, and cannot be said twice', async () => {
    await api.world.approval({ approvalsRequired: 2 })
    const { submissionId } = await asked()
    expect(outcomes((await decided('bob', submissionId)).body)).toEqual(Array(3).fill('approved'))
    expect(await votes(submissionId)).toEqual(Array(3).fill('pending 1'))
    const again = await decided('bob', submissionId)
    expect(outcomes(again.body)).toEqual(Array(3).fill('refused: already_voted'))
    expect(outcomes((await decided('carol', submissionId)).body)).toEqual(Array(3).fill('approved'))
    expect(await votes(submissionId)).toEqual(Array(3).fill('scheduled 2'))
  })

  test('of two people in the same moment decides each request once', async () => {
    for (const verbs of [
      ['approve', 'approve'],
      ['approve', 'reject'],
      ['reject', 'reject'],
    ] as const) {
      const { submissionId } = await asked(verbs[1] === 'reject' ? 'erin' : 'alice')
      const answers = await Promise.all([
        decided('bob', submissionId, verbs[0]),
        decided('carol', submissionId, verbs[1]),
      ])
      const all = answers.flatMap(({ body }) => outcomes(body))
      const recorded = all.filter((one) => ['approved', 'rejected'].includes(one))
      expect(recorded).toHaveLength(3)
      expect(all.filter((one) => one.startsWith('refused'))).toEqual(
        Array(3).fill('refused: already_decided'),
      )
      for (const one of await votes(submissionId)) expect(one).toMatch(/^(scheduled|rejected) 1$/)
      for (const { id } of (await (await api.as('audrey')).get(`/submissions/${submissionId}`)).body
        .requests) {
        await (await api.as(verbs[1] === 'reject' ? 'erin' : 'alice')).post(
          `/requests/${id}/cancel`,
        )
      }
    }
  })

  test('loses to a withdrawal of one, and decides the others', async () => {
    const { submissionId, requests } = await asked()
    const [, answer] = await Promise.all([
      (await api.as('alice')).post(`/requests/${requests[1]?.id}/cancel`),
      decided('bob', submissionId),
    ])
    expect(answer.status).toBe(200)
    expect(outcomes(answer.body).filter((one) => one === 'approved').length).toBeGreaterThan(1)
    const states = (await votes(submissionId)).map((one) => one.split(' ')[0])
    expect(states.filter((one) => one === 'scheduled')).toHaveLength(2)
    expect(states.filter((one) => one === 'cancelled')).toHaveLength(1)
  })

  test('records nothing while AWS cannot confirm who speaks', async () => {
    const { submissionId } = await asked()
    const bob = await api.as('bob')
    api.world.pass(61)
    api.world.aws.answers = false
    const { status, body } = await bob.post(`/submissions/${submissionId}/approve`)
    expect([status, body.code]).toEqual([503, 'unconfirmed_with_aws'])
    api.world.aws.answers = true
    expect(await votes(submissionId)).toEqual(Array(3).fill('pending 0'))
  })
})

describe('hints', () => {
  const readAs = async (name: PersonName, id: string | undefined) =>
    (await (await api.as(name)).get(`/requests/${id}`)).body
  /** Asked, and granted or rejected; then long enough ago for the next. */
  const earlier = async (minutes: number, verb: 'approve' | 'reject' = 'approve') => {
    const { submissionId, requests } = await asked('alice', {
      targets: [prodReadOnly],
      durationMinutes: minutes,
    })
    await decided('bob', submissionId, verb)
    if (verb === 'approve') {
      await (await api.as('alice')).post(`/requests/${requests[0]?.id}/cancel`)
    }
    api.world.pass(3_600)
    return requests[0]?.id
  }

  test('are for those who may decide, while somebody has to, and for nobody else', async () => {
    const { requests } = await asked()
    const id = requests[0]?.id
    for (const name of ['alice', 'audrey', 'ada'] as const) {
      expect((await readAs(name, id)).hints).toBe(undefined)
    }
    expect((await readAs('bob', id)).hints).toMatchObject({ firstTime: true, askedLately: 0 })
    const own = await asked('bob')
    expect((await readAs('bob', own.requests[0]?.id)).hints).toBe(undefined)
    await (await api.as('carol')).post(`/requests/${id}/approve`)
    expect((await readAs('bob', id)).hints).toBe(undefined)
  })

  test('count what the same person asked for on the same target, 30 days back', async () => {
    await earlier(30)
    api.world.pass(31 * 86_400)
    for (const minutes of [30, 60, 45]) await earlier(minutes)
    await earlier(60, 'reject')
    const { requests } = await asked('alice', { justification: 'ログの調査', durationMinutes: 60 })
    const of = (accountId: string) => requests.find((one) => one.accountId === accountId)?.id
    expect((await readAs('bob', of(accounts.prod))).hints).toEqual({
      level: 'read',
      contents: null,
      firstTime: false,
      askedLately: 4,
      grantedLately: 3,
      usualMinutes: 30,
      longerThanUsual: true,
      sameWords: false,
    })
    const dev = await readAs('bob', of(accounts.dev))
    expect(dev.hints).toMatchObject({ firstTime: true, askedLately: 0, usualMinutes: null })
    const queue = (await (await api.as('bob')).get('/requests?view=to-approve')).body.items
    expect(queue.map((one: { hints: object }) => typeof one.hints)).toEqual(Array(3).fill('object'))
  })

  test('tell the same words as last time, whatever their width, and the highest level', async () => {
    await earlier(60)
    const same = await asked('alice', { targets: [prodReadOnly], justification: '「障害対応」' })
    expect((await readAs('bob', same.requests[0]?.id)).hints).toMatchObject({ sameWords: true })
    const admin = { accountId: accounts.prod, permissionSetArn: permissionSets.admin }
    const high = await asked('alice', { targets: [admin] })
    expect((await readAs('bob', high.requests[0]?.id)).hints).toMatchObject({ level: 'admin' })
  })

  test('come with the earlier requests themselves, to whoever may see those', async () => {
    const first = await earlier(30)
    const second = await earlier(60)
    const { requests } = await asked('alice', { targets: [prodReadOnly] })
    const path = `/requests/${requests[0]?.id}/earlier`
    const ids = async (name: PersonName) =>
      (await (await api.as(name)).get(path)).body.items.map((one: { id: string }) => one.id)
    expect(await ids('bob')).toEqual([second, first])
    expect(await ids('alice')).toEqual([second, first])
    expect((await (await api.as('mallory')).get(path)).status).toBe(404)
    expect((await (await api.as('erin')).get(path)).status).toBe(404)
    expect(people.alice).toBe((await readAs('bob', first)).requester.userId)
  })
})
