/** What `team doctor` asks of AWS: the server's own kinds of calls, with the server's credentials. */

import {
  DescribeGroupCommand,
  DescribeUserCommand,
  GetGroupIdCommand,
  ListGroupMembershipsCommand,
} from '@aws-sdk/client-identitystore'
import {
  ListAccountsCommand,
  ListAWSServiceAccessForOrganizationCommand,
  ListDelegatedServicesForAccountCommand,
} from '@aws-sdk/client-organizations'
import { GetAccountCommand, GetEmailIdentityCommand } from '@aws-sdk/client-sesv2'
import {
  DescribePermissionSetCommand,
  ListApplicationsCommand,
  ListPermissionSetsCommand,
} from '@aws-sdk/client-sso-admin'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { AwsClients } from './clients.ts'
import { isReadError, reading } from './errors.ts'
import { type Caller, createInstanceFinder, type Instance } from './instance.ts'
import { allPages } from './pages.ts'
import { minutesOf } from './session-duration.ts'

export interface GroupFacts {
  readonly groupId: string
  readonly displayName: string
  readonly members: number
  /** Among the first of them; they can sign in. */
  readonly enabled: number
}

export interface MailAccount {
  readonly hasProductionAccess: boolean
  readonly isSending: boolean
  readonly perDay: number
  readonly sentToday: number
}

export interface PermissionSetFacts {
  readonly arn: string
  readonly name: string
  readonly sessionMinutes: number
}

export interface Prerequisites {
  /** With the time that AWS said it was. */
  caller(): Promise<Caller & { readonly awsTime: Date | null }>
  instance(): Promise<Instance>
  /** Null: AWS does not let this account ask, as it lets no account that administers nothing. */
  delegatedServices(accountId: string): Promise<readonly string[] | null>
  trustedServices(): Promise<readonly string[]>
  /** Null: no group has that name or id. */
  group(nameOrId: string): Promise<GroupFacts | null>
  emailIdentity(name: string): Promise<'verified' | 'pending' | 'absent'>
  mailAccount(): Promise<MailAccount>
  permissionSets(told: (done: number, all: number) => void): Promise<readonly PermissionSetFacts[]>
  accounts(): Promise<number>
  /** The names of the applications whose tile leads there. */
  applicationsAt(startUrl: string): Promise<readonly string[]>
}

const membersLookedAt = 20

export function createPrerequisites(clients: AwsClients): Prerequisites {
  const finder = createInstanceFinder(clients)
  return {
    caller: () => callerAndTime(clients),
    instance: () => finder.find(),
    delegatedServices: (accountId) => delegatedServices(clients, accountId),
    trustedServices: () => trustedServices(clients),
    group: async (nameOrId) => groupFacts(clients, await finder.find(), nameOrId),
    emailIdentity: (name) => emailIdentity(clients, name),
    mailAccount: () => mailAccount(clients),
    permissionSets: async (told) => permissionSets(clients, await finder.find(), told),
    accounts: () => countAccounts(clients),
    applicationsAt: async (startUrl) => applicationsAt(clients, await finder.find(), startUrl),
  }
}

async function callerAndTime(clients: AwsClients) {
  const client = clients.sts()
  const heard: { date: string | null } = { date: null }
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args)
      heard.date = dateOf(result.response)
      return result
    },
    { step: 'deserialize', name: 'teamHearDate', override: true },
  )
  const said = await reading('GetCallerIdentity', () =>
    client.send(new GetCallerIdentityCommand({})),
  )
  const awsTime = heard.date === null ? null : new Date(heard.date)
  return { accountId: said.Account ?? '', arn: said.Arn ?? '', awsTime }
}

function dateOf(response: unknown): string | null {
  if (typeof response !== 'object' || response === null || !('headers' in response)) return null
  const { headers } = response
  const date: unknown =
    typeof headers === 'object' && headers !== null ? Reflect.get(headers, 'date') : null
  return typeof date === 'string' && !Number.isNaN(Date.parse(date)) ? date : null
}

async function delegatedServices(clients: AwsClients, accountId: string): Promise<string[] | null> {
  const name = 'ListDelegatedServicesForAccount'
  try {
    return await reading(name, async () => {
      const found: string[] = []
      const list = allPages(name, (page) =>
        clients
          .organizations()
          .send(new ListDelegatedServicesForAccountCommand({ ...page, AccountId: accountId })),
      )
      for await (const page of list) {
        found.push(...(page.DelegatedServices ?? []).map((one) => one.ServicePrincipal ?? ''))
      }
      return found
    })
  } catch (error) {
    if (isReadError(error, 'denied')) return null
    if (codeOf(error) === 'AccountNotRegisteredException') return []
    throw error
  }
}

const codeOf = (error: unknown) =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : null

async function trustedServices(clients: AwsClients): Promise<string[]> {
  const name = 'ListAWSServiceAccessForOrganization'
  return reading(name, async () => {
    const found: string[] = []
    const list = allPages(name, (page) =>
      clients.organizations().send(new ListAWSServiceAccessForOrganizationCommand(page)),
    )
    for await (const page of list) {
      found.push(...(page.EnabledServicePrincipals ?? []).map((one) => one.ServicePrincipal ?? ''))
    }
    return found
  })
}

