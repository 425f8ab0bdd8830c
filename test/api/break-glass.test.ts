/** Access without approval, by those who may have it and by those who should not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Preview, Request } from '#contract/request.ts'
import type { Person, ProblemBody } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let auditor: Person
let owner: Person
let approver: Person
let other: Person
let stranger: Person
let glass: TargetNamed
let plain: TargetNamed

beforeAll(async () => {
  scene = await createScene()
  const { world } = scene
  admin = await world.person('test-admin')
  auditor = await world.person('test-auditor')
  owner = await world.person('test-user')
  approver = await world.person('sam.carter')
  other = await world.person('naoko.mori')
  stranger = await world.person('priya.raman')
  glass = scene.target('payments-prod', 'PowerUserAccess')
  plain = scene.target('payments-prod', 'ReadOnlyAccess')
  await scene.eligibility(admin, { maxDurationMinutes: 240 })
  await scene.eligibility(admin, {
    maxDurationMinutes: 30,
    permissionSets: ['PowerUserAccess'],
    breakGlass: true,
  })
  await scene.approval(admin)
})
afterAll(() => scene.close())

const body = (change: object = {}) => ({
  targets: [glass],
  durationMinutes: 30,
  justification: 'Payments are down',
  breakGlass: true,
  ...change,
})
const ask = (change: object = {}, person = owner) =>
  person.post<{ requests: Request[] } & ProblemBody>('/requests', body(change))
const review = (person: Person, id: string, change: object = {}) =>
  person.post<Request & ProblemBody>(`/requests/${id}/review`, {
    outcome: 'justified',
    comment: 'Seen in the logs',
    ...change,
  })

test('the story: asked for, given, told, reviewed', async () => {
  const { body: offered } = await owner.get<{ items: object[] }>(
    `/eligible-accounts/${glass.accountId}/permission-sets`,
  )
  expect(offered.items).toContainEqual(
    expect.objectContaining({
      permissionSetArn: glass.permissionSetArn,
      maxDurationMinutes: 240,
      breakGlass: true,
      breakGlassMaxDurationMinutes: 30,
    }),
  )
  const { body: preview } = await owner.post<Preview>('/requests/preview', body())
  expect(preview.targets).toMatchObject([{ allowed: true, approvalsRequired: 0 }])

  const { status, body: made } = await ask()
  expect(status).toBe(201)
  const [request] = made.requests as [Request]
  expect(request).toMatchObject({
    status: 'scheduled',
    breakGlass: true,
    approvalRequired: false,
    review: { by: null, outcome: null, at: null },
  })
  await scene.world.pass(6)
  expect(scene.holders(glass)).toEqual(['test-user'])
  const mails = (await scene.world.mails()).filter(({ subject }) =>
    /^Break-glass used/.test(subject),
  )
  expect(
    mails
      .flatMap(({ to }) => to)
      .map((to) => to.split('@')[0])
      .toSorted(),
  ).toEqual(['naoko.mori', 'sam.carter', 'test-admin', 'test-auditor', 'test-user'])
  const { body: waiting } = await approver.get<{ items: Request[] }>('/requests?view=review')
  expect(waiting.items.map(({ id }) => id)).toEqual([request.id])

  expect(await review(approver, request.id)).toMatchObject({
    status: 200,
    body: {
      review: {
        by: { userName: 'sam.carter' },
        outcome: 'justified',
        comment: 'Seen in the logs',
      },
    },
  })
  const { body: left } = await other.get<{ items: Request[] }>('/requests?view=review')
  expect(left.items).toEqual([])
  const { body: trail } = await auditor.get<{ items: { action: string }[] }>(
    `/requests/${request.id}/events`,
  )
  const actions = trail.items.map(({ action }) => action)
  expect(actions).toEqual(expect.arrayContaining(['request.break_glass', 'request.reviewed']))
  await owner.post(`/requests/${request.id}/return`)
  await scene.world.pass(15)
  expect(scene.holders(glass)).toEqual([])
})

describe('break-glass is refused', () => {
  const later = () => new Date(scene.world.now().getTime() + 60_000).toISOString()
  const rules: [string, () => object, number, string][] = [
    ['where policies give access, but not so', () => ({ targets: [plain] }), 403, 'not_eligible'],
    ['beside a target where they do', () => ({ targets: [glass, plain] }), 403, 'not_eligible'],
    [
      'for longer than such a policy gives',
      () => ({ durationMinutes: 31 }),
      422,
      'duration_too_long',
    ],
    ['for later', () => ({ startsAt: later() }), 403, 'break_glass_not_allowed'],
    ['without a reason', () => ({ justification: ' ' }), 422, 'text_malformed'],
    ['as an extension', () => ({ extends: crypto.randomUUID() }), 400, 'malformed'],
    ['with a review of one’s own', () => ({ review: { outcome: 'justified' } }), 400, 'malformed'],
  ]
  for (const [name, change, status, code] of rules) {
    test(name, async () => {
      const before = await auditor.get<{ items: object[] }>('/requests?view=all&limit=200')
      expect(await ask(change())).toMatchObject({ status, body: { code } })
      const after = await auditor.get<{ items: object[] }>('/requests?view=all&limit=200')
      expect(after.body.items.length).toBe(before.body.items.length)
    })
  }

  test('to who is in no such group, with the same answer as for any access', async () => {
    expect(await ask({}, auditor)).toMatchObject({ status: 403, body: { code: 'not_eligible' } })
  })
})

describe('a review', () => {
  test('is not given by oneself, an administrator, an auditor, or a stranger', async () => {
    const [request] = (await ask()).body.requests as [Request]
    expect(await review(owner, request.id)).toMatchObject({
      status: 403,
      body: { code: 'own_request' },
    })
    expect(await review(admin, request.id)).toMatchObject({
      status: 403,
      body: { code: 'not_allowed' },
    })
    expect(await review(auditor, request.id)).toMatchObject({ status: 403 })
    expect(await review(stranger, request.id)).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    })
    expect((await owner.request(request.id)).review?.outcome).toBeNull()
  })

  test('is given once, whoever comes at the same moment', async () => {
    const [request] = (await ask()).body.requests as [Request]
    const both = await Promise.all([
      review(approver, request.id),
      review(other, request.id, { outcome: 'not_justified' }),
    ])
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409])
    expect(await review(approver, request.id, { outcome: 'not_justified' })).toMatchObject({
      status: 409,
      body: { code: 'already_reviewed' },
    })
    const { body: trail } = await auditor.get<{ items: { action: string }[] }>(
      `/requests/${request.id}/events`,
    )
    expect(trail.items.filter(({ action }) => action === 'request.reviewed')).toHaveLength(1)
  })

  test('is one of two words with a comment, and nothing else', async () => {
    const [request] = (await ask()).body.requests as [Request]
    for (const change of [
      { outcome: 'fine' },
      { comment: null },
      { by: 'naoko.mori' },
      { at: '2026-01-01T00:00:00.000Z' },
    ]) {
      expect(await review(approver, request.id, change)).toMatchObject({ status: 400 })
    }
    expect(await review(approver, request.id, { comment: '' })).toMatchObject({
      status: 422,
      body: { code: 'comment_required' },
    })
    expect(await review(approver, request.id)).toMatchObject({ status: 200 })
  })

  test('that is late is told once, and bars from more until it is given', async () => {
    const [request] = (await ask()).body.requests as [Request]
    await scene.world.leap(24 * 3600 + 120)
    await scene.world.pass(3)
    const signedIn = await scene.world.person('test-user')
    expect(await ask({}, signedIn)).toMatchObject({ status: 409, body: { code: 'review_overdue' } })
    const mails = () =>
      scene.world.mails().then((all) => all.filter((one) => isAbout(one, request)))
    const told = await mails()
    expect(told.length).toBeGreaterThanOrEqual(5)
    await scene.world.leap(3600)
    await scene.world.pass(2)
    expect(await mails()).toHaveLength(told.length)
    const reviewer = await scene.world.person('sam.carter')
    const { body: open } = await reviewer.get<{ items: Request[] }>('/requests?view=review')
    for (const { id } of open.items) await review(reviewer, id)
    const again = await scene.world.person('test-user')
    expect((await ask({}, again)).status).toBe(201)
  })
})

function isAbout({ subject, text }: { subject: string; text: string }, { id }: Request): boolean {
  return subject.startsWith('Review due') && text.includes(id)
}
