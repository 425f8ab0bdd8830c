import type { Principal } from './principals.ts'
import { Refusal } from './refusal.ts'
import { firstFit } from './schedule.ts'
import type { AssignmentKey, Instant, Operation } from './types.ts'
import type { World } from './world.ts'

export interface AssignmentOrder {
  kind: Operation['kind']
  key: AssignmentKey
  by: Principal
  forcedFailure: string | null
  statusDelayMs?: number
}

/** Accepts a creation or deletion that takes effect later, or refuses it at once. */
export function orderAssignment(world: World, order: AssignmentOrder): Operation {
  refuseUnknown(world, order)
  refuseOutOfReach(world, order)
  const { settings } = world
  const { operations } = world.state
  if (operations.isUnsettled(order.key, settings.conflictScope)) {
    throw new Refusal(
      'ConflictException',
      'A conflict occurred with a previous successful write that has not propagated yet. Retry the request after a while.',
    )
  }
  const creationsMax = settings.outstandingCreations
  if (order.kind === 'create' && operations.creationsInFlight() >= creationsMax) {
    throw new Refusal(
      'ServiceQuotaExceededException',
      `The limit of ${creationsMax} outstanding account assignment creations has been reached.`,
    )
  }
  const now = world.now()
  const requestId = world.ids.uuid()
  const work = scheduled(world, order, now)
  const operation: Operation = {
    ...order.key,
    ...work,
    kind: order.kind,
    requestId,
    createdAt: now,
    toldAt: work.dueAt + (order.statusDelayMs ?? settings.statusDelayMs),
    roleSuffix: world.ids.roleSuffix(),
    forcedFailure: order.forcedFailure,
    forgotten: false,
    status: 'IN_PROGRESS',
    failureReason: null,
  }
  world.commit({ type: 'operation', value: operation })
  return operation
}

/**
 * When work on an order begins and ends: after everything else on its account and, if it makes a
 * role, not before there is room for it among the few that may do that at once.
 */
function scheduled(world: World, { kind, key }: AssignmentOrder, now: Instant) {
  const { operations, rolesOfAccount } = world.state
  const workMs = delayMs(world, kind)
  const freeAt = Math.max(now, operations.accountBusyUntil(key.accountId))
  const hasRole = rolesOfAccount.at(key.accountId).has(key.permissionSetArn)
  if (kind === 'delete' || hasRole) {
    return { startsAt: freeAt, dueAt: freeAt + workMs, provisions: false }
  }
  const others = [...operations.working()].filter(({ provisions }) => provisions)
  const max = world.settings.concurrentProvisionings
  const startsAt = firstFit(others, { from: freeAt, workMs, max })
  return { startsAt, dueAt: startsAt + workMs, provisions: true }
}

function delayMs(world: World, kind: Operation['kind']): number {
  const { createDelayMs, deleteDelayMs, delayJitter } = world.settings
  const delay = kind === 'create' ? createDelayMs : deleteDelayMs
  return Math.round(delay * (1 + delayJitter * (2 * world.chance.fraction() - 1)))
}

/** A deletion doesn't ask whether the person still exists: orphans can be removed. */
function refuseUnknown(world: World, { kind, key }: AssignmentOrder): void {
  const { state } = world
  if (!state.permissionSets.has(key.permissionSetArn)) {
    throw notFound(`PermissionSet with id ${key.permissionSetArn} does not exist.`)
  }
  if (!state.accounts.has(key.accountId)) {
    throw notFound(`Account with id ${key.accountId} does not exist in the organization.`)
  }
  if (kind === 'delete') return
  const principals = key.principalType === 'USER' ? state.users : state.groups
  if (!principals.has(key.principalId)) {
    throw notFound(`${key.principalType} with id ${key.principalId} does not exist.`)
  }
}

/**
 * "Delegated administration" of the IAM Identity Center user guide: a delegated administrator can't
 * manage access to the management account, nor permission sets that are provisioned there.
 */
function refuseOutOfReach(world: World, { key, by }: AssignmentOrder): void {
  if (by.kind === 'management-account') return
  const { managementAccountId } = world.state.organisation
  const provisionedThere = world.state.rolesOfAccount
    .at(managementAccountId)
    .has(key.permissionSetArn)
  if (key.accountId !== managementAccountId && !provisionedThere) return
  throw new Refusal(
    'AccessDeniedException',
    provisionedThere
      ? 'You do not have sufficient access to perform this action: the permission set is provisioned in the management account.'
      : 'You do not have sufficient access to perform this action: the target is the management account.',
  )
}

const notFound = (message: string) => new Refusal('ResourceNotFoundException', message)
