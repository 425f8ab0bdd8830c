import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Belief,
  backoffMs,
  doubt,
  nextWatchLook,
  observe,
  type PlannedGrant,
  type PlannedKey,
  plan,
  type Step,
} from './plan.ts'

const t0 = new Date('2026-11-24T00:00:00Z')
const at = (seconds: number) => new Date(t0.getTime() + seconds * 1000)

const key = (facts: Partial<PlannedKey> = {}): PlannedKey => ({
  presence: 'absent',
  confirmedAt: null,
  absentSeenAt: null,
  watchedSince: null,
  watchedUntil: null,
  nextLookAt: null,
  notBefore: null,
  alarmedAt: null,
  alarmNotBefore: null,
  observedAt: null,
  missingSince: null,
  unwantedSince: null,
  inFlight: null,
  ...facts,
})
const grant = (
  status: PlannedGrant['status'],
  facts: Partial<PlannedGrant> = {},
): PlannedGrant => ({
  grantId: 'g1',
  status,
  dueAt: t0,
  activationDeadline: at(600),
  endsAt: status === 'active' || status === 'ending' ? at(3600) : null,
  goneBy: status === 'ending' ? at(3600) : null,
  extension: false,
  ...facts,
})
const flight = (
  kind: 'create' | 'delete',
  state: 'written' | 'accepted',
  nextPollAt = t0,
): Partial<PlannedKey> => ({ inFlight: { kind, state, nextPollAt } })

const rules: [string, PlannedKey, PlannedGrant[], Date, Step][] = [
  ['a due grant begins', key(), [grant('scheduled')], t0, { kind: 'begin', grantId: 'g1' }],
  [
    'a grant of tomorrow waits for its time',
    key(),
    [grant('scheduled', { dueAt: at(86_400), activationDeadline: at(87_000) })],
    t0,
    { kind: 'rest', until: at(86_400) },
  ],
  [
    'a grant that nobody could start before its deadline fails',
    key(),
    [grant('scheduled')],
    at(600),
    { kind: 'fail_unstarted', grantId: 'g1', why: 'not_granted_in_time' },
  ],
  [
    'an intent whose answer nobody waits for is doubted, not repeated',
    key(flight('create', 'written')),
    [grant('activating')],
    at(1),
    { kind: 'doubt' },
  ],
  [
    'an accepted call is asked about',
    key(flight('create', 'accepted')),
    [grant('activating')],
    at(1),
    { kind: 'poll' },
  ],
  [
    'a call in flight is not joined by another, even if the grant was revoked',
    key(flight('create', 'accepted', at(5))),
    [grant('ending', { goneBy: at(1) })],
    at(1),
    { kind: 'rest', until: at(5) },
  ],
  [
    'a confirmed creation makes the grant active',
    key({ presence: 'present', confirmedAt: at(2) }),
    [grant('activating')],
    at(2),
    { kind: 'activate', grantId: 'g1' },
  ],
  [
    'a due grant on a key that TEAM already holds is active without a call',
    key({ presence: 'present', confirmedAt: t0 }),
    [grant('active', { grantId: 'g0' }), grant('scheduled')],
    at(2),
    { kind: 'activate', grantId: 'g1' },
  ],
  [
    'a grant whose time has come ends',
    key({ presence: 'present' }),
    [grant('active')],
    at(3600),
    { kind: 'end', grantId: 'g1', why: 'time' },
  ],
  [
    'a grant not confirmed within its deadline is ended before anybody asks AWS again',
    key(flight('create', 'accepted')),
    [grant('activating')],
    at(600),
    { kind: 'end', grantId: 'g1', why: 'not_granted_in_time' },
  ],
  [
    'what no grant wants is removed',
    key({ presence: 'present' }),
    [grant('ending')],
    at(3600),
    { kind: 'remove' },
  ],
  [
    'the first of two grants to end leaves the assignment to the second',
    key({ presence: 'present' }),
    [grant('ending'), grant('active', { grantId: 'g2', endsAt: at(7200) })],
    at(3600),
    { kind: 'finish', grantId: 'g1', coveredBy: 'g2' },
  ],
  [
    'a grant is over when absence is confirmed',
    key({ confirmedAt: at(3602) }),
    [grant('ending')],
    at(3602),
    { kind: 'finish', grantId: 'g1', coveredBy: null },
  ],
  [
    'removal waits for the patience that AWS asked for',
    key({ presence: 'present', notBefore: at(3610) }),
    [grant('ending')],
    at(3600),
    { kind: 'rest', until: at(3610) },
  ],
  [
    'and is tried again after it',
    key({ presence: 'present', notBefore: at(3610), alarmedAt: at(3609) }),
    [grant('ending')],
    at(3610),
    { kind: 'remove' },
  ],
  [
    'an alarm is raised once removal is a minute late',
    key({ presence: 'present', notBefore: at(4000) }),
    [grant('ending')],
    at(3660),
    { kind: 'alarm', grantId: 'g1', goneBy: at(3600) },
  ],
  [
    'while a watched key is absent nothing is late',
    key({ watchedSince: t0, watchedUntil: at(9000), nextLookAt: at(3800), confirmedAt: at(3601) }),
    [],
    at(3700),
    { kind: 'rest', until: at(3800) },
  ],
  [
    'a key in doubt is looked at when its look is due',
    key({ presence: 'unknown', nextLookAt: at(10), watchedSince: t0, watchedUntil: at(900) }),
    [grant('activating')],
    at(10),
    { kind: 'look' },
  ],
  [
    'a wanted key that is missing is created again',
    key({ presence: 'absent' }),
    [grant('active')],
    at(10),
    { kind: 'create_again', grantId: 'g1' },
  ],
  [
    'unwanted access that landed late is removed, though its grant is over',
    key({ presence: 'present', watchedSince: t0, watchedUntil: at(900) }),
    [],
    at(70),
    { kind: 'remove' },
  ],
  [
    'the watch is over after the look at its horizon',
    key({ watchedSince: t0, watchedUntil: at(900), nextLookAt: null }),
    [],
    at(900),
    { kind: 'settle' },
  ],
  ['a key without grants or doubt rests for good', key(), [], t0, { kind: 'rest', until: null }],
]