async function groupFacts(
  clients: AwsClients,
  { identityStoreId: IdentityStoreId, region }: Instance,
  nameOrId: string,
): Promise<GroupFacts | null> {
  const client = clients.identityStore(region)
  const group = await findGroup(clients, { IdentityStoreId, region }, nameOrId)
  if (group === null) return null
  const userIds: string[] = []
  await reading('ListGroupMemberships', async () => {
    const list = allPages('ListGroupMemberships', (page) =>
      client.send(
        new ListGroupMembershipsCommand({ ...page, IdentityStoreId, GroupId: group.groupId }),
      ),
    )
    for await (const page of list) {
      userIds.push(...(page.GroupMemberships ?? []).flatMap((one) => one.MemberId?.UserId ?? []))
    }
  })
  let enabled = 0
  for (const UserId of userIds.slice(0, membersLookedAt)) {
    const user = await reading('DescribeUser', () =>
      client.send(new DescribeUserCommand({ IdentityStoreId, UserId })),
    )
    if (user.UserStatus !== 'DISABLED') enabled += 1
  }
  return { ...group, members: userIds.length, enabled }
}

async function findGroup(
  clients: AwsClients,
  { IdentityStoreId, region }: { IdentityStoreId: string; region: string },
  nameOrId: string,
): Promise<{ groupId: string; displayName: string } | null> {
  const client = clients.identityStore(region)
  const UniqueAttribute = { AttributePath: 'displayName', AttributeValue: nameOrId }
  const named = await orNull(() =>
    reading('GetGroupId', () =>
      client.send(
        new GetGroupIdCommand({ IdentityStoreId, AlternateIdentifier: { UniqueAttribute } }),
      ),
    ),
  )
  if (named?.GroupId !== undefined) return { groupId: named.GroupId, displayName: nameOrId }
  if (!/^([0-9a-f]{10}-)?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(nameOrId)) return null
  const known = await orNull(() =>
    reading('DescribeGroup', () =>
      client.send(new DescribeGroupCommand({ IdentityStoreId, GroupId: nameOrId })),
    ),
  )
  return known === null ? null : { groupId: nameOrId, displayName: known.DisplayName ?? nameOrId }
}

async function orNull<Value>(read: () => Promise<Value>): Promise<Value | null> {
  try {
    return await read()
  } catch (error) {
    if (isReadError(error, 'not_found')) return null
    throw error
  }
}

async function emailIdentity(clients: AwsClients, EmailIdentity: string) {
  const found = await orNull(() =>
    reading('GetEmailIdentity', () =>
      clients.ses().send(new GetEmailIdentityCommand({ EmailIdentity })),
    ),
  )
  if (found === null) return 'absent'
  return found.VerifiedForSendingStatus === true ? 'verified' : 'pending'
}

async function mailAccount(clients: AwsClients): Promise<MailAccount> {
  const said = await reading('GetAccount', () => clients.ses().send(new GetAccountCommand({})))
  return {
    hasProductionAccess: said.ProductionAccessEnabled === true,
    isSending: said.SendingEnabled !== false,
    perDay: said.SendQuota?.Max24HourSend ?? 0,
    sentToday: said.SendQuota?.SentLast24Hours ?? 0,
  }
}

async function permissionSets(
  clients: AwsClients,
  { instanceArn: InstanceArn, region }: Instance,
  told: (done: number, all: number) => void,
): Promise<PermissionSetFacts[]> {
  const client = clients.ssoAdmin('contents', region)
  const arns: string[] = []
  await reading('ListPermissionSets', async () => {
    const list = allPages('ListPermissionSets', (page) =>
      client.send(new ListPermissionSetsCommand({ ...page, InstanceArn })),
    )
    for await (const page of list) arns.push(...(page.PermissionSets ?? []))
  })
  const found: PermissionSetFacts[] = []
  for (const PermissionSetArn of arns) {
    told(found.length, arns.length)
    const { PermissionSet } = await reading('DescribePermissionSet', () =>
      client.send(new DescribePermissionSetCommand({ InstanceArn, PermissionSetArn })),
    )
    found.push({
      arn: PermissionSetArn,
      name: PermissionSet?.Name ?? PermissionSetArn,
      // AWS's own default.
      sessionMinutes: minutesOf(PermissionSet?.SessionDuration) ?? 60,
    })
  }
  return found
}

async function countAccounts(clients: AwsClients): Promise<number> {
  let count = 0
  await reading('ListAccounts', async () => {
    const list = allPages('ListAccounts', (page) =>
      clients.organizations().send(new ListAccountsCommand(page)),
    )
    for await (const page of list) count += page.Accounts?.length ?? 0
  })
  return count
}

async function applicationsAt(
  clients: AwsClients,
  { instanceArn: InstanceArn, region }: Instance,
  startUrl: string,
): Promise<string[]> {
  const client = clients.ssoAdmin('other', region)
  return reading('ListApplications', async () => {
    const found: string[] = []
    const list = allPages('ListApplications', (page) =>
      client.send(new ListApplicationsCommand({ ...page, InstanceArn })),
    )
    for await (const page of list) {
      for (const { Name = '', PortalOptions } of page.Applications ?? []) {
        if (PortalOptions?.SignInOptions?.ApplicationUrl === startUrl) found.push(Name)
      }
    }
    return found
  })
}
