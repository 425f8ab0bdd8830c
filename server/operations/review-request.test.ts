import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RequestId } from '#core/ids.ts'
import type { Submission } from '#core/submission.ts'
import type { ReviewOutcome } from '#server/store/reviews.ts'
import {
  accounts,
  createWorld,
  devReadOnly,
  groups,
  type PersonName,
  people,
  prodReadOnly,
  type World,
} from '#test/factory.ts'
import { countForMe, listRequests } from './list-requests.ts'
import { readRequest } from './read-request.ts'
import { remindOfReviews } from './remind-of-reviews.ts'
import { reviewRequest } from './review-request.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
  await world.eligibility({ breakGlass: true })
  await world.approval()
})
afterEach(() => world.close())

const hours = (count: number) => count * 3600
const glass = (change: Partial<Submission> = {}) =>
  world.submit('alice', { breakGlass: true, ...change })

async function review(id: RequestId, name: PersonName = 'bob', change: object = {}) {
  const given = { outcome: 'justified' as ReviewOutcome, comment: 'Seen in the logs', ...change }
  await reviewRequest(world.ports, { actor: await world.actor(name), requestId: id, ...given })
}

const codeOf = (made: Promise<unknown>) =>
  made.then(
    () => 'made',
    (error: unknown) => (error instanceof Error && 'code' in error ? error.code : error),
  )

async function listed(name: PersonName, query: object = {}): Promise<string[]> {
  const asked = { view: 'review', sort: 'createdAt', limit: 50, ...query } as const
  const { items } = await listRequests(world.ports, await world.actor(name), asked)
  return items.map(({ id }) => id)
}

describe('break-glass', () => {
  test('is granted at once without approval, told at once, and put up for review', async () => {
    const id = await glass()
    const at = world.clock.now()
    expect(await world.request(id)).toMatchObject({
      status: 'scheduled',
      breakGlass: true,
      approvalRequired: false,
      grant: { immediate: true, dueAt: at },
      review: { dueAt: new Date(at.getTime() + hours(24) * 1000), given: null },
    })
    expect(world.told).toEqual([{ event: 'break_glass_used', requestId: id }])
    const events = await world.events(id)
    expect(events.map(({ action }) => action)).toEqual(['request.submit', 'request.break_glass'])
  })

  test('counts only policies that give it: their targets, and their longest duration', async () => {
    await world.eligibility({
      maxDurationMinutes: 30,
      permissionSets: ['Billing'],
      breakGlass: true,
    })
    await world.eligibility({ maxDurationMinutes: 200, permissionSets: ['*'] })
    expect(await codeOf(glass({ durationMinutes: 121 }))).toBe('duration_too_long')
    expect(await codeOf(world.submit('alice', { durationMinutes: 121 }))).toBe('made')
    const admin = { accountId: accounts.prod, permissionSetArn: prodReadOnly.permissionSetArn }
    const unlisted = { ...admin, permissionSetArn: admin.permissionSetArn.replace(/1$/, '2') }
    expect(await codeOf(glass({ targets: [unlisted as typeof admin] }))).toBe('not_eligible')
  })

  test('needs somebody who could have approved it, other than who asks', async () => {
    const bob = await world.actor('bob')
    expect(bob.roles.has('approver')).toBe(true)
    await world.aws.confirmPeople([people.carol], 60)
    world.aws.takeOut('carol', 'approvers')
    world.pass(120)
    await world.aws.confirmPeople([people.carol], 1)
    expect(await codeOf(world.submit('bob', { breakGlass: true }))).toBe('too_few_approvers')
    expect(await codeOf(glass())).toBe('made')
  })

  test('is refused to who has a review overdue, and given again once it is reviewed', async () => {
    const first = await glass()
    world.pass(hours(24) - 1)
    expect(await codeOf(glass({ targets: [devReadOnly] }))).toBe('made')
    world.pass(1)
    expect(await codeOf(glass({ targets: [devReadOnly] }))).toBe('review_overdue')
    expect(await codeOf(world.submit('alice', { targets: [devReadOnly] }))).toBe('made')
    expect(await codeOf(world.submit('erin', { breakGlass: true }))).toBe('made')
    await review(first, 'bob', { outcome: 'not_justified' })
    expect(await codeOf(glass())).toBe('made')
  })

  test('is due for review as the setting was when it was used', async () => {
    await world.settings({ reviewDueHours: 2 })
    const { review: open } = await world.request(await glass())
    expect(open?.dueAt).toEqual(new Date(world.clock.now().getTime() + hours(2) * 1000))
  })

  test('with a start or a parent cannot be stored, whatever the program believes', async () => {
    const id = await glass()
    const stored = world.db
      .updateTable('request')
      .set({ requested_starts_at: world.clock.now() })
      .where('request_id', '=', id)
      .execute()
    const constraint = 'break_glass_is_for_now_and_extends_nothing'
    await expect(stored).rejects.toMatchObject({ constraint })
  })
})

