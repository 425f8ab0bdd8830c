import * as z from 'zod'
import type { AssignmentKey, Group, User } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { BadInput } from './bad-input.ts'
import type { ControlRoutes } from './control.ts'

const name = z.string().trim().min(1).max(128)
const url = z.url({ protocol: /^https?$/ })

const userBody = z.strictObject({
  userName: name,
  displayName: z.string().min(1).max(1024).optional(),
  email: z.email().nullable().optional(),
  status: z.enum(['ENABLED', 'DISABLED']).optional(),
})
const groupBody = z.strictObject({
  displayName: name,
  description: z.string().max(1024).optional(),
})
const membershipBody = z.strictObject({ userName: name, groupName: name })
const assignmentBody = z.strictObject({
  userName: name.optional(),
  groupName: name.optional(),
  accountId: z.string().regex(/^\d{12}$/, 'must be twelve digits'),
  permissionSetArn: z.string().optional(),
  permissionSetName: z.string().optional(),
})
const attribute = z.strictObject({ value: z.string().min(1), format: z.string().min(1) })
const applicationBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  startUrl: url.or(z.literal('')).default(''),
  acsUrl: url,
  audience: z.string().min(1),
  attributes: z.record(z.string(), attribute).refine((mapped) => mapped.Subject !== undefined, {
    path: ['Subject'],
    message: 'Subject must be mapped, or IAM Identity Center makes no assertion',
  }),
  groups: z.array(name),
})

export const slugOf = (applicationName: string) =>
  applicationName
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '') || 'application'

function knownUser(world: World, userName: string): User {
  const user = world.state.userByName(userName)
  if (user === undefined) throw new BadInput('userName', `There is no user ${userName}.`)
  return user
}

function knownGroup(world: World, groupName: string, field = 'groupName'): Group {
  const group = world.state.groupByName(groupName)
  if (group === undefined) throw new BadInput(field, `There is no group ${groupName}.`)
  return group
}

/** Times in the answers are ISO 8601. */
function shown<Value extends object>(value: Value): Record<string, unknown> {
  const times = new Set(['createdAt', 'updatedAt'])
  const entries = Object.entries(value).map(([name, member]) =>
    times.has(name) && typeof member === 'number'
      ? [name, new Date(member).toISOString()]
      : [name, member],
  )
  return Object.fromEntries(entries)
}

const done = { status: 204, body: undefined }

const userRoutes: ControlRoutes = {
  'POST /_sandbox/users'(world, body) {
    const given = userBody.parse(body)
    const now = world.now()
    const before = world.state.userByName(given.userName)
    const value: User = {
      userId: before?.userId ?? world.ids.identityId(),
      userName: before?.userName ?? given.userName,
      displayName: given.displayName ?? before?.displayName ?? given.userName,
      email: given.email === undefined ? (before?.email ?? null) : given.email,
      status: given.status ?? before?.status ?? 'ENABLED',
      createdAt: before?.createdAt ?? now,
      updatedAt: now,
      revision: (before?.revision ?? 0) + 1,
    }
    world.commit({ type: 'user', value })
    return { status: before === undefined ? 201 : 200, body: shown(value) }
  },
  'DELETE /_sandbox/users'(world, body) {
    const { userId } = knownUser(world, userBody.parse(body).userName)
    world.commit({ type: 'user-removed', userId })
    return done
  },
}

