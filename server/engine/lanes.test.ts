import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import { type Call, createLanes, LaneFull, type Lanes } from './lanes.ts'

const call = (keyId: number, account: number, set: number, kind: Call['kind'] = 'delete') => ({
  keyId,
  kind,
  target: {
    accountId: String(account).padStart(12, '0') as AccountId,
    permissionSetArn: `ps-${set}` as PermissionSetArn,
  },
})

function enters(lanes: Lanes, one: Call): boolean {
  try {
    lanes.enter(one)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(LaneFull)
    return false
  }
}

test('two calls go to one account at a time, and the third when one is done', () => {
  const lanes = createLanes()
  expect([1, 2, 3].map((keyId) => enters(lanes, call(keyId, 1, keyId)))).toEqual([
    true,
    true,
    false,
  ])
  expect(lanes.waiting()).toEqual([3])
  expect(lanes.leave(1)).toEqual([3])
  expect(enters(lanes, call(3, 1, 3))).toBe(true)
})

test('one call goes to one target at a time', () => {
  const lanes = createLanes()
  expect(enters(lanes, call(1, 1, 1))).toBe(true)
  expect(enters(lanes, call(2, 1, 1))).toBe(false)
  expect(enters(lanes, call(3, 2, 1))).toBe(true)
})

test('a sixteenth creation waits, and a deletion does not', () => {
  const lanes = createLanes()
  for (let keyId = 1; keyId <= 15; keyId += 1) {
    expect(enters(lanes, call(keyId, keyId, 1, 'create'))).toBe(true)
  }
  expect(enters(lanes, call(16, 16, 1, 'create'))).toBe(false)
  expect(enters(lanes, call(17, 17, 1, 'delete'))).toBe(true)
  expect(lanes.leave(1)).toEqual([16])
})

test('when there is room again, a deletion is asked before a creation', () => {
  const lanes = createLanes()
  lanes.enter(call(1, 1, 1))
  expect(enters(lanes, call(2, 1, 1, 'create'))).toBe(false)
  expect(enters(lanes, call(3, 1, 1, 'delete'))).toBe(false)
  expect(lanes.leave(1)).toEqual([3])
})

test('who is offered room and has no use for it any more passes it on', () => {
  const lanes = createLanes()
  for (const keyId of [1, 2, 3, 4]) enters(lanes, call(keyId, 1, 1))
  expect(lanes.leave(1)).toEqual([2])
  expect(lanes.leave(2)).toEqual([3])
  expect(lanes.leave(3)).toEqual([4])
  expect(lanes.leave(4)).toEqual([])
})

test('an offer of room that nobody heard stands until it is taken', () => {
  const lanes = createLanes()
  for (const keyId of [1, 2, 3]) enters(lanes, call(keyId, 1, 1))
  expect(lanes.offers()).toEqual([])
  lanes.leave(1)
  expect(lanes.offers()).toEqual([2])
  expect(lanes.offers()).toEqual([2])
  expect(enters(lanes, call(2, 1, 1))).toBe(true)
  expect(lanes.offers()).toEqual([])
})

test('two places on an account are offered to two, and one on a target to one', () => {
  const lanes = createLanes()
  for (const keyId of [1, 2]) enters(lanes, call(keyId, 1, keyId))
  for (const keyId of [3, 4, 5]) enters(lanes, call(keyId, 1, keyId === 5 ? 4 : 3))
  expect(lanes.leave(1)).toEqual([3])
  expect(lanes.leave(2)).toEqual([3, 5])
})

test('who finds no room once more keeps their place in the line', () => {
  const lanes = createLanes()
  for (const keyId of [1, 2, 3, 2]) enters(lanes, call(keyId, 1, 1))
  expect(lanes.leave(1)).toEqual([2])
})

test('what the leader before left in flight takes its room', () => {
  const lanes = createLanes()
  lanes.takeOver([call(1, 1, 1), call(2, 1, 2)])
  expect(enters(lanes, call(3, 1, 3))).toBe(false)
  expect(lanes.leave(2)).toEqual([3])
})

test('whatever comes and goes, limits hold, and nobody waits while there is room', () => {
  const anyCall = fc
    .tuple(fc.nat(40), fc.nat(3), fc.nat(2), fc.constantFrom('create' as const, 'delete' as const))
    .map(([keyId, account, set, kind]) => call(keyId, account, set, kind))
  const anyStep = fc.oneof(anyCall, fc.nat(40))
  fc.assert(
    fc.property(fc.array(anyStep, { maxLength: 120 }), (steps) => {
      const lanes = createLanes()
      const inFlight = new Map<number, Call>()
      const wanting = new Map<number, Call>()
      const enter = (one: Call) => {
        if (inFlight.has(one.keyId)) return
        wanting.set(one.keyId, one)
        if (!enters(lanes, one)) return
        wanting.delete(one.keyId)
        inFlight.set(one.keyId, one)
      }
      for (const step of steps) {
        if (typeof step !== 'number') enter(step)
        else {
          wanting.delete(step)
          inFlight.delete(step)
          for (const keyId of lanes.leave(step)) enter(wanting.get(keyId)!)
        }
        const calls = [...inFlight.values()]
        const count = (is: (one: Call) => boolean) => calls.filter(is).length
        expect(count((one) => one.kind === 'create')).toBeLessThanOrEqual(15)
        for (const one of [...calls, ...wanting.values()]) {
          const isThere = (other: Call) => other.target.accountId === one.target.accountId
          expect(count(isThere)).toBeLessThanOrEqual(2)
        }
        for (const one of wanting.values()) {
          const there = calls.filter((other) => other.target.accountId === one.target.accountId)
          const same = there.some(
            (other) => other.target.permissionSetArn === one.target.permissionSetArn,
          )
          const full = one.kind === 'create' && count((other) => other.kind === 'create') >= 15
          expect(there.length >= 2 || same || full).toBe(true)
        }
      }
    }),
    { numRuns: 500 },
  )
})
