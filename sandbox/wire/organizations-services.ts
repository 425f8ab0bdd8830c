/**
 * Trusted access and delegated administrators: "Using AWS Organizations with other AWS services" and
 * the API reference of each operation. Who may call what is in `authorise`.
 */
import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import { SortedTable } from '../model/sorted-table.ts'
import type { OrganizationServices } from '../model/types.ts'
import { type Context, operation, seconds, text } from './service.ts'

/** Limits and patterns of the organizations API model, 2016-11-28. */
const accountId = text({ min: 0, max: 12, pattern: /^\d{12}$/ })
const servicePrincipal = text({ min: 1, max: 128, pattern: /^[\w+=,.@-]*$/ })

const change = z.object({ AccountId: accountId, ServicePrincipal: servicePrincipal })

/** How many there may be; a service that is not named here has no limit of its own. */
const delegatesMax: Readonly<Record<string, number>> = {
  'sso.amazonaws.com': 1,
  'cloudtrail.amazonaws.com': 3,
}

const constraint = (Reason: string, message: string) =>
  new Refusal('ConstraintViolationException', message, { Reason })

const denied = () =>
  new Refusal('AccessDeniedException', "You don't have permissions to access this resource.")

const forManagementOnly = new Set([
  'EnableAWSServiceAccess',
  'DisableAWSServiceAccess',
  'RegisterDelegatedAdministrator',
  'DeregisterDelegatedAdministrator',
])

/** Any account may ask which organisation it is in; the rest is for delegated administrators. */
export function authorise({ world, signer }: Context, name: string): void {
  if (signer.principal.kind === 'management-account' || name === 'DescribeOrganization') return
  const accountId = signer.principal.accountId(world.state.organisation)
  const isDelegated = world.state.services.delegated.some((one) => one.accountId === accountId)
  if (!isDelegated || forManagementOnly.has(name)) throw denied()
}

function commit({ world }: Context, services: Partial<OrganizationServices>): void {
  const value = { ...world.state.services, ...services }
  world.commit({ type: 'organization-services', value })
}

function refuseUnknown({ world }: Context, id: string): void {
  if (world.state.accounts.has(id)) return
  throw new Refusal(
    'AccountNotFoundException',
    "You specified an account that doesn't exist in the organization.",
  )
}

function notRegistered(): Refusal {
  return new Refusal(
    'AccountNotRegisteredException',
    'The provided account is not a registered delegated administrator for your organization.',
  )
}

function register(context: Context, { AccountId, ServicePrincipal }: z.output<typeof change>) {
  const { state } = context.world
  refuseUnknown(context, AccountId)
  if (AccountId === state.organisation.managementAccountId) {
    throw constraint(
      'CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR',
      'You cannot register master account/yourself as delegated administrator for your organization.',
    )
  }
  if (state.accounts.get(AccountId)?.state !== 'ACTIVE') {
    throw constraint(
      'CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR',
      'You cannot register a suspended account as a delegated administrator.',
    )
  }
  const { trusted, delegated } = state.services
  if (!trusted.some(({ service }) => service === ServicePrincipal)) {
    throw constraint(
      'SERVICE_ACCESS_NOT_ENABLED',
      'You attempted to register a delegated administrator before you enabled service access. Call the EnableAWSServiceAccess API first.',
    )
  }
  const those = delegated.filter(({ service }) => service === ServicePrincipal)
  if (those.some((one) => one.accountId === AccountId)) {
    throw new Refusal(
      'AccountAlreadyRegisteredException',
      'The provided account is already a delegated administrator for your organization.',
    )
  }
  if (those.length >= (delegatesMax[ServicePrincipal] ?? Number.POSITIVE_INFINITY)) {
    throw constraint(
      'MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED',
      'You have exceeded the allowed number of delegated administrators for the delegated service.',
    )
  }
  const one = { accountId: AccountId, service: ServicePrincipal, since: context.world.now() }
  commit(context, { delegated: [...delegated, one] })
  return {}
}

export const serviceOperations = {
  ListAWSServiceAccessForOrganization: operation(z.object({}), ({ world }) => ({
    EnabledServicePrincipals: world.state.services.trusted.map(({ service, since }) => ({
      ServicePrincipal: service,
      DateEnabled: seconds(since),
    })),
  })),

  /** Enabling again changes nothing. */
  EnableAWSServiceAccess: operation(
    z.object({ ServicePrincipal: servicePrincipal }),
    (context, { ServicePrincipal: service }) => {
      const { trusted } = context.world.state.services
      if (!trusted.some((one) => one.service === service)) {
        commit(context, { trusted: [...trusted, { service, since: context.world.now() }] })
      }
      return {}
    },
  ),

  DisableAWSServiceAccess: operation(
    z.object({ ServicePrincipal: servicePrincipal }),
    (context, { ServicePrincipal: service }) => {
      const { trusted, delegated } = context.world.state.services
      if (delegated.some((one) => one.service === service)) {
        throw constraint(
          'DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE',
          'You attempted to disable service access while a delegated administrator is registered.',
        )
      }
      commit(context, { trusted: trusted.filter((one) => one.service !== service) })
      return {}
    },
  ),

  RegisterDelegatedAdministrator: operation(change, register),

  DeregisterDelegatedAdministrator: operation(change, (context, input) => {
    refuseUnknown(context, input.AccountId)
    const { delegated } = context.world.state.services
    const left = delegated.filter(
      (one) => one.accountId !== input.AccountId || one.service !== input.ServicePrincipal,
    )
    if (left.length === delegated.length) throw notRegistered()
    commit(context, { delegated: left })
    return {}
  }),

  ListDelegatedServicesForAccount: operation(
    z.object({ AccountId: accountId }),
    (context, { AccountId }) => {
      refuseUnknown(context, AccountId)
      const its = context.world.state.services.delegated.filter(
        (one) => one.accountId === AccountId,
      )
      if (its.length === 0) throw notRegistered()
      return {
        DelegatedServices: its.map(({ service, since }) => ({
          ServicePrincipal: service,
          DelegationEnabledDate: seconds(since),
        })),
      }
    },
  ),
}

/** Each account once, with the day on which it was first registered. */
export function delegatedAccounts({ world }: Context, service: string | undefined) {
  const table = new SortedTable<{ accountId: string; since: number }>()
  for (const one of world.state.services.delegated) {
    const isWanted = service === undefined || one.service === service
    if (isWanted && !table.has(one.accountId)) table.set(one.accountId, one)
  }
  return table
}
