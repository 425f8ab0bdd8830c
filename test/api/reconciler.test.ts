/** What administrators see of the engine and may do to it, over the API and by mail. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReconcilerKey, ReconcilerStatus } from '#contract/reconciler.ts'
import { reserve } from '#server/engine/budget.ts'
import type { Person } from '#test/person.ts'
import { createScene, type Scene, type TargetNamed } from './scene.ts'

let scene: Scene
let admin: Person
let auditor: Person
let owner: Person
let target: TargetNamed

beforeAll(async () => {
  scene = await createScene()
  admin = await scene.world.person('test-admin')
  auditor = await scene.world.person('test-auditor')
  owner = await scene.world.person('test-user')
  await scene.eligibility(admin, { approvalRequired: false })
  await scene.approval(admin)
  target = scene.target('payments-prod', 'ReadOnlyAccess')
})
afterAll(() => scene.close())

const keys = async (state: string, person = auditor): Promise<ReconcilerKey[]> => {
  const { status, body } = await person.get<{ items: ReconcilerKey[] }>(
    `/reconciler/keys?state=${state}`,
  )
  expect(status).toBe(200)
  return body.items
}
const reconciler = async () => (await auditor.get<ReconcilerStatus>('/reconciler/status')).body
const subjectsTo = async (name: string) =>
  (await scene.world.mails())
    .filter(({ to }) => to.includes(`${name}@example.com`))
    .map(({ subject }) => subject)

describe('the state of the engine', () => {
  test('says who leads since when, and when the loop last went round', async () => {
    await scene.world.pass(3)
    const { leader, lastPassAt, creationsHeld, heldRefresh, peopleWatched } = await reconciler()
    const now = scene.world.now().getTime()
    expect(now - Date.parse(lastPassAt ?? '')).toBeLessThanOrEqual(1_000)
    expect(leader).toMatchObject({ epoch: 1, holder: expect.stringContaining(`${process.pid}`) })
    expect(Date.parse(leader.since ?? '')).toBeLessThanOrEqual(Date.parse(lastPassAt ?? ''))
    expect(peopleWatched).toEqual({ people: 0, everySeconds: 60 })
    expect({ creationsHeld, heldRefresh }).toEqual({ creationsHeld: null, heldRefresh: null })
  })

  test('says what is left of AWS’s quotas, and how many calls wait', async () => {
    await reserve(scene.world.database.db, 'organizations', 1_000)
    const bucket = (await reconciler()).awsBudget.find((one) => one.bucket === 'organizations')
    expect(bucket).toMatchObject({ burst: 7, perSecond: 4 })
    expect(bucket?.tokens).toBeLessThan(0)
  })

  test('counts what is drift, and the list names who has it where', async () => {
    const request = await scene.ask(owner, target)
    await scene.world.pass(10)
    await scene.world.control('POST', 'assignments', {
      userName: 'priya.raman',
      ...target,
    })
    await scene.world.leap(301)
    await scene.world.pass(5)
    expect(await reconciler()).toMatchObject({ drift: 1, keysHeld: 1, keysLate: 0 })
    expect(await keys('drift')).toMatchObject([
      {
        id: null,
        person: { userName: 'priya.raman' },
        group: null,
        ...target,
        accountName: 'payments-prod',
        permissionSetName: 'ReadOnlyAccess',
        held: false,
        actions: [],
      },
    ])
    await owner.post(`/requests/${request.id}/return`)
    await scene.world.pass(15)
  }, 60_000)
})

describe('a key', () => {
  test('whose removal is late is told by one mail each, acknowledged, and goes when it goes', async () => {
    const request = await scene.ask(owner, target, { durationMinutes: 1 })
    await scene.world.pass(10)
    scene.fault({ operation: 'DeleteAccountAssignment', error: 'AccessDeniedException' })
    await scene.world.leap(70)
    for (let minutes = 0; minutes < 3; minutes += 1) await scene.world.pass(60)
    const [late] = await keys('late')
    expect(late).toMatchObject({
      person: { userName: 'test-user' },
      late: { acknowledged: null },
      lastError: expect.stringContaining('delete-account-assignment'),
      grants: [{ requestId: request.id, status: 'ending' }],
    })
    const subject = `Removal is late: ReadOnlyAccess in payments-prod (${target.accountId})`
    for (const name of ['test-user', 'test-admin', 'test-auditor', 'sam.carter']) {
      expect(
        (await subjectsTo(name)).filter((one) => one === subject),
        name,
      ).toHaveLength(1)
    }
    const path = `/reconciler/keys/${late?.id}/acknowledge`
    expect((await auditor.post(path, { comment: 'Seen' })).status).toBe(403)
    const answer = await admin.post<ReconcilerKey>(path, { comment: 'Asked the owners' })
    expect(answer).toMatchObject({
      status: 200,
      body: { late: { acknowledged: { userName: 'test-admin', comment: 'Asked the owners' } } },
    })
    expect(await admin.post(path, { comment: 'Again' })).toMatchObject({
      status: 409,
      body: { code: 'already_acknowledged' },
    })
    scene.clearFaults()
    await scene.world.leap(16 * 60)
    await scene.world.pass(15)
    expect(await keys('late')).toEqual([])
    expect((await owner.request(request.id)).status).toBe('ended')
    const mails = await scene.world.mails()
    const ended = mails.find(
      ({ to, subject: said, text }) =>
        to.includes('test-user@example.com') &&
        said.startsWith('Access has ended') &&
        text.includes(request.id),
    )
    expect(ended?.text).toMatch(/Longer than planned by: \d+ minutes/)
  }, 120_000)

  test('that is handed over stays in AWS; the requester and the auditors are told the truth', async () => {
    const request = await scene.ask(owner, target)
    await scene.world.pass(10)
    const [held] = await keys('held')
    const path = `/reconciler/keys/${held?.id}/release`
    expect(await admin.post(path, {})).toMatchObject({ body: { code: 'comment_required' } })
    const answer = await admin.post<ReconcilerKey>(path, { comment: 'The platform team has it' })
    expect(answer).toMatchObject({ status: 200, body: { held: false, grants: [] } })
    await scene.world.pass(10)
    expect(scene.holders(target)).toContain('test-user')
    const after = await owner.request(request.id)
    expect(after).toMatchObject({
      status: 'revoked',
      endReason: 'released',
      sessionsMayLiveUntil: null,
      stopComment: 'The platform team has it',
    })
    expect(await subjectsTo('test-auditor')).toContain(
      `Handed over: ReadOnlyAccess in payments-prod (${target.accountId}) for Test User (test-user)`,
    )
    const mails = await scene.world.mails()
    const told = mails.findLast(({ to }) => to.includes('test-user@example.com'))
    const words = told?.text.replace(/\s+/g, ' ') ?? ''
    expect(words).toContain('is not managed by TEAM any more and was not removed')
    expect(words).not.toContain('AWS has confirmed that the access is removed')
    expect(await admin.post(path, { comment: 'Again' })).toMatchObject({
      status: 409,
      body: { code: 'not_held' },
    })
  }, 60_000)
})
