import * as z from 'zod'
import { targetOf } from '../model/keys.ts'
import type { Account, OrganizationalUnit, PermissionSet, Target } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { BadInput } from './bad-input.ts'
import type { ControlRoutes } from './control.ts'
import { findAccount, findUnit, knownAccount, knownParent, knownSet } from './known.ts'

const done = { status: 204, body: undefined }
const accountId = z.string().regex(/^\d{12}$/, 'must be twelve digits')
const name = z.string().trim().min(1).max(128)

const accountBody = z.strictObject({
  accountId: accountId.optional(),
  name: name.max(50).optional(),
  state: z
    .enum(['PENDING_ACTIVATION', 'ACTIVE', 'SUSPENDED', 'PENDING_CLOSURE', 'CLOSED'])
    .optional(),
  organizationalUnit: name.optional(),
})

/** The account as it shall be. Given by its id it may be renamed; a new name makes an account. */
function changedAccount(world: World, body: unknown): { before?: Account; after: Account } {
  const given = accountBody.parse(body)
  const { state } = world
  const parentId =
    given.organizationalUnit === undefined
      ? undefined
      : knownParent(world, given.organizationalUnit, 'organizationalUnit')
  const wanted = { accountId: given.accountId, accountName: given.name }
  const before =
    given.accountId === undefined ? findAccount(world, wanted) : knownAccount(world, wanted, 'name')
  if (before !== undefined) {
    const after = {
      ...before,
      name: given.name ?? before.name,
      state: given.state ?? before.state,
      parentId: parentId ?? before.parentId,
    }
    return { before, after }
  }
  if (given.name === undefined) throw new BadInput('name', 'A new account needs a name.')
  const id = world.ids.accountId()
  return {
    after: {
      accountId: id,
      name: given.name,
      email: `aws+${id}@example.com`,
      parentId: parentId ?? state.organisation.rootId,
      state: given.state ?? 'ACTIVE',
      joinedMethod: 'CREATED',
      joinedAt: world.now(),
    },
  }
}

const accountRoutes: ControlRoutes = {
  'POST /_sandbox/accounts'(world, body) {
    const { before, after } = changedAccount(world, body)
    world.commit({ type: 'account', value: after })
    const shown = { ...after, joinedAt: new Date(after.joinedAt).toISOString() }
    return { status: before === undefined ? 201 : 200, body: shown }
  },
  'DELETE /_sandbox/accounts'(world, body) {
    const given = accountBody.parse(body)
    const wanted = { accountId: given.accountId, accountName: given.name }
    const account = knownAccount(world, wanted, 'name')
    const { managementAccountId, delegatedAdministratorId } = world.state.organisation
    if ([managementAccountId, delegatedAdministratorId].includes(account.accountId)) {
      throw new BadInput(
        'accountId',
        'The management account and the delegated administrator stay in the organisation.',
      )
    }
    world.commit({ type: 'account-removed', accountId: account.accountId })
    return done
  },
}

const unitBody = z.strictObject({
  id: z.string().optional(),
  name: name.optional(),
  parent: name.optional(),
})

function knownUnit(world: World, given: z.output<typeof unitBody>): OrganizationalUnit {
  const unit = findUnit(world, given.id ?? given.name ?? '')
  if (unit !== undefined) return unit
  const field = given.id === undefined ? 'name' : 'id'
  throw new BadInput(field, `There is no organizational unit ${given.id ?? given.name}.`)
}

function refuseCircle(world: World, unitId: string, parentId: string): void {
  const { organizationalUnits } = world.state
  for (let at: string | undefined = parentId; at !== undefined; ) {
    if (at === unitId) throw new BadInput('parent', 'A unit cannot be below itself.')
    at = organizationalUnits.get(at)?.parentId
  }
}

const unitRoutes: ControlRoutes = {
  'POST /_sandbox/organizational-units'(world, body) {
    const given = unitBody.parse(body)
    const before =
      given.id === undefined ? findUnit(world, given.name ?? '') : knownUnit(world, given)
    const unitName = given.name ?? before?.name
    if (unitName === undefined) throw new BadInput('name', 'A new unit needs a name.')
    const { rootId } = world.state.organisation
    const parentId =
      given.parent === undefined
        ? (before?.parentId ?? rootId)
        : knownParent(world, given.parent, 'parent')
    const id = before?.id ?? world.ids.organizationalUnitId(rootId)
    refuseCircle(world, id, parentId)
    const value = { id, name: unitName, parentId }
    world.commit({ type: 'organizational-unit', value })
    return { status: before === undefined ? 201 : 200, body: value }
  },
  'DELETE /_sandbox/organizational-units'(world, body) {
    const { id } = knownUnit(world, unitBody.parse(body))
    const { unitsOf, accountsOf } = world.state
    if (unitsOf.at(id).size + accountsOf.at(id).size > 0) {
      throw new BadInput('name', 'The unit is not empty.')
    }
    world.commit({ type: 'organizational-unit-removed', id })
    return done
  },
}

