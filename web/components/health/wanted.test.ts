import { expect, test } from 'vitest'
import type { ReconcilerStatus } from '#contract/reconciler.ts'
import { wantedOf } from './wanted.ts'

const at = '2026-11-24T00:00:00.000Z'
const status: ReconcilerStatus = {
  leader: { holder: 'vm', epoch: 1, since: at, expiresAt: at },
  lastPassAt: at,
  creationsHeld: null,
  keysHeld: 3,
  keysInFlight: 2,
  keysUnsettled: 1,
  keysLate: 0,
  drift: 0,
  awsBudget: [],
  peopleWatched: { people: 0, everySeconds: 60 },
  heldRefresh: null,
  lateRemovals: [],
  directoryAgeSeconds: 600,
  noticesUndelivered: 0,
}
const counts = { toApprove: 5, toReview: 4, minePending: 3, mineActive: 2 }
const time = { now: new Date(at), dayOf: (day: Date) => day.toISOString().slice(0, 10) }
const keysOf = (change: Partial<ReconcilerStatus>) =>
  wantedOf({ ...status, ...change }, counts, time).map(({ key }) => key)

test('what is as it should be is not worth a look, whatever is under way', () => {
  expect(keysOf({})).toEqual([])
})

test.each([
  ['wanted.late', { keysLate: 1 }],
  ['wanted.held', { creationsHeld: { reason: 'restored', since: at } }],
  ['wanted.drift', { drift: 1 }],
  ['wanted.notices', { noticesUndelivered: 1 }],
  ['wanted.refresh', { heldRefresh: { refreshId: 'r', since: at, reason: null } }],
  ['wanted.directory', { directoryAgeSeconds: 601 }],
  ['wanted.directory', { directoryAgeSeconds: null }],
] as const)('%s: %j', (key, change) => {
  expect(keysOf(change)).toEqual([key])
})

test('each leads to the list of just those, and late removals come first', () => {
  const more = { ...counts, failed: 2, reviewsOpen: 1 }
  expect(wantedOf({ ...status, keysLate: 1 }, more, time)).toEqual([
    { key: 'wanted.late', count: 1, type: 'error', href: '/admin/health' },
    {
      key: 'wanted.failed',
      count: 2,
      type: 'warning',
      href: '/audit/requests?status=failed&from=2026-11-17',
    },
    {
      key: 'wanted.reviews',
      count: 1,
      type: 'warning',
      href: '/audit/requests?reviewOpen=true',
    },
  ])
})
