import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { drivenClock, idsOf } from '../test-kit.ts'
import { orderAssignment } from './assignments.ts'
import { changesThatMake } from './changes-that-make.ts'
import { Founder, foundSmall } from './organisation.ts'
import { delegatedAdministrator } from './principals.ts'
import { TokenBucket } from './token-bucket.ts'
import { type Entry, World } from './world.ts'

function founded() {
  const clock = drivenClock()
  const entries: Entry[] = []
  // What a file gives back: never the objects that the world holds.
  const journal = { append: (entry: Entry) => void entries.push(structuredClone(entry)) }
  const open = () => new World({ now: clock.now, seed: 1, journal }, structuredClone(entries))
  const world = open()
  const founder = new Founder(world.ids, clock.now().getTime())
  foundSmall(founder)
  world.commit(...founder.changes)
  return { clock, world, open }
}

interface Write {
  kind: 'create' | 'delete'
  person: number
  set: number
  account: number
}
type Step = { do: 'write'; write: Write } | { do: 'pass'; ms: number } | { do: 'reopen' }

const people = ['test-user', 'test-admin']
const sets = ['ReadOnlyAccess', 'Billing']
const accounts = ['payments-dev', 'storefront-dev']
const write = fc.record({
  kind: fc.constantFrom('create' as const, 'delete' as const),
  person: fc.nat(1),
  set: fc.nat(1),
  account: fc.nat(1),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: write.map((one) => ({ do: 'write' as const, write: one })) },
  { weight: 4, arbitrary: fc.nat(5_000).map((ms) => ({ do: 'pass' as const, ms })) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
)

/** The rules again, the slow way: every write ever accepted, looked through each time. */
class Oracle {
  readonly #accepted: { write: Write; dueAt: number }[] = []
  readonly #keyOf = ({ person, set, account }: Write) => `${person} ${set} ${account}`
  readonly #scopeOf: (write: Write) => string
  readonly #statusDelayMs: number

  constructor(scope: 'key' | 'target', statusDelayMs: number) {
    this.#statusDelayMs = statusDelayMs
    this.#scopeOf = scope === 'key' ? this.#keyOf : ({ set, account }) => `${set} ${account}`
  }

  accepts(one: Write, now: number): boolean {
    const unsettled = this.#accepted.filter(({ dueAt }) => dueAt > now)
    const scope = this.#scopeOf(one)
    const untold = this.#accepted.filter(({ dueAt }) => dueAt + this.#statusDelayMs > now)
    if (untold.some((earlier) => this.#scopeOf(earlier.write) === scope)) return false
    const before = unsettled.filter((earlier) => earlier.write.account === one.account)
    const startsAt = Math.max(now, ...before.map(({ dueAt }) => dueAt))
    this.#accepted.push({ write: one, dueAt: startsAt + 2_000 })
    return true
  }

  held(now: number): string[] {
    const held = new Set<string>()
    const due = this.#accepted.filter(({ dueAt }) => dueAt <= now)
    for (const { write: one } of due.sort((first, second) => first.dueAt - second.dueAt)) {
      if (one.kind === 'create') held.add(this.#keyOf(one))
      else held.delete(this.#keyOf(one))
    }
    return [...held].sort()
  }
}

test.each([
  ['key', 0],
  ['target', 0],
  ['target', 3_000],
] as const)(
  'whatever is asked, whenever it is looked at or opened again, the same access is there (conflicts by %s, statuses %i ms late)',
  (conflictScope, statusDelayMs) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { clock, world: first, open } = founded()
        first.commit({
          type: 'settings',
          value: { ...first.settings, conflictScope, statusDelayMs },
        })
        const ids = idsOf(first)
        const oracle = new Oracle(conflictScope, statusDelayMs)
        let world = first
        const keyOf = ({ person, set, account }: Write) => ({
          accountId: ids.account(accounts[account] ?? ''),
          permissionSetArn: ids.set(sets[set] ?? ''),
          principalType: 'USER' as const,
          principalId: ids.user(people[person] ?? ''),
        })
        const held = () => {
          const all = [0, 1].flatMap((person) =>
            [0, 1].flatMap((set) => [0, 1].map((account) => ({ person, set, account }))),
          )
          const rows = [...world.state.assignments.values()].map((row) =>
            JSON.stringify([row.accountId, row.permissionSetArn, row.principalId]),
          )
          return all
            .filter((one) => {
              const key = keyOf({ ...one, kind: 'create' })
              return rows.includes(
                JSON.stringify([key.accountId, key.permissionSetArn, key.principalId]),
              )
            })
            .map(({ person, set, account }) => `${person} ${set} ${account}`)
            .sort()
        }
        for (const one of steps) {
          if (one.do === 'pass') clock.pass(one.ms)
          if (one.do === 'reopen') world = open()
          if (one.do === 'write') {
            const { kind } = one.write
            const order = {
              kind,
              key: keyOf(one.write),
              by: delegatedAdministrator,
              forcedFailure: null,
            }
            let accepted = true
            try {
              orderAssignment(world, order)
            } catch {
              accepted = false
            }
            expect(accepted).toBe(oracle.accepts(one.write, clock.now().getTime()))
          }
          expect(held()).toEqual(oracle.held(clock.now().getTime()))
        }
        const again = [...changesThatMake(open().state)]
        expect(again).toEqual([...changesThatMake(world.state)])
      }),
      { numRuns: 100 },
    )
  },
)

describe('a world that is opened again', () => {
  test('makes new ids, though its seed is the same', () => {
    const { world, open } = founded()
    world.commit({ type: 'mails-cleared' })
    expect(open().ids.uuid()).not.toBe(world.ids.uuid())
  })

  test('with one seed and no past makes the same organisation', () => {
    expect(founded().world.state.organisation).toEqual(founded().world.state.organisation)
  })
})

describe('the token bucket', () => {
  const limit = { perSecond: 20, capacity: 20 }

  test('lets through its capacity at once, and its rate in the long run', () => {
    const bucket = new TokenBucket()
    let passed = 0
    for (let at = 0; at < 10_000; at += 1) if (bucket.take(at, limit)) passed += 1
    expect(passed).toBeGreaterThanOrEqual(219)
    expect(passed).toBeLessThanOrEqual(220)
  })

  test.each([
    [0, 20],
    [15, 5],
    [20, 0],
    [30, 0],
  ])('leaves what %i other callers a second do not take', (othersPerSecond, left) => {
    const bucket = new TokenBucket()
    const shared = { ...limit, othersPerSecond }
    for (let at = 0; at < 20_000; at += 1) bucket.take(at, shared)
    let passed = 0
    for (let at = 20_000; at < 30_000; at += 1) if (bucket.take(at, shared)) passed += 1
    expect(Math.abs(passed - left * 10)).toBeLessThanOrEqual(1)
  })

  test('gives nothing for a clock that jumps back', () => {
    const bucket = new TokenBucket()
    for (let taken = 0; taken < 20; taken += 1) bucket.take(1_000, limit)
    expect(bucket.take(0, limit)).toBe(false)
  })
})