const setBody = z.strictObject({
  arn: z.string().optional(),
  name: z
    .string()
    .regex(/^[\w+=,.@-]{1,32}$/, 'must be 1 to 32 letters, digits or +=,.@-')
    .optional(),
  description: z.string().max(700).optional(),
  sessionDuration: z
    .string()
    .regex(/^PT([1-9]|1[0-2])H$/, 'must be PT1H to PT12H')
    .optional(),
  managedPolicies: z.array(z.strictObject({ name: z.string(), arn: z.string() })).optional(),
  inlinePolicy: z.string().max(32_768).optional(),
  force: z.boolean().optional(),
})
const setFields = { arn: 'arn', name: 'name' }

/** AWS gives a permission set no new name. */
function changedSet(world: World, body: unknown): { before?: PermissionSet; after: PermissionSet } {
  const { arn, name: wanted, ...given } = setBody.omit({ force: true }).parse(body)
  const { state } = world
  const before =
    arn === undefined
      ? state.permissionSetByName(wanted ?? '')
      : knownSet(world, { arn }, setFields)
  if (before === undefined && wanted === undefined) {
    throw new BadInput('name', 'A new permission set needs a name.')
  }
  const after: PermissionSet = {
    permissionSetArn:
      before?.permissionSetArn ?? world.ids.permissionSetArn(state.organisation.instanceArn),
    name: before?.name ?? wanted ?? '',
    description: given.description ?? before?.description ?? '',
    sessionDuration: given.sessionDuration ?? before?.sessionDuration ?? 'PT1H',
    managedPolicies: given.managedPolicies ?? before?.managedPolicies ?? [],
    inlinePolicy: given.inlinePolicy ?? before?.inlinePolicy ?? '',
    createdAt: before?.createdAt ?? world.now(),
  }
  return before === undefined ? { after } : { before, after }
}

const setRoutes: ControlRoutes = {
  'POST /_sandbox/permission-sets'(world, body) {
    const { before, after } = changedSet(world, body)
    world.commit({ type: 'permission-set', value: after })
    const shown = { ...after, createdAt: new Date(after.createdAt).toISOString() }
    return { status: before === undefined ? 201 : 200, body: shown }
  },
  'DELETE /_sandbox/permission-sets'(world, body) {
    const { arn, name: wanted, force } = setBody.parse(body)
    const { permissionSetArn } = knownSet(world, { arn, name: wanted }, setFields)
    const accounts = world.state.rolesOfPermissionSet.at(permissionSetArn).size
    if (accounts > 0 && force !== true) {
      throw new BadInput('force', `It is provisioned in ${accounts} accounts; force takes it away.`)
    }
    world.commit({ type: 'permission-set-removed', permissionSetArn })
    return done
  },
}

const provisionBody = z.strictObject({
  accountId: accountId.optional(),
  accountName: name.optional(),
  permissionSetArn: z.string().optional(),
  permissionSetName: z.string().optional(),
})

function knownTarget(world: World, body: unknown): Target {
  const given = provisionBody.parse(body)
  const set = knownSet(
    world,
    { arn: given.permissionSetArn, name: given.permissionSetName },
    { arn: 'permissionSetArn', name: 'permissionSetName' },
  )
  const account = knownAccount(world, given, 'accountName')
  return { accountId: account.accountId, permissionSetArn: set.permissionSetArn }
}

const roleRoutes: ControlRoutes = {
  'GET /_sandbox/roles'({ state }) {
    const body = [...state.roles()].map(({ roleSuffix, ...target }) => {
      const permissionSetName = state.permissionSets.get(target.permissionSetArn)?.name ?? ''
      const accountName = state.accounts.get(target.accountId)?.name ?? ''
      const roleName = `AWSReservedSSO_${permissionSetName}_${roleSuffix}`
      return { ...target, accountName, permissionSetName, roleName }
    })
    return { status: 200, body }
  },
  'POST /_sandbox/provision'(world, body) {
    const target = knownTarget(world, body)
    world.commit({ type: 'role', value: { ...target, roleSuffix: world.ids.roleSuffix() } })
    return { status: 201, body: target }
  },
  'DELETE /_sandbox/provision'(world, body) {
    const target = knownTarget(world, body)
    if (world.state.assignmentsOfTarget.at(targetOf(target)).size > 0) {
      throw new BadInput('permissionSetArn', 'Its assignments in the account keep it there.')
    }
    world.commit({ type: 'role-removed', target })
    return done
  },
}

export const estateRoutes: ControlRoutes = {
  ...accountRoutes,
  ...unitRoutes,
  ...setRoutes,
  ...roleRoutes,
}
