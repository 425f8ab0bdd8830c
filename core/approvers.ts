/**
 * Those who may decide on something: a Set, or, where there are thousands of them and many such
 * sets, bits. They are numbered in the order of their ids.
 */
import type { EnabledMembers } from './facts.ts'
import type { GroupId, UserId } from './ids.ts'
import { addAll, countIn, eachNumberIn, emptyMask, has, type Mask, set, without } from './masks.ts'

export interface Approvers extends Iterable<UserId> {
  readonly size: number
  has(userId: UserId): boolean
}

export function allBut(people: Approvers, userId: UserId): Approvers {
  if (!people.has(userId)) return people
  if (people instanceof NumberedApprovers) return people.allBut(userId)
  const others = new Set(people)
  others.delete(userId)
  return others
}

/** The first of them by id. */
export function firstOf(people: Approvers, max: number): UserId[] {
  if (people instanceof NumberedApprovers) return [...people.values().take(max)]
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
  readonly mask: Mask
  #size: number | null = null

  constructor(all: Numbering, mask: Mask) {
    this.#all = all
    this.mask = mask
  }

  get size(): number {
    this.#size ??= countIn(this.mask)
    return this.#size
  }

  has(userId: UserId): boolean {
    return has(this.mask, this.#all.numberOf.get(userId) ?? null)
  }

  [Symbol.iterator](): Iterator<UserId> {
    return this.values()
  }

  allBut(userId: UserId): NumberedApprovers {
    const one = emptyMask(this.#all.ids.length)
    const number = this.#all.numberOf.get(userId)
    if (number !== undefined) set(one, number)
    return new NumberedApprovers(this.#all, without(this.mask, one))
  }

  /** By id. */
  *values(): Generator<UserId> {
    for (const number of eachNumberIn(this.mask)) {
      const id = this.#all.ids[number]
      if (id !== undefined) yield id
    }
  }
}

export interface NumberedGroups {
  /** Everybody in one of these groups; the same object for the same groups. */
  membersOf(groupIds: readonly GroupId[]): NumberedApprovers
  /** Everybody in one of these. */
  unite(all: readonly NumberedApprovers[]): NumberedApprovers
}

/** For one state of the directory. */
export function numberGroups(members: EnabledMembers): NumberedGroups {
  const ids = [...new Set([...members.values()].flatMap((group) => [...group]))].toSorted()
  const all = { ids, numberOf: new Map(ids.map((id, number) => [id, number])) }
  const known = new Map<string, NumberedApprovers>()

  function inGroup(groupId: GroupId): NumberedApprovers {
    const mask = emptyMask(ids.length)
    for (const userId of members.get(groupId) ?? []) {
      const number = all.numberOf.get(userId)
      if (number !== undefined) set(mask, number)
    }
    return new NumberedApprovers(all, mask)
  }

  function remembered(key: string, make: () => NumberedApprovers): NumberedApprovers {
    const people = known.get(key) ?? make()
    known.set(key, people)
    return people
  }

  function unite(some: readonly NumberedApprovers[]): NumberedApprovers {
    const mask = emptyMask(ids.length)
    for (const people of some) addAll(mask, people.mask)
    return new NumberedApprovers(all, mask)
  }

  const ofGroup = (groupId: GroupId) => remembered(groupId, () => inGroup(groupId))
  return {
    unite,
    membersOf: (groupIds) =>
      remembered([...groupIds].toSorted().join(' '), () => unite(groupIds.map(ofGroup))),
  }
}