describe('a review', () => {
  test('is given by somebody who could have approved it, with what they say', async () => {
    const id = await glass()
    await review(id)
    const shown = await readRequest(world.ports, await world.actor('alice'), id)
    expect(shown.review).toMatchObject({
      by: { userId: people.bob, userName: 'bob@example.com' },
      outcome: 'justified',
      comment: 'Seen in the logs',
      at: world.clock.now().toISOString(),
    })
    const { version } = await world.request(id)
    expect(version).toBe(2)
    expect((await world.events(id)).at(-1)).toMatchObject({
      action: 'request.reviewed',
      payload: { outcome: 'justified', comment: 'Seen in the logs' },
    })
  })

  test('is nobody else’s to give: not the requester’s, be they an approver', async () => {
    const id = await glass()
    expect(await codeOf(review(id, 'alice'))).toBe('own_request')
    expect(await codeOf(review(id, 'ada'))).toBe('not_allowed')
    expect(await codeOf(review(id, 'audrey'))).toBe('not_allowed')
    expect(await codeOf(review(id, 'erin'))).toBe('not_found')
    const own = await world.submit('bob', { breakGlass: true })
    expect(await codeOf(review(own, 'bob'))).toBe('own_request')
    expect((await world.request(id)).review?.given).toBeNull()
  })

  test('says why', async () => {
    const id = await glass()
    expect(await codeOf(review(id, 'bob', { comment: ' ' }))).toBe('comment_required')
    expect(await codeOf(review(id, 'bob', { comment: 'a\u202eb' }))).toBe('text_malformed')
  })

  test('is of break-glass alone', async () => {
    const id = await world.submit('alice')
    expect(await codeOf(review(id))).toBe('nothing_to_review')
  })

  test('is given once, also by two at the same moment, and never changed', async () => {
    const id = await glass()
    const both = await Promise.all([
      codeOf(review(id, 'bob')),
      codeOf(review(id, 'carol', { outcome: 'not_justified' })),
    ])
    expect(both.toSorted()).toEqual(['already_reviewed', 'made'])
    const first = (await world.request(id)).review
    expect(await codeOf(review(id, 'carol'))).toBe('already_reviewed')
    expect((await world.request(id)).review).toEqual(first)
    const rewritten = world.db.updateTable('review').set({ comment: 'Never mind' }).execute()
    await expect(rewritten).rejects.toMatchObject({ constraint: 'a_review_stays_as_it_was_given' })
  })
})

describe('the review list', () => {
  test('holds what waits, for those who could review it, until one of them has', async () => {
    const id = await glass()
    await world.submit('erin')
    expect(await listed('bob')).toEqual([id])
    expect(await listed('alice')).toEqual([])
    expect(await listed('dan')).toEqual([])
    expect((await countForMe(world.ports, await world.actor('bob'))).toReview).toBe(1)
    await review(id, 'carol')
    expect(await listed('bob')).toEqual([])
    expect((await countForMe(world.ports, await world.actor('bob'))).toReview).toBe(0)
  })

  test('is counted whole for who sees everything, and found by a filter of all requests', async () => {
    const id = await glass()
    const plain = await world.submit('erin')
    for (const name of ['ada', 'audrey'] as const) {
      expect(await countForMe(world.ports, await world.actor(name))).toMatchObject({
        reviewsOpen: 1,
        failed: 0,
      })
      expect(await listed(name, { view: 'all', reviewOpen: true })).toEqual([id])
      expect(await listed(name, { view: 'all', reviewOpen: false })).toEqual([plain])
      expect(await listed(name, { scope: 'all', reviewOpen: false })).toEqual([])
    }
    expect(await listed('bob', { reviewOpen: false })).toEqual([])
    expect(await countForMe(world.ports, await world.actor('bob'))).not.toHaveProperty(
      'reviewsOpen',
    )
    await review(id, 'carol')
    const counts = await countForMe(world.ports, await world.actor('audrey'))
    expect(counts).toMatchObject({ reviewsOpen: 0 })
  })

  test('leaves out one’s own', async () => {
    const own = await world.submit('bob', { breakGlass: true })
    expect(await listed('bob')).toEqual([])
    expect(await listed('carol')).toEqual([own])
  })

  test('is shown whole to auditors and administrators who ask for all, and to nobody else', async () => {
    const id = await glass()
    expect(await listed('audrey')).toEqual([])
    expect(await listed('audrey', { scope: 'all' })).toEqual([id])
    expect(await listed('ada', { scope: 'all' })).toEqual([id])
    expect(await codeOf(listed('bob', { scope: 'all' }))).toBe('not_allowed')
  })

  test('keeps what is over, and forgets nobody whose policy has gone', async () => {
    const id = await glass()
    await world.activate(id)
    await world.db.updateTable('request').set({ status: 'ending', end_state: 'ended' }).execute()
    expect(await listed('bob')).toEqual([id])
    await world.approval({ approverGroups: [groups.seconds], exclusive: true })
    expect(await listed('bob')).toEqual([])
    expect(await listed('dan')).toEqual([id])
  })
})

describe('a reminder', () => {
  const remind = () => remindOfReviews(world.ports, world.clock.now())

  test('is told once, when the review is due', async () => {
    const id = await glass()
    world.told.length = 0
    world.pass(hours(24) - 1)
    expect(await remind()).toBe(0)
    world.pass(1)
    expect(await Promise.all([remind(), remind()]).then((told) => told.toSorted())).toEqual([0, 1])
    expect(await remind()).toBe(0)
    expect(world.told).toEqual([{ event: 'review_due', requestId: id }])
  })

  test('is not told of what was reviewed in time', async () => {
    await review(await glass())
    world.pass(hours(25))
    expect(await remind()).toBe(0)
  })
})
