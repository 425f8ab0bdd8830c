import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Api, createApi } from '#test/api.ts'
import { accounts, groups, ous, people, permissionSets, prodReadOnly } from '#test/factory.ts'

let api: Api
beforeEach(async () => {
  api = await createApi()
})
afterEach(() => api.close())

const root = { accounts: [], organizationalUnits: [], root: true }
const eligibility = (change: object = {}) => ({
  subject: { type: 'group', id: groups.users },
  targets: root,
  permissionSets: ['ReadOnlyAccess'],
  maxDurationMinutes: 120,
  ...change,
})
const approver = (change: object = {}) => ({
  targets: root,
  approverGroups: [groups.approvers],
  ...change,
})
const preview = async (body: object, name: 'ada' | 'audrey' = 'ada') =>
  (await api.as(name)).post('/eligibility-policies/preview', body)
const previewApprover = async (body: object) =>
  (await api.as('ada')).post('/approver-policies/preview', body)
const nowhere = '00000000-0000-4000-8000-00000000dead'

async function liveGrant() {
  await api.world.approval()
  const id = await api.world.eligibility({ approvalRequired: false })
  const requestId = await api.world.submit('alice', { targets: [prodReadOnly] })
  await api.world.activate(requestId)
  return { id, requestId }
}

describe('the preview of an eligibility policy', () => {
  test('tells who gains what, and what OUs and patterns match, and writes nothing', async () => {
    const { status, body } = await preview(
      eligibility({
        targets: {
          accounts: [],
          organizationalUnits: [{ id: ous.workloads, scope: 'subtree' }],
          root: false,
        },
        permissionSets: ['Read*'],
      }),
      'audrey',
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({
      matches: {
        accounts: { count: 2 },
        organizationalUnits: [{ id: ous.workloads, scope: 'subtree', accounts: 2 }],
        patterns: [{ pattern: 'Read*', sets: { count: 1, items: [{ name: 'ReadOnlyAccess' }] } }],
      },
      widens: ['created'],
      people: 3,
      peopleCompared: 3,
      totals: [{ effect: 'gains', people: 3, keys: 6 }],
      groupCount: 1,
      groups: [
        {
          effects: ['gains'],
          people: { count: 3, items: [{ userId: people.alice, displayName: 'Alice' }, {}, {}] },
          accounts: { count: 2, items: [{ name: 'Dev sandbox' }, { name: 'Prod payments' }] },
          permissionSets: { count: 1, items: [{ id: permissionSets.readOnly }] },
          before: null,
          after: { maxDurationMinutes: 120, approvalRequired: true },
        },
      ],
      ending: { count: 0, items: [] },
    })
    expect((await api.world.events()).map(({ action }) => action)).toEqual(['sign-in.accept'])
  })

  test('of another version tells longer and approval dropped apart for those whom others hold', async () => {
    const terms = { permissionSets: ['ReadOnlyAccess'], maxDurationMinutes: 60 }
    const id = await api.world.eligibility(terms)
    // Bob stands under a second policy, that keeps demanding approval.
    await api.world.eligibility({
      ...terms,
      subject: { type: 'group', id: groups.approvers },
      targets: { accounts: [accounts.prod], organizationalUnits: [], root: false },
    })
    const { body } = await preview({
      ...eligibility({ approvalRequired: false, maxDurationMinutes: 500 }),
      replaces: id,
    })
    expect(body.people).toBe(3)
    const of = (effect: string) =>
      body.totals.find((one: { effect: string }) => one.effect === effect)
    const byEffects = body.groups.map((one: { effects: string[]; people: { count: number } }) => [
      one.effects.join(' '),
      one.people.count,
    ])
    expect(byEffects).toContainEqual(['longer', 1])
    expect(of('approval_dropped').people).toBe(3)
    expect(body.widens).toEqual(expect.arrayContaining(['longer', 'approval_lowered']))
  })

  test('of a deletion lists the grants that would end, by name', async () => {
    const { id, requestId } = await liveGrant()
    const { body } = await preview({ deletes: id })
    expect(body).toMatchObject({
      matches: null,
      totals: [{ effect: 'loses', people: 3 }],
      ending: {
        count: 1,
        items: [
          {
            requestId,
            userId: people.alice,
            displayName: 'Alice',
            accountName: 'Prod payments',
            permissionSetName: 'ReadOnlyAccess',
          },
        ],
      },
    })
  })

  test('ends nothing where the setting is off, or another policy keeps it', async () => {
    const { id } = await liveGrant()
    await api.world.settings({ endOnLostEligibility: false })
    expect((await preview({ deletes: id })).body.ending.count).toBe(0)
    await api.world.settings({ endOnLostEligibility: true })
    await api.world.eligibility({ subject: { type: 'user', id: people.alice } })
    expect((await preview({ deletes: id })).body.ending.count).toBe(0)
  })

  test('is refused like saving is, and where there is nothing to replace', async () => {
    expect(await preview(eligibility({ maxDurationMinutes: 0 }))).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'maxDurationMinutes' }] },
    })
    expect(await preview(eligibility({ subject: { type: 'group', id: nowhere } }))).toMatchObject({
      status: 422,
      body: { code: 'unknown_id', errors: [{ field: 'subject.id' }] },
    })
    expect((await preview({ ...eligibility(), replaces: nowhere })).status).toBe(404)
    expect((await preview({ deletes: nowhere })).status).toBe(404)
    expect((await preview({ ...eligibility(), deletes: nowhere })).status).toBe(400)
    const alice = await api.as('alice')
    expect((await alice.post('/eligibility-policies/preview', eligibility())).status).toBe(403)
    expect((await alice.post('/approver-policies/preview', approver())).status).toBe(403)
  })
})

