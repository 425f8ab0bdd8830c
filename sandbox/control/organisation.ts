import * as z from 'zod'
import type { Application, AssignmentKey, Group, User } from '../model/types.ts'
import type { World } from '../model/world.ts'
import { BadInput } from './bad-input.ts'
import type { ControlRoutes } from './control.ts'
import { knownAccount, knownGroup, knownSet, knownUser } from './known.ts'

const name = z.string().trim().min(1).max(128)
const url = z.url({ protocol: /^https?$/ })

const userBody = z.strictObject({
  /** Names whom to change, so that `userName` may be a new name. */
  userId: z.string().optional(),
  userName: name,
  displayName: z.string().min(1).max(1024).optional(),
  email: z.email().nullable().optional(),
  status: z.enum(['ENABLED', 'DISABLED']).optional(),
})
const groupBody = z.strictObject({
  /** Names which to change, so that `displayName` may be a new name. */
  groupId: z.string().optional(),
  displayName: name,
  description: z.string().max(1024).optional(),
})
const membershipBody = z.strictObject({ userName: name, groupName: name })
const assignmentBody = z.strictObject({
  userName: name.optional(),
  /** Of somebody who may be no more. */
  userId: z.string().optional(),
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

function refuseTaken(field: string, own: string | undefined, taken: string | undefined): void {
  if (own === undefined || taken === undefined || own === taken) return
  throw new BadInput(field, 'Somebody else has that name.')
}

const done = { status: 204, body: undefined }

const userRoutes: ControlRoutes = {
  'POST /_sandbox/users'(world, body) {
    const given = userBody.parse(body)
    const now = world.now()
    const { userId, userName } = given
    const before =
      userId === undefined ? world.state.userByName(userName) : knownUser(world, { userId })
    refuseTaken('userName', before?.userId, world.state.userByName(userName)?.userId)
    const value: User = {
      userId: before?.userId ?? world.ids.identityId(),
      userName: userId === undefined ? (before?.userName ?? userName) : userName,
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
    const { userId } = knownUser(world, userBody.parse(body))
    world.commit({ type: 'user-removed', userId })
    return done
  },
}

const groupRoutes: ControlRoutes = {
  'POST /_sandbox/groups'(world, body) {
    const given = groupBody.parse(body)
    const { groupId, displayName } = given
    const named = world.state.groupByName(displayName)
    const before = groupId === undefined ? named : world.state.groups.get(groupId)
    if (groupId !== undefined && before === undefined) {
      throw new BadInput('groupId', `There is no group ${groupId}.`)
    }
    refuseTaken('displayName', before?.groupId, named?.groupId)
    const value: Group = {
      groupId: before?.groupId ?? world.ids.identityId(),
      displayName: groupId === undefined ? (before?.displayName ?? displayName) : displayName,
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
    const { userId } = knownUser(world, given)
    const { groupId } = knownGroup(world, given.groupName)
    const before = world.state.membership(userId, groupId)
    const value = before ?? { membershipId: world.ids.identityId(), userId, groupId }
    if (before === undefined) world.commit({ type: 'membership', value })
    return { status: before === undefined ? 201 : 200, body: shown(value) }
  },
  'DELETE /_sandbox/memberships'(world, body) {
    const given = membershipBody.parse(body)
    const { userId } = knownUser(world, given)
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
  const { userName, userId, groupName, ...given } = assignmentBody.parse(body)
  if ([userName, userId, groupName].filter((one) => one !== undefined).length !== 1) {
    throw new BadInput('userName', 'Name either a user or a group.')
  }
  const { accountId } = knownAccount(world, given, 'accountId')
  const { permissionSetArn } = knownSet(
    world,
    { arn: given.permissionSetArn, name: given.permissionSetName },
    { arn: 'permissionSetArn', name: 'permissionSetName' },
  )
  const target = { accountId, permissionSetArn }
  if (groupName !== undefined) {
    const principalId = knownGroup(world, groupName).groupId
    return { ...target, principalType: 'GROUP', principalId }
  }
  const principalId = userId ?? knownUser(world, { userName: userName ?? '' }).userId
  return { ...target, principalType: 'USER', principalId }
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

/** By script, or by the form of the console. */
export function registerApplication(world: World, body: unknown) {
  const given = applicationBody.parse(body)
  given.groups.forEach((group, at) => void knownGroup(world, group, `groups.${at}`))
  const slug = slugOf(given.name)
  const before = world.state.applications.get(slug)
  const value: Application = {
    ...given,
    slug,
    applicationId: before?.applicationId ?? `apl-${world.ids.roleSuffix()}`,
    createdAt: before?.createdAt ?? world.now(),
  }
  world.commit({ type: 'application', value })
  return { isNew: before === undefined, value }
}

const applicationRoutes: ControlRoutes = {
  'GET /_sandbox/applications': (world) => ({
    status: 200,
    body: [...world.state.applications.values()].map(shown),
  }),
  'POST /_sandbox/applications'(world, body, origin) {
    const { isNew, value } = registerApplication(world, body)
    const metadataUrl = `${origin}/saml/metadata/${value.slug}`
    return { status: isNew ? 201 : 200, body: { ...shown(value), metadataUrl } }
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

const identityBody = z.strictObject({
  identity: z
    .string()
    .regex(/^([^@\s]+@)?[a-z0-9-]+(\.[a-z0-9-]+)+$/i, 'must be a domain or an address'),
  verified: z.boolean().default(true),
})

const mailIdentityRoutes: ControlRoutes = {
  'POST /_sandbox/email-identities'(world, body) {
    const value = identityBody.parse(body)
    world.commit({ type: 'email-identity', value })
    return { status: 200, body: value }
  },
  'DELETE /_sandbox/email-identities'(world, body) {
    const { identity } = identityBody.parse(body)
    world.commit({ type: 'email-identity-removed', identity })
    return done
  },
}

export const organisationRoutes: ControlRoutes = {
  ...mailIdentityRoutes,
  ...userRoutes,
  ...groupRoutes,
  ...assignmentRoutes,
  ...applicationRoutes,
}
