/** Everybody in the directory, in one order, for questions about all of them at once. */
import type { Person } from './facts.ts'
import type { GroupId, UserId } from './ids.ts'

export interface People {
  /** By user name, then id, by code unit. */
  readonly list: readonly Person[]
  readonly placeOf: ReadonlyMap<UserId, number>
  /** Places in the list. */
  readonly membersOf: ReadonlyMap<GroupId, readonly number[]>
}

export function numberPeople(everybody: readonly Person[]): People {
  const list = everybody.toSorted(byUserName)
  const placeOf = new Map<UserId, number>()
  const membersOf = new Map<GroupId, number[]>()
  for (const [place, { userId, groupIds }] of list.entries()) {
    placeOf.set(userId, place)
    for (const groupId of groupIds) {
      const members = membersOf.get(groupId)
      if (members) members.push(place)
      else membersOf.set(groupId, [place])
    }
  }
  return { list, placeOf, membersOf }
}

function byUserName(a: Person, b: Person): number {
  if (a.userName !== b.userName) return a.userName < b.userName ? -1 : 1
  return a.userId < b.userId ? -1 : a.userId > b.userId ? 1 : 0
}