describe('the next step', () => {
  for (const [rule, planned, grants, now, step] of rules) {
    test(rule, () => expect(plan(planned, grants, now)).toEqual(step))
  }
})

const belief = (facts: Partial<Belief> = {}): Belief => ({
  presence: 'unknown',
  absentSeenAt: null,
  confirmedAt: null,
  watchedSince: t0,
  watchedUntil: at(900),
  nextLookAt: at(10),
  ...facts,
})

describe('what a look teaches', () => {
  const look = { wanted: false, onlyDoubtIsNewestCreation: true }

  test('one absent look does not confirm absence', () => {
    const seen = observe(belief(), { ...look, seen: false, now: at(10) })
    expect(seen).toMatchObject({ presence: 'unknown', absentSeenAt: at(10), nextLookAt: at(20) })
  })

  test('two absent looks ten seconds apart do, as of the first', () => {
    const once = observe(belief(), { ...look, seen: false, now: at(10) })
    const twice = observe(once, { ...look, seen: false, now: at(20) })
    expect(twice).toMatchObject({ presence: 'absent', confirmedAt: at(10), nextLookAt: at(60) })
  })

  test('two absent looks nine seconds apart do not', () => {
    const once = observe(belief(), { ...look, seen: false, now: at(10) })
    expect(observe(once, { ...look, seen: false, now: at(19) }).presence).toBe('unknown')
  })

  test('seeing the assignment settles a single lost creation', () => {
    const seen = observe(belief(), { ...look, seen: true, now: at(10) })
    expect(seen).toMatchObject({ presence: 'present', watchedUntil: null, nextLookAt: null })
  })

  test('seeing it settles nothing when an older call may still land', () => {
    const several = { ...look, onlyDoubtIsNewestCreation: false }
    const seen = observe(belief(), { ...several, seen: true, now: at(10) })
    expect(seen).toMatchObject({ presence: 'present', watchedUntil: at(900), nextLookAt: at(60) })
  })

  test('a wanted key is missing after one look', () => {
    const seen = observe(belief(), { ...look, wanted: true, seen: false, now: at(10) })
    expect(seen.presence).toBe('absent')
  })

  test('a second doubt never shortens the watch', () => {
    const first = doubt(belief({ watchedUntil: null }), at(0))
    expect(doubt(first, at(100)).watchedUntil).toEqual(at(100 + 1500))
  })
})

describe('a clock that was set back an hour', () => {
  const later = (seconds: number) => at(3600 + seconds)

  test('does not put off the look at a key in doubt', () => {
    const doubted = key({ ...doubt(belief({ watchedUntil: null }), later(0)) })
    expect(plan(doubted, [grant('activating')], at(0))).toEqual({ kind: 'look' })
  })

  test('does not put off a removal that was to be tried again', () => {
    const refused = key({ presence: 'present', notBefore: later(10) })
    expect(plan(refused, [grant('ending')], at(0))).toEqual({ kind: 'remove' })
  })

  test('leaves two absent looks, ten seconds apart, enough', () => {
    const before = belief({ absentSeenAt: later(0), nextLookAt: later(10) })
    const look = { wanted: false, onlyDoubtIsNewestCreation: true, seen: false }
    const once = observe(before, { ...look, now: at(0) })
    expect(once).toMatchObject({ presence: 'unknown', nextLookAt: at(10) })
    expect(observe(once, { ...look, now: at(10) }).presence).toBe('absent')
  })

  test('has a watched key looked at every three minutes, not all the time', () => {
    const watched = { watchedSince: later(0), watchedUntil: later(900) }
    expect(nextWatchLook(watched, at(0))).toEqual(at(180))
  })
})