const groupRoutes: ControlRoutes = {
  'POST /_sandbox/groups'(world, body) {
    const given = groupBody.parse(body)
    const before = world.state.groupByName(given.displayName)
    const value: Group = {
      groupId: before?.groupId ?? world.ids.identityId(),
      displayName: before?.displayName ?? given.displayName,
      description: given.description ?? before?.description ?? '',
      createdAt: before?.createdAt ?? world.now(),
    }
    world.commit({ type: 'group', value })
    return { status: before === undefined ? 201 : 200, body: shown(value) }
  },
  'DELETE /_sandbox/groups'(world, body) {
    const { displayName } = groupBody.parse(body)
    const { groupId } = knownGroup(world, displayName, 'displayName')
    world.commit({ type: 'group-removed', groupId })
    return done
  },
  'POST /_sandbox/memberships'(world, body) {
    const given = membershipBody.parse(body)
    const { userId } = knownUser(world, given.userName)
    const { groupId } = knownGroup(world, given.groupName)
    const before = world.state.membership(userId, groupId)
    const value = before ?? { membershipId: world.ids.identityId(), userId, groupId }
    if (before === undefined) world.commit({ type: 'membership', value })
    return { status: before === undefined ? 201 : 200, body: shown(value) }
  },
  'DELETE /_sandbox/memberships'(world, body) {
    const given = membershipBody.parse(body)
    const { userId } = knownUser(world, given.userName)
    const { groupId } = knownGroup(world, given.groupName)
    const membership = world.state.membership(userId, groupId)
    if (membership === undefined) {
      throw new BadInput('groupName', `${given.userName} is not in ${given.groupName}.`)
    }
    world.commit({ type: 'membership-removed', membershipId: membership.membershipId })
    return done
  },
}

function assignmentKey(world: World, body: unknown): AssignmentKey {
  const given = assignmentBody.parse(body)
  if ((given.userName === undefined) === (given.groupName === undefined)) {
    throw new BadInput('userName', 'Name either a user or a group.')
  }
  const { state } = world
  if (!state.accounts.has(given.accountId)) {
    throw new BadInput('accountId', `There is no account ${given.accountId}.`)
  }
  const permissionSet =
    given.permissionSetArn === undefined
      ? state.permissionSetByName(given.permissionSetName ?? '')
      : state.permissionSets.get(given.permissionSetArn)
  if (permissionSet === undefined) {
    throw new BadInput('permissionSetArn', 'There is no such permission set.')
  }
  const { accountId } = given
  const { permissionSetArn } = permissionSet
  if (given.userName !== undefined) {
    const principalId = knownUser(world, given.userName).userId
    return { accountId, permissionSetArn, principalType: 'USER', principalId }
  }
  const principalId = knownGroup(world, given.groupName ?? '').groupId
  return { accountId, permissionSetArn, principalType: 'GROUP', principalId }
}

const assignmentRoutes: ControlRoutes = {
  'POST /_sandbox/assignments'(world, body) {
    const key = assignmentKey(world, body)
    const roleSuffix = world.ids.roleSuffix()
    world.commit({ type: 'assignment', value: { ...key, roleSuffix, createdAt: world.now() } })
    return { status: 201, body: key }
  },
  'DELETE /_sandbox/assignments'(world, body) {
    world.commit({ type: 'assignment-removed', key: assignmentKey(world, body) })
    return done
  },
}

const applicationRoutes: ControlRoutes = {
  'GET /_sandbox/applications': (world) => ({
    status: 200,
    body: [...world.state.applications.values()].map(shown),
  }),
  'POST /_sandbox/applications'(world, body, origin) {
    const given = applicationBody.parse(body)
    given.groups.forEach((group, at) => void knownGroup(world, group, `groups.${at}`))
    const slug = slugOf(given.name)
    const before = world.state.applications.get(slug)
    const value = {
      ...given,
      slug,
      applicationId: before?.applicationId ?? `apl-${world.ids.roleSuffix()}`,
      createdAt: before?.createdAt ?? world.now(),
    }
    world.commit({ type: 'application', value })
    const metadataUrl = `${origin}/saml/metadata/${slug}`
    return { status: before === undefined ? 201 : 200, body: { ...shown(value), metadataUrl } }
  },
  'DELETE /_sandbox/applications'(world, body) {
    const { name: given } = z.looseObject({ name }).parse(body)
    const slug = slugOf(given)
    if (!world.state.applications.has(slug)) {
      throw new BadInput('name', `There is no application ${given}.`)
    }
    world.commit({ type: 'application-removed', slug })
    return done
  },
}

export const organisationRoutes: ControlRoutes = {
  ...userRoutes,
  ...groupRoutes,
  ...assignmentRoutes,
  ...applicationRoutes,
}
