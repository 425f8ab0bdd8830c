/**
 * The organisation's trail: what is done in accounts arrives in its log group and its event data
 * store some time later, mixed with what everybody else does.
 */
import type { Change, ConsoleSession, Organisation, TrailEvent } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { type Actor, type Doing, recordOf } from './record.ts'

const logGroup = 'aws-cloudtrail-logs/organization'
const eventDataStoreId = '7e4d3c2b-1a09-4f8e-9d7c-6b5a49382716'

/** Where the delegated administrator finds it; both sources are in the primary Region. */
export function trailPlaces({ delegatedAdministratorId, primaryRegion }: Organisation) {
  const rest = `${primaryRegion}:${delegatedAdministratorId}`
  return {
    logGroup,
    logGroupArn: `arn:aws:logs:${rest}:log-group:${logGroup}`,
    eventDataStoreId,
    eventDataStoreArn: `arn:aws:cloudtrail:${rest}:eventdatastore/${eventDataStoreId}`,
  }
}

export function trailEvent(world: World, actor: Actor, doing: Doing, at: number): TrailEvent {
  const json = recordOf(world, actor, doing, at)
  return { at, availableAt: at + world.settings.trailDelayMs, json }
}

export const arnOfSession = ({ accountId, roleName, userName }: Actor) =>
  `arn:aws:sts::${accountId}:assumed-role/${roleName}/${userName}`

export function actorOf(world: World, session: ConsoleSession): Actor {
  const { userId, userName, accountId, roleName, openedAt } = session
  const saysOnBehalfOf = world.settings.trailOnBehalfOf
  return { userId, userName, accountId, roleName, openedAt, saysOnBehalfOf }
}

/** What somebody does in a console session, with what others happen to do at the same moment. */
export function act(world: World, session: ConsoleSession, doing: Doing): void {
  const now = world.now()
  const own = actorOf(world, session)
  const actors = [own, ...(world.settings.trailNoise ? others(own) : [])]
  world.commit(
    ...actors.map((actor): Change => {
      return { type: 'trail-event', value: trailEvent(world, actor, doing, now) }
    }),
  )
}

/** Everybody whom a careless look would take for that person's session under that role there. */
function others(own: Actor): Actor[] {
  const [name = '', domain] = own.userName.split('@')
  const longer = domain === undefined ? `${name}2` : `${name}2@${domain}`
  const [, suffix = ''] = /_([0-9a-f]{16})$/.exec(own.roleName) ?? []
  const setName = own.roleName.slice('AWSReservedSSO_'.length, -suffix.length - 1)
  return [
    { ...own, userId: `${own.userId.slice(0, -1)}z`, userName: longer },
    { ...own, roleName: `AWSReservedSSO_${setName}Plus_${suffix}` },
    { ...own, accountId: neighbour(own.accountId) },
  ]
}

/** The account after it; nobody's, or somebody's. */
const neighbour = (accountId: string) =>
  String((BigInt(accountId) + 1n) % 10n ** 12n).padStart(12, '0')
