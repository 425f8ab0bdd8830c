import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import { SortedTable } from '../model/sorted-table.ts'
import type { Group, Membership, User } from '../model/types.ts'
import {
  type Context,
  operation,
  page,
  pageSize,
  type Service,
  seconds,
  text,
  unlessMinimal,
  validationException,
} from './service.ts'
import { onlyAdministrators } from './sso-administrators.ts'

/** Limits and patterns of the identitystore API model, 2020-06-15. */
const IdentityStoreId = text({
  min: 1,
  max: 36,
  pattern: /^(d-[0-9a-f]{10}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/,
})
const resourceId = text({
  min: 1,
  max: 47,
  pattern:
    /^([0-9a-f]{10}-|)[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}$/,
})
const attributePath = text({ min: 1, max: 255, pattern: /^\p{L}+(?:\.\p{L}+){0,2}$/u })
const paging = {
  MaxResults: pageSize(100),
  NextToken: text({ min: 1, max: 65_535, pattern: /^[-a-zA-Z0-9+=/:]*$/ }).optional(),
}
const Filters = z
  .array(z.object({ AttributePath: attributePath, AttributeValue: text({ min: 1, max: 1024 }) }))
  .max(1, 'Member must have length less than or equal to 1')
  .optional()
const MemberId = z.object({ UserId: resourceId })
const AlternateIdentifier = z.object({
  ExternalId: z.object({ Issuer: z.string(), Id: z.string() }).optional(),
  UniqueAttribute: z
    .object({ AttributePath: attributePath, AttributeValue: z.string() })
    .optional(),
})

const sizeDefault = 100
const badToken = () => new Refusal('ValidationException', 'Invalid NextToken')

function notFound(ResourceType: string, ResourceId: string): Refusal {
  const message = `${ResourceType} not found.`
  return new Refusal('ResourceNotFoundException', message, { ResourceType, ResourceId })
}

function inStore<Input extends { IdentityStoreId: string }>(
  answer: (context: Context, input: Input) => object,
) {
  return (context: Context, input: Input): object => {
    const { identityStoreId } = context.world.state.organisation
    if (input.IdentityStoreId !== identityStoreId) {
      throw notFound('IDENTITY_STORE', input.IdentityStoreId)
    }
    return answer(context, input)
  }
}

const arn = (context: Context, kind: string, id: string) =>
  unlessMinimal(context, {
    [`${kind.charAt(0).toUpperCase()}${kind.slice(1)}Arn`]: `arn:aws:identitystore:::${kind}/${id}`,
  })

function userMembers(context: Context, user: User): object {
  const [givenName = '', ...familyName] = user.displayName.split(' ')
  return {
    IdentityStoreId: context.world.state.organisation.identityStoreId,
    UserId: user.userId,
    UserName: user.userName,
    DisplayName: user.displayName,
    Name: { GivenName: givenName, FamilyName: familyName.join(' ') },
    ...(user.email === null
      ? {}
      : { Emails: [{ Value: user.email, Type: 'work', Primary: true }] }),
    ...arn(context, 'user', user.userId),
    ...unlessMinimal(context, {
      UserStatus: user.status,
      Revision: String(user.revision),
      CreatedAt: seconds(user.createdAt),
      UpdatedAt: seconds(user.updatedAt),
    }),
  }
}

function groupMembers(context: Context, group: Group): object {
  return {
    IdentityStoreId: context.world.state.organisation.identityStoreId,
    GroupId: group.groupId,
    DisplayName: group.displayName,
    Description: group.description,
    ...arn(context, 'group', group.groupId),
    ...unlessMinimal(context, { Revision: '1', CreatedAt: seconds(group.createdAt) }),
  }
}

const membershipMembers = (context: Context, membership: Membership) => ({
  IdentityStoreId: context.world.state.organisation.identityStoreId,
  MembershipId: membership.membershipId,
  GroupId: membership.groupId,
  MemberId: { UserId: membership.userId },
  ...arn(context, 'membership', membership.membershipId),
})

const storeInput = z.object({ IdentityStoreId })

function only<Row>(key: string, row: Row | undefined): SortedTable<Row> {
  const table = new SortedTable<Row>()
  if (row !== undefined) table.set(key, row)
  return table
}

const userOperations = {
  ListUsers: operation(
    storeInput.extend({ ...paging, Filters }),
    inStore((context, input) => {
      const { state } = context.world
      const filter = input.Filters?.[0]
      if (filter !== undefined && !/^userName$/i.test(filter.AttributePath)) {
        throw new Refusal('ValidationException', `Unsupported filter ${filter.AttributePath}`)
      }
      const wanted = filter?.AttributeValue
      const { rows, next } = page(
        {
          table: wanted === undefined ? state.users : only(wanted, state.userByName(wanted)),
          list: `ListUsers ${wanted ?? ''}`,
          token: input.NextToken,
          size: input.MaxResults ?? sizeDefault,
        },
        badToken,
      )
      return { Users: rows.map((user) => userMembers(context, user)), NextToken: next }
    }),
  ),

  DescribeUser: operation(
    storeInput.extend({ UserId: resourceId }),
    inStore((context, input) => {
      const user = context.world.state.users.get(input.UserId)
      if (user === undefined) throw notFound('USER', input.UserId)
      return userMembers(context, user)
    }),
  ),

  GetUserId: operation(
    storeInput.extend({ AlternateIdentifier }),
    inStore((context, input) => {
      const attribute = input.AlternateIdentifier.UniqueAttribute
      if (attribute === undefined) {
        throw notFound('USER', input.AlternateIdentifier.ExternalId?.Id ?? '')
      }
      const { AttributePath, AttributeValue } = attribute
      const { state } = context.world
      const finders: Record<string, (value: string) => User | undefined> = {
        username: (value) => state.userByName(value),
        'emails.value': (value) => state.userByEmail(value),
      }
      const find = finders[AttributePath.toLowerCase()]
      if (find === undefined) {
        throw new Refusal('ValidationException', `Invalid attribute path ${AttributePath}`)
      }
      const user = find(AttributeValue)
      if (user === undefined) throw notFound('USER', AttributeValue)
      const { IdentityStoreId } = input
      return { IdentityStoreId, UserId: user.userId, ...arn(context, 'user', user.userId) }
    }),
  ),
}

const groupOperations = {
  ListGroups: operation(
    storeInput.extend({ ...paging, Filters }),
    inStore((context, input) => {
      const { state } = context.world
      const filter = input.Filters?.[0]
      if (filter !== undefined && !/^displayName$/i.test(filter.AttributePath)) {
        throw new Refusal('ValidationException', `Unsupported filter ${filter.AttributePath}`)
      }
      const wanted = filter?.AttributeValue
      const { rows, next } = page(
        {
          table: wanted === undefined ? state.groups : only(wanted, state.groupByName(wanted)),
          list: `ListGroups ${wanted ?? ''}`,
          token: input.NextToken,
          size: input.MaxResults ?? sizeDefault,
        },
        badToken,
      )
      return { Groups: rows.map((group) => groupMembers(context, group)), NextToken: next }
    }),
  ),

  DescribeGroup: operation(
    storeInput.extend({ GroupId: resourceId }),
    inStore((context, input) => {
      const group = context.world.state.groups.get(input.GroupId)
      if (group === undefined) throw notFound('GROUP', input.GroupId)
      return groupMembers(context, group)
    }),
  ),

  GetGroupId: operation(
    storeInput.extend({ AlternateIdentifier }),
    inStore((context, input) => {
      const attribute = input.AlternateIdentifier.UniqueAttribute
      if (attribute === undefined) {
        throw notFound('GROUP', input.AlternateIdentifier.ExternalId?.Id ?? '')
      }
      if (!/^displayName$/i.test(attribute.AttributePath)) {
        throw new Refusal(
          'ValidationException',
          `Invalid attribute path ${attribute.AttributePath}`,
        )
      }
      const group = context.world.state.groupByName(attribute.AttributeValue)
      if (group === undefined) throw notFound('GROUP', attribute.AttributeValue)
      const { IdentityStoreId } = input
      return { IdentityStoreId, GroupId: group.groupId, ...arn(context, 'group', group.groupId) }
    }),
  ),
}

const membershipOperations = {
  ListGroupMemberships: operation(
    storeInput.extend({ GroupId: resourceId, ...paging }),
    inStore((context, input) => {
      const { state } = context.world
      if (!state.groups.has(input.GroupId)) throw notFound('GROUP', input.GroupId)
      const { rows, next } = page(
        {
          table: state.membershipsOfGroup.at(input.GroupId),
          list: `ListGroupMemberships ${input.GroupId}`,
          token: input.NextToken,
          size: input.MaxResults ?? sizeDefault,
        },
        badToken,
      )
      const GroupMemberships = rows.map((row) => membershipMembers(context, row))
      return { GroupMemberships, NextToken: next }
    }),
  ),

  ListGroupMembershipsForMember: operation(
    storeInput.extend({ MemberId, ...paging }),
    inStore((context, input) => {
      const { state } = context.world
      const { UserId } = input.MemberId
      if (!state.users.has(UserId)) throw notFound('USER', UserId)
      const { rows, next } = page(
        {
          table: state.membershipsOfUser.at(UserId),
          list: `ListGroupMembershipsForMember ${UserId}`,
          token: input.NextToken,
          size: input.MaxResults ?? sizeDefault,
        },
        badToken,
      )
      const GroupMemberships = rows.map((row) => membershipMembers(context, row))
      return { GroupMemberships, NextToken: next }
    }),
  ),

  IsMemberInGroups: operation(
    storeInput.extend({
      MemberId,
      GroupIds: z
        .array(resourceId)
        .min(1, 'Member must have length greater than or equal to 1')
        .max(100, 'Member must have length less than or equal to 100'),
    }),
    inStore((context, input) => {
      const { state } = context.world
      const { UserId } = input.MemberId
      if (!state.users.has(UserId)) throw notFound('USER', UserId)
      const Results = input.GroupIds.map((GroupId) => {
        if (!state.groups.has(GroupId)) throw notFound('GROUP', GroupId)
        const MembershipExists = state.membership(UserId, GroupId) !== undefined
        return { GroupId, MemberId: { UserId }, MembershipExists }
      })
      return { Results }
    }),
  ),

  DescribeIdentityStore: operation(
    storeInput,
    inStore((context, input) => ({
      IdentityStoreId: input.IdentityStoreId,
      IdentityStoreArn: `arn:aws:identitystore::${context.world.state.organisation.managementAccountId}:identitystore/${input.IdentityStoreId}`,
    })),
  ),
}

/** "IAM Identity Center quotas": 20 a second for each Identity Store API by itself. */
function throttle({ world }: Context, name: string): void {
  const perSecond = world.settings.callsPerSecond
  const bucket = world.bucket(`identitystore ${name}`)
  if (bucket.take(world.now(), { perSecond, capacity: perSecond })) return
  throw new Refusal('ThrottlingException', 'Rate exceeded', { RetryAfterSeconds: 1 })
}

export const identityStore: Service = {
  name: 'identitystore',
  scope: 'identitystore',
  operations: { ...userOperations, ...groupOperations, ...membershipOperations },
  optional: ['DescribeIdentityStore'],
  malformed: validationException,
  authorise: onlyAdministrators,
  throttle,
}