describe('the preview of an approver policy', () => {
  test('tells what an exclusive one sets aside, and of empty groups and short quorums', async () => {
    const plain = await api.world.approval()
    const { status, body } = await previewApprover(
      approver({ approverGroups: [groups.seconds], approvalsRequired: 2, exclusive: true }),
    )
    expect(status).toBe(200)
    expect(body).toMatchObject({
      widens: ['created'],
      approverGroups: [{ id: groups.seconds, name: 'TEAM seconds', members: 1 }],
      gaining: { count: 1, items: [{ userId: people.dan }] },
      losing: { count: 2 },
      setAside: [{ policyId: plain, approverGroups: [groups.approvers], targets: 6 }],
      groups: [
        {
          effects: [
            'left_with_too_few',
            'approvers_added',
            'sets_aside',
            'more_needed',
            'approvers_removed',
          ],
          after: { exclusive: true, tooFew: { needed: 2, available: 1 } },
        },
      ],
    })
  })

  test('of the first one, for a group that no policy names yet, warns of no lack of people', async () => {
    const { body } = await previewApprover(approver())
    expect(body.warnings).toEqual([])
    expect(body.totals).toContainEqual({ effect: 'enough_again', targets: 6 })
  })

  test('of a deletion tells of targets left with nobody', async () => {
    const id = await api.world.approval()
    const { body } = await previewApprover({ deletes: id })
    expect(body.totals).toEqual([
      { effect: 'left_with_too_few', targets: 6 },
      { effect: 'approvers_removed', targets: 6 },
    ])
  })
})

describe('a change that would end live grants', () => {
  const path = (id: string) => `/eligibility-policies/${id}`
  const first = { 'if-match': '"1"' }

  test('is refused with their list until their number is confirmed', async () => {
    const { id, requestId } = await liveGrant()
    const ada = await api.as('ada')
    const narrower = eligibility({ permissionSets: ['Billing'] })
    const refused = await ada.send('PUT', path(id), narrower, first)
    expect(refused).toMatchObject({
      status: 409,
      body: {
        code: 'ends_live_grants',
        params: { count: 1, grants: [{ requestId, accountName: 'Prod payments' }] },
        errors: [{ field: 'confirmEnding' }],
      },
    })
    const wrong = await ada.send('PUT', path(id), { ...narrower, confirmEnding: 2 }, first)
    expect(wrong.status).toBe(409)
    expect((await ada.get(path(id))).body.version).toBe(1)
    const done = await ada.send('PUT', path(id), { ...narrower, confirmEnding: 1 }, first)
    expect(done).toMatchObject({ status: 200, body: { version: 2, permissionSets: ['Billing'] } })
    expect(done.body.confirmEnding).toBeUndefined()
  })

  test('by deletion too, where the number is in the query', async () => {
    const { id } = await liveGrant()
    const ada = await api.as('ada')
    const refused = await ada.send('DELETE', path(id), undefined, first)
    expect(refused).toMatchObject({ status: 409, body: { params: { count: 1 } } })
    const query = `${path(id)}?confirmEnding=1`
    expect((await ada.send('DELETE', query, undefined, first)).status).toBe(204)
  })

  test('needs no word where only its maximum, ticket or approval rule changes', async () => {
    const { id } = await liveGrant()
    const stricter = eligibility({ maxDurationMinutes: 1, ticketRequired: true })
    const ada = await api.as('ada')
    expect((await ada.send('PUT', path(id), stricter, first)).status).toBe(200)
  })
})
