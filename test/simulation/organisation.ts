/** A small organisation of the seed's own: AWS's side of the world before TEAM is there. */
import { Founder } from '#sandbox/model/organisation.ts'
import type { Account, PermissionSet, User } from '#sandbox/model/types.ts'
import type { World } from '#sandbox/model/world.ts'
import type { Chance } from './chance.ts'

export interface Organisation {
  readonly admin: User
  readonly auditor: User
  /** Ask for access; some of them may decide too. */
  readonly requesters: readonly User[]
  readonly approvers: readonly User[]
  readonly accounts: readonly Account[]
  readonly sets: readonly PermissionSet[]
  readonly units: readonly string[]
  readonly groups: {
    readonly users: string
    readonly others: string
    readonly approvers: string
    readonly seconds: string
  }
}

const policies = ['ReadOnlyAccess', 'PowerUserAccess', 'AdministratorAccess']

export function foundOrganisation(world: World, chance: Chance): Organisation {
  const founder = new Founder(world.ids, world.now())
  const { organisation } = founder
  const workloads = founder.unit('Workloads', organisation.rootId)
  const prod = founder.unit('Prod', workloads.id)
  const dev = founder.unit('Dev', workloads.id)
  founder.account('Management', organisation.rootId, {
    accountId: organisation.managementAccountId,
    joinedMethod: 'INVITED',
  })
  founder.account('Audit', organisation.rootId, {
    accountId: organisation.delegatedAdministratorId,
  })
  const accounts = Array.from({ length: chance.between(2, 3) }, (_, at) =>
    founder.account(`workload-${at + 1}`, chance.one([workloads, prod, dev]).id),
  )
  const admin = founder.user('ada', 'Ada')
  const auditor = founder.user('audrey', 'Audrey')
  const requesters = ['alice', 'bert', 'chen'].map((name) => founder.user(name, name))
  const approvers = ['dora', 'emil', 'fumi'].map((name) => founder.user(name, name))
  founder.group('TEAM admins', '', [admin])
  founder.group('TEAM auditors', '', [auditor])
  const both = chance.some(approvers, 1)
  const users = founder.group('Users', '', [...requesters, ...both])
  const others = founder.group('Others', '', chance.some(requesters, 2))
  const deciding = founder.group('Approvers', '', [...approvers, ...chance.some(requesters, 1)])
  const seconds = founder.group('Seconds', '', chance.some(approvers, 2))
  const sets = policies
    .slice(0, chance.between(2, 3))
    .map((name) =>
      founder.permissionSet(name, { description: name, sessionDuration: 'PT1H', policies: [name] }),
    )
  world.commit(...founder.changes, {
    type: 'settings',
    value: {
      ...world.settings,
      sesProductionAccess: true,
      sesPerSecond: 1_000_000,
      sesPerDay: 1_000_000,
      // In a step no time passes, so that AWS's own quota is soon used up.
      callsPerSecond: chance.once(4) ? 20 : 1_000_000,
      conflictScope: chance.one(['key', 'target']),
      statusDelayMs: chance.once(4) ? chance.between(500, 20_000) : 0,
      orphansStay: chance.once(4),
    },
  })
  return {
    admin,
    auditor,
    requesters: [...requesters, ...both],
    approvers,
    accounts,
    sets,
    units: [organisation.rootId, workloads.id, prod.id, dev.id],
    groups: {
      users: users.groupId,
      others: others.groupId,
      approvers: deciding.groupId,
      seconds: seconds.groupId,
    },
  }
}