describe('the watch', () => {
  test('looks after 10 s, 60 s, then every three minutes, and at the horizon', () => {
    const watched = { watchedSince: t0, watchedUntil: at(900) }
    const looks: number[] = []
    let next = nextWatchLook(watched, t0)
    while (next !== null) {
      looks.push((next.getTime() - t0.getTime()) / 1000)
      next = nextWatchLook(watched, next)
    }
    expect(looks).toEqual([10, 60, 240, 420, 600, 780, 900])
  })
})

test('patience grows and is never more than a quarter of an hour', () => {
  for (const reason of ['busy', 'failed', 'denied'] as const) {
    for (let attempts = 0; attempts < 100; attempts += 1) {
      expect(backoffMs(attempts + 1, reason)).toBeGreaterThanOrEqual(backoffMs(attempts, reason))
      expect(backoffMs(attempts, reason)).toBeLessThanOrEqual(15 * 60_000)
    }
  }
})

const statuses = ['scheduled', 'activating', 'active', 'ending'] as const
const moment = fc.integer({ min: 0, max: 100 }).map((tens) => at(tens * 10))
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: null })
const anyGrant = fc
  .record({
    status: fc.constantFrom(...statuses),
    dueAt: moment,
    length: fc.integer({ min: 1, max: 100 }),
    extension: fc.boolean(),
  })
  .map(({ status, dueAt, length, extension }): Omit<PlannedGrant, 'grantId'> => {
    const end = new Date(dueAt.getTime() + length * 10_000)
    return {
      status,
      dueAt,
      activationDeadline: new Date(dueAt.getTime() + 600_000),
      endsAt: status === 'active' || status === 'ending' ? end : null,
      goneBy: status === 'ending' ? end : null,
      extension,
    }
  })
const anyKey: fc.Arbitrary<PlannedKey> = fc.record({
  presence: fc.constantFrom('absent' as const, 'present' as const, 'unknown' as const),
  confirmedAt: maybe(moment),
  absentSeenAt: maybe(moment),
  watchedSince: maybe(moment),
  watchedUntil: maybe(moment),
  nextLookAt: maybe(moment),
  notBefore: maybe(moment),
  alarmedAt: maybe(moment),
  alarmNotBefore: maybe(moment),
  observedAt: maybe(moment),
  missingSince: maybe(moment),
  unwantedSince: maybe(moment),
  inFlight: maybe(
    fc.record({
      kind: fc.constantFrom('create' as const, 'delete' as const),
      state: fc.constantFrom('written' as const, 'accepted' as const),
      nextPollAt: moment,
    }),
  ),
})

describe('whatever the facts', () => {
  const facts = fc.tuple(anyKey, fc.array(anyGrant, { maxLength: 4 }), moment)
  const each = (check: (step: Step, key: PlannedKey, grants: PlannedGrant[], now: Date) => void) =>
    fc.assert(
      fc.property(facts, ([planned, list, now]) => {
        const grants = list.map((one, index) => ({ ...one, grantId: `g${index}` }))
        check(plan(planned, grants, now), planned, grants, now)
      }),
      { numRuns: 2000 },
    )

  test('nothing is called while another call is in flight', () => {
    each((step, planned) => {
      if (planned.inFlight === null) return
      expect(['begin', 'create_again', 'remove', 'look']).not.toContain(step.kind)
    })
  })

  test('nothing is removed while an open window wants it', () => {
    each((step, _planned, grants, now) => {
      const wanted = grants.some(
        (one) => one.status === 'active' && one.endsAt !== null && one.endsAt > now,
      )
      if (wanted) expect(step.kind).not.toBe('remove')
    })
  })

  test('nothing is created outside every window', () => {
    each((step, _planned, grants, now) => {
      if (step.kind !== 'begin' && step.kind !== 'create_again') return
      const one = grants.find(({ grantId }) => grantId === step.grantId)!
      expect(one.dueAt <= now || one.status !== 'scheduled').toBe(true)
      expect(one.endsAt === null || one.endsAt > now).toBe(true)
      expect(one.status).not.toBe('ending')
    })
  })

  test('no grant is over while the assignment is there or unknown, unless another covers it', () => {
    each((step, planned) => {
      if (step.kind === 'finish' && step.coveredBy === null) {
        expect(planned.presence).toBe('absent')
        expect(planned.inFlight).toBeNull()
      }
    })
  })

  test('a rest always ends by itself while a grant is open', () => {
    each((step, planned, grants, now) => {
      if (step.kind !== 'rest') return
      expect(step.until === null || step.until > now).toBe(true)
      const openEnded = planned.presence === 'unknown' && planned.nextLookAt === null
      if (grants.length > 0 && !openEnded) expect(step.until).not.toBeNull()
    })
  })
})
