/** Makes the sandbox's organisation as large as a benchmark wants it, before TEAM reads it. */
import type { Sandbox } from '#sandbox/start.ts'

export interface AddedPerson {
  readonly userId: string
  readonly userName: string
}

export function addAccounts({ world }: Sandbox, count: number): string[] {
  const { state, ids } = world
  const prod = [...state.organizationalUnits.values()].find((unit) => unit.name === 'Prod')
  if (prod === undefined) throw new Error('The organisation has no OU Prod')
  const accountIds = Array.from({ length: count }, () => ids.accountId())
  world.commit(
    ...accountIds.map((accountId, at) => ({
      type: 'account' as const,
      value: {
        accountId,
        name: `bench-${String(at).padStart(4, '0')}`,
        email: `aws+${accountId}@example.com`,
        parentId: prod.id,
        state: 'ACTIVE' as const,
        joinedMethod: 'CREATED' as const,
        joinedAt: world.now(),
      },
    })),
  )
  return accountIds
}

export function addPermissionSets({ world }: Sandbox, count: number): string[] {
  const { instanceArn } = world.state.organisation
  const arns = Array.from({ length: count }, () => world.ids.permissionSetArn(instanceArn))
  world.commit(
    ...arns.map((permissionSetArn, at) => ({
      type: 'permission-set' as const,
      value: {
        permissionSetArn,
        name: `BenchAccess${at}`,
        description: 'For benchmarks',
        sessionDuration: 'PT1H',
        managedPolicies: [
          { name: 'ReadOnlyAccess', arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' },
        ],
        inlinePolicy: '',
        createdAt: world.now(),
      },
    })),
  )
  return arns
}

/**
 * The roles of the targets are there already, as where other people hold them: else AWS makes three
 * of them at once, and that would be all there is to see.
 */
export function addRoles(
  { world }: Sandbox,
  accountIds: readonly string[],
  permissionSetArns: readonly string[],
): void {
  for (const accountId of accountIds) {
    for (const permissionSetArn of permissionSetArns) {
      const roleSuffix = world.ids.roleSuffix()
      world.commit({ type: 'role', value: { accountId, permissionSetArn, roleSuffix } })
    }
  }
}

export function addPeople({ world }: Sandbox, count: number, groupName: string): AddedPerson[] {
  const { state, ids } = world
  const groupId = state.groupByName(groupName)?.groupId
  if (groupId === undefined) throw new Error(`The organisation has no group ${groupName}`)
  const at = world.now()
  const word = groupName.split(' ').at(-1) ?? 'people'
  const people = Array.from({ length: count }, (_, place) => ({
    userId: ids.identityId(),
    userName: `bench-${word}-${place}`,
  }))
  for (const { userId, userName } of people) {
    world.commit(
      {
        type: 'user',
        value: {
          userId,
          userName,
          displayName: userName,
          email: `${userName}@example.com`,
          status: 'ENABLED',
          createdAt: at,
          updatedAt: at,
          revision: 1,
        },
      },
      { type: 'membership', value: { membershipId: ids.uuid(), userId, groupId } },
    )
  }
  return people
}
