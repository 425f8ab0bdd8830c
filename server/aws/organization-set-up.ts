/** What `team init` asks of AWS Organizations and does there, with the management account's rights. */
import {
  DescribeAccountCommand,
  DescribeOrganizationCommand,
  EnableAWSServiceAccessCommand,
  ListAWSServiceAccessForOrganizationCommand,
  ListDelegatedAdministratorsCommand,
  RegisterDelegatedAdministratorCommand,
} from '@aws-sdk/client-organizations'
import type { AwsClients } from './clients.ts'
import { isReadError, reading } from './errors.ts'
import { type Caller, createInstanceFinder } from './instance.ts'
import { allPages } from './pages.ts'

export interface OrganizationAccount {
  readonly accountId: string
  readonly name: string
}

export interface OrganizationSetUp {
  caller(): Promise<Caller>
  managementAccount(): Promise<string>
  /** Null: it is not in the organisation. */
  account(accountId: string): Promise<(OrganizationAccount & { readonly isActive: boolean }) | null>
  trustedServices(): Promise<ReadonlySet<string>>
  trust(service: string): Promise<void>
  administratorsOf(service: string): Promise<readonly OrganizationAccount[]>
  register(service: string, accountId: string): Promise<void>
}

export function createOrganizationSetUp(clients: AwsClients): OrganizationSetUp {
  const { caller } = createInstanceFinder(clients)
  const client = clients.organizations()
  return {
    caller,

    async managementAccount() {
      const { Organization } = await reading('DescribeOrganization', () =>
        client.send(new DescribeOrganizationCommand({})),
      )
      return Organization?.MasterAccountId ?? ''
    },

    async account(accountId) {
      try {
        const { Account } = await reading('DescribeAccount', () =>
          client.send(new DescribeAccountCommand({ AccountId: accountId })),
        )
        // `Status` is what endpoints of before say.
        const state = Account?.State ?? Account?.Status
        return { accountId, name: Account?.Name ?? '', isActive: state === 'ACTIVE' }
      } catch (error) {
        if (isReadError(error, 'not_found')) return null
        throw error
      }
    },

    async trustedServices() {
      const trusted = new Set<string>()
      const name = 'ListAWSServiceAccessForOrganization'
      await reading(name, async () => {
        const list = allPages(name, (page) =>
          client.send(new ListAWSServiceAccessForOrganizationCommand(page)),
        )
        for await (const page of list) {
          for (const { ServicePrincipal = '' } of page.EnabledServicePrincipals ?? []) {
            trusted.add(ServicePrincipal)
          }
        }
      })
      return trusted
    },

    async trust(service) {
      await reading('EnableAWSServiceAccess', () =>
        client.send(new EnableAWSServiceAccessCommand({ ServicePrincipal: service })),
      )
    },

    async administratorsOf(service) {
      const found: OrganizationAccount[] = []
      const name = 'ListDelegatedAdministrators'
      await reading(name, async () => {
        const list = allPages(name, (page) =>
          client.send(
            new ListDelegatedAdministratorsCommand({ ...page, ServicePrincipal: service }),
          ),
        )
        for await (const page of list) {
          for (const { Id = '', Name = '' } of page.DelegatedAdministrators ?? []) {
            found.push({ accountId: Id, name: Name })
          }
        }
      })
      return found
    },

    async register(service, accountId) {
      await reading('RegisterDelegatedAdministrator', () =>
        client.send(
          new RegisterDelegatedAdministratorCommand({
            ServicePrincipal: service,
            AccountId: accountId,
          }),
        ),
      )
    },
  }
}
