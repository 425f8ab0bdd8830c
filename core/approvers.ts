/**
 * Those who may decide on something: a Set, or, where there are thousands of people and many such
 * sets, numbers. People are numbered in the order of their ids.
 */
import type { EnabledMembers } from './facts.ts'
import type { GroupId, UserId } from './ids.ts'
import { countIn, eachIn, emptyMask, type Mask, set } from './masks.ts'

export interface Approvers extends Iterable<UserId> {
  readonly size: number
  has(userId: UserId): boolean
}

export function allBut(people: Approvers, userId: UserId): Approvers {
  if (!people.has(userId)) return people
  if (people instanceof NumberedApprovers) return new AllBut(people, userId)
  const others = new Set(people)
  others.delete(userId)
  return others
}

/** The others are not copied: a list of requests leaves out each requester, of each of its policies. */
class AllBut implements Approvers {
  readonly #all: NumberedApprovers
  readonly #left: UserId

  /** `left` is one of them. */
  constructor(all: NumberedApprovers, left: UserId) {
    this.#all = all
    this.#left = left
  }

  get size(): number {
    return this.#all.size - 1
  }

  has(userId: UserId): boolean {
    return userId !== this.#left && this.#all.has(userId)
  }

  /** By id. */
  *values(): Generator<UserId> {
    for (const userId of this.#all) if (userId !== this.#left) yield userId
  }

  [Symbol.iterator](): Iterator<UserId> {
    return this.values()
  }
}

/** The first of them by id. */
export function firstOf(people: Approvers, max: number): UserId[] {
  if (people instanceof NumberedApprovers || people instanceof AllBut)
    return [...people.values().take(max)]
  return [...people].toSorted().slice(0, max)
}

export function isWithin(inner: Approvers, outer: Approvers): boolean {
  for (const userId of inner) if (!outer.has(userId)) return false
  return true
}

interface Numbering {
  readonly ids: readonly UserId[]
  readonly numberOf: ReadonlyMap<UserId, number>
}

class NumberedApprovers implements Approvers {
  readonly #all: Numbering
  /** Ascending. */
  readonly numbers: Uint32Array

  constructor(all: Numbering, numbers: Uint32Array) {
    this.#all = all
    this.numbers = numbers
  }

  get size(): number {
    return this.numbers.length
  }

  has(userId: UserId): boolean {
    const number = this.#all.numberOf.get(userId)
    return number !== undefined && holds(this.numbers, number)
  }

  /** By id. */
  *values(): Generator<UserId> {
    for (const number of this.numbers) {
      const id = this.#all.ids[number]
      if (id !== undefined) yield id
    }
  }

  [Symbol.iterator](): Iterator<UserId> {
    return this.values()
  }
}

/** By halves: the numbers ascend. */
function holds(numbers: Uint32Array, wanted: number): boolean {
  let [from, to] = [0, numbers.length - 1]
  while (from <= to) {
    const middle = (from + to) >>> 1
    const number = numbers[middle] ?? 0
    if (number === wanted) return true
    if (number < wanted) from = middle + 1
    else to = middle - 1
  }
  return false
}

export interface NumberedGroups {
  /** Everybody in one of these groups. */
  membersOf(groupIds: readonly GroupId[]): NumberedApprovers
  /** Everybody in one of these. */
  unite(all: readonly NumberedApprovers[]): NumberedApprovers
}

/** For one state of the directory. */
export function numberGroups(members: EnabledMembers): NumberedGroups {
  const ids = [...new Set([...members.values()].flatMap((group) => [...group]))].toSorted()
  const all = { ids, numberOf: new Map(ids.map((id, number) => [id, number])) }
  return {
    membersOf(groupIds) {
      const mask = emptyMask(ids.length)
      for (const groupId of groupIds) {
        for (const userId of members.get(groupId) ?? []) {
          const number = all.numberOf.get(userId)
          if (number !== undefined) set(mask, number)
        }
      }
      return new NumberedApprovers(all, ascending(mask))
    },
    unite(some) {
      const mask = emptyMask(ids.length)
      for (const { numbers } of some) for (const number of numbers) set(mask, number)
      return new NumberedApprovers(all, ascending(mask))
    },
  }
}

function ascending(mask: Mask): Uint32Array {
  const numbers = new Uint32Array(countIn(mask))
  let at = 0
  eachIn(mask, (number) => {
    numbers[at] = number
    at += 1
  })
  return numbers
}
