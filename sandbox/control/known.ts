import type { Account, Group, OrganizationalUnit, PermissionSet, User } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { BadInput } from './bad-input.ts'

/** What a control request means, by id or by name, or the reason why it means nothing. */
export function knownUser(
  world: World,
  given: { userName?: string | undefined; userId?: string | undefined },
): User {
  const { userName, userId } = given
  const { state } = world
  const user = userId === undefined ? state.userByName(userName ?? '') : state.users.get(userId)
  if (user !== undefined) return user
  throw new BadInput(userId === undefined ? 'userName' : 'userId', noSuch('user', userId, userName))
}

export function knownGroup(world: World, name: string, field = 'groupName'): Group {
  const group = world.state.groupByName(name)
  if (group === undefined) throw new BadInput(field, noSuch('group', name))
  return group
}

export interface NamedAccount {
  accountId?: string | undefined
  accountName?: string | undefined
}

export function findAccount(world: World, given: NamedAccount): Account | undefined {
  const { accounts } = world.state
  if (given.accountId !== undefined) return accounts.get(given.accountId)
  return [...accounts.values()].find((account) => account.name === given.accountName)
}

export function knownAccount(world: World, given: NamedAccount, nameField: string): Account {
  const account = findAccount(world, given)
  if (account !== undefined) return account
  const field = given.accountId === undefined ? nameField : 'accountId'
  throw new BadInput(field, noSuch('account', given.accountId, given.accountName))
}

/** By id or name; the root is no unit. */
export function findUnit(world: World, idOrName: string): OrganizationalUnit | undefined {
  const { organizationalUnits } = world.state
  const byId = organizationalUnits.get(idOrName)
  return byId ?? [...organizationalUnits.values()].find((unit) => unit.name === idOrName)
}

/** The id of the root, or of a unit by id or name. */
export function knownParent(world: World, idOrName: string, field: string): string {
  const { rootId } = world.state.organisation
  if (idOrName === rootId || idOrName === 'Root') return rootId
  const unit = findUnit(world, idOrName)
  if (unit === undefined) throw new BadInput(field, noSuch('organizational unit', idOrName))
  return unit.id
}

export function knownSet(
  world: World,
  given: { arn?: string | undefined; name?: string | undefined },
  fields: { arn: string; name: string },
): PermissionSet {
  const { arn, name } = given
  const { state } = world
  const set =
    arn === undefined ? state.permissionSetByName(name ?? '') : state.permissionSets.get(arn)
  if (set !== undefined) return set
  const field = arn === undefined && name !== undefined ? fields.name : fields.arn
  throw new BadInput(field, noSuch('permission set', arn, name))
}

const noSuch = (what: string, ...names: (string | undefined)[]) =>
  `There is no ${what} ${names.find((name) => name !== undefined) ?? 'without id or name'}.`
