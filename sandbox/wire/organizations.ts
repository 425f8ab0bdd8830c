import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import { SortedTable } from '../model/sorted-table.ts'
import type { State } from '../model/state.ts'
import type { Account, OrganizationalUnit } from '../model/types.ts'
import { authorise, delegatedAccounts, serviceOperations } from './organizations-services.ts'
import {
  type Context,
  listed,
  type Mistake,
  makeToken,
  oneOf,
  operation,
  type PageOrder,
  page,
  pageSize,
  type Service,
  seconds,
  text,
  unlessMinimal,
} from './service.ts'

/** Limits and patterns of the organizations API model, 2016-11-28. */
const accountId = text({ min: 0, max: 12, pattern: /^\d{12}$/ })
const unitId = text({ min: 0, max: 68, pattern: /^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$/ })
const parentId = text({
  min: 0,
  max: 100,
  pattern: /^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$/,
})
const childId = text({
  min: 0,
  max: 100,
  pattern: /^(\d{12}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32})$/,
})
const paging = {
  MaxResults: pageSize(20),
  NextToken: text({ min: 0, max: 100_000 }).optional(),
}
const pageSizeMax = 20
const emptyPageChance = 0.25

const invalidInput = (Reason: string, message: string) =>
  new Refusal('InvalidInputException', message, { Reason })

function malformed(mistakes: Mistake[]): Refusal {
  const first = mistakes[0]
  const of = first?.isText === true ? 'LENGTH' : 'VALUE'
  const reasons: Record<Mistake['kind'], string> = {
    missing: 'INPUT_REQUIRED',
    'too-small': `MIN_${of}_EXCEEDED`,
    'too-big': `MAX_${of}_EXCEEDED`,
    pattern: 'INVALID_PATTERN',
    enum: 'INVALID_ENUM',
    other: 'INVALID_PATTERN',
  }
  return invalidInput(reasons[first?.kind ?? 'other'], listed(mistakes))
}

const emptied = ' empty'

/**
 * "Organizations lists can return an empty page with a token": some pages after the first are empty
 * here, and the next one goes on where the last rows ended.
 */
function pageWithGaps<Row>(
  context: Context,
  order: Omit<PageOrder<Row>, 'size'> & { size: number | undefined },
) {
  const badToken = () => invalidInput('INVALID_NEXT_TOKEN', 'The provided NextToken is not valid.')
  const { rows, next, after } = page({ ...order, size: order.size ?? pageSizeMax }, badToken)
  const mayBeEmpty = after !== '' && !after.endsWith(emptied)
  if (!mayBeEmpty || context.world.chance.fraction() >= emptyPageChance) return { rows, next }
  return { rows: [], next: makeToken({ list: order.list, after: `${after}${emptied}` }) }
}

function arnOf(state: State, kind: string, id: string): string {
  const { managementAccountId, organizationId } = state.organisation
  return `arn:aws:organizations::${managementAccountId}:${kind}/${organizationId}/${id}`
}

function pathOf(state: State, id: string): string {
  const ids = [id]
  const limit = state.organizationalUnits.size + 1
  for (let at = id; ids.length <= limit; ) {
    const parent = state.organizationalUnits.get(at)?.parentId ?? state.accounts.get(at)?.parentId
    if (parent === undefined) break
    ids.unshift(parent)
    at = parent
  }
  return `${state.organisation.organizationId}/${ids.join('/')}/`
}

const retiredStatus: Record<Account['state'], string> = {
  PENDING_ACTIVATION: 'ACTIVE',
  ACTIVE: 'ACTIVE',
  SUSPENDED: 'SUSPENDED',
  PENDING_CLOSURE: 'PENDING_CLOSURE',
  CLOSED: 'SUSPENDED',
}

function accountMembers(context: Context, account: Account): object {
  const { state } = context.world
  return {
    Id: account.accountId,
    Arn: arnOf(state, 'account', account.accountId),
    Email: account.email,
    Name: account.name,
    Status: retiredStatus[account.state],
    JoinedMethod: account.joinedMethod,
    JoinedTimestamp: seconds(account.joinedAt),
    ...unlessMinimal(context, {
      State: account.state,
      Paths: [pathOf(state, account.accountId)],
    }),
  }
}

function unitMembers(context: Context, unit: OrganizationalUnit): object {
  const { state } = context.world
  return {
    Id: unit.id,
    Arn: arnOf(state, 'ou', unit.id),
    Name: unit.name,
    ...unlessMinimal(context, { Path: pathOf(state, unit.id) }),
  }
}

function refuseParent(state: State, id: string): void {
  if (id === state.organisation.rootId || state.organizationalUnits.has(id)) return
  throw new Refusal(
    'ParentNotFoundException',
    "You specified a root or OU that doesn't exist in the organization.",
  )
}

const treeOperations = {
  DescribeOrganization: operation(z.object({}), ({ world: { state } }) => {
    const { organizationId, managementAccountId } = state.organisation
    return {
      Organization: {
        Id: organizationId,
        Arn: `arn:aws:organizations::${managementAccountId}:organization/${organizationId}`,
        FeatureSet: 'ALL',
        MasterAccountArn: arnOf(state, 'account', managementAccountId),
        MasterAccountId: managementAccountId,
        MasterAccountEmail: state.accounts.get(managementAccountId)?.email,
        AvailablePolicyTypes: [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }],
      },
    }
  }),

  ListRoots: operation(z.object(paging), ({ world: { state } }) => {
    const { rootId } = state.organisation
    const PolicyTypes = [{ Type: 'SERVICE_CONTROL_POLICY', Status: 'ENABLED' }]
    return { Roots: [{ Id: rootId, Arn: arnOf(state, 'root', rootId), Name: 'Root', PolicyTypes }] }
  }),

  ListOrganizationalUnitsForParent: operation(
    z.object({ ParentId: parentId, ...paging }),
    (context, input) => {
      refuseParent(context.world.state, input.ParentId)
      const { rows, next } = pageWithGaps(context, {
        table: context.world.state.unitsOf.at(input.ParentId),
        list: `ListOrganizationalUnitsForParent ${input.ParentId}`,
        token: input.NextToken,
        size: input.MaxResults,
      })
      return {
        OrganizationalUnits: rows.map((unit) => unitMembers(context, unit)),
        NextToken: next,
      }
    },
  ),

  DescribeOrganizationalUnit: operation(
    z.object({ OrganizationalUnitId: unitId }),
    (context, input) => {
      const unit = context.world.state.organizationalUnits.get(input.OrganizationalUnitId)
      if (unit !== undefined) return { OrganizationalUnit: unitMembers(context, unit) }
      throw new Refusal(
        'OrganizationalUnitNotFoundException',
        "You specified an OU that doesn't exist in the organization.",
      )
    },
  ),

  ListParents: operation(z.object({ ChildId: childId, ...paging }), ({ world }, input) => {
    const { state } = world
    const child = state.accounts.get(input.ChildId) ?? state.organizationalUnits.get(input.ChildId)
    if (child === undefined) {
      throw new Refusal(
        'ChildNotFoundException',
        "You specified an account or OU that doesn't exist in the organization.",
      )
    }
    const Type = child.parentId === state.organisation.rootId ? 'ROOT' : 'ORGANIZATIONAL_UNIT'
    return { Parents: [{ Id: child.parentId, Type }] }
  }),

  ListChildren: operation(
    z.object({
      ParentId: parentId,
      ChildType: oneOf(['ACCOUNT', 'ORGANIZATIONAL_UNIT']),
      ...paging,
    }),
    (context, input) => {
      const { state } = context.world
      refuseParent(state, input.ParentId)
      const table = new SortedTable<string>()
      const children =
        input.ChildType === 'ACCOUNT'
          ? state.accountsOf.at(input.ParentId)
          : state.unitsOf.at(input.ParentId)
      for (const [id] of children.after('', Number.MAX_SAFE_INTEGER)) table.set(id, id)
      const { rows, next } = pageWithGaps(context, {
        table,
        list: `ListChildren ${input.ParentId} ${input.ChildType}`,
        token: input.NextToken,
        size: input.MaxResults,
      })
      return { Children: rows.map((Id) => ({ Id, Type: input.ChildType })), NextToken: next }
    },
  ),
}

const accountOperations = {
  ListAccounts: operation(z.object(paging), (context, input) => {
    const { rows, next } = pageWithGaps(context, {
      table: context.world.state.accounts,
      list: 'ListAccounts',
      token: input.NextToken,
      size: input.MaxResults,
    })
    return { Accounts: rows.map((account) => accountMembers(context, account)), NextToken: next }
  }),

  ListAccountsForParent: operation(
    z.object({ ParentId: parentId, ...paging }),
    (context, input) => {
      refuseParent(context.world.state, input.ParentId)
      const { rows, next } = pageWithGaps(context, {
        table: context.world.state.accountsOf.at(input.ParentId),
        list: `ListAccountsForParent ${input.ParentId}`,
        token: input.NextToken,
        size: input.MaxResults,
      })
      return { Accounts: rows.map((account) => accountMembers(context, account)), NextToken: next }
    },
  ),

  DescribeAccount: operation(z.object({ AccountId: accountId }), (context, input) => {
    const account = context.world.state.accounts.get(input.AccountId)
    if (account !== undefined) return { Account: accountMembers(context, account) }
    throw new Refusal(
      'AccountNotFoundException',
      "You specified an account that doesn't exist in the organization.",
    )
  }),

  ListDelegatedAdministrators: operation(
    z.object({ ServicePrincipal: text({ min: 1, max: 128 }).optional(), ...paging }),
    (context, input) => {
      const { state } = context.world
      const { rows, next } = pageWithGaps(context, {
        table: delegatedAccounts(context, input.ServicePrincipal),
        list: `ListDelegatedAdministrators ${input.ServicePrincipal ?? ''}`,
        token: input.NextToken,
        size: input.MaxResults,
      })
      const DelegatedAdministrators = rows.flatMap(({ accountId, since }) => {
        const account = state.accounts.get(accountId)
        if (account === undefined) return []
        return [{ ...accountMembers(context, account), DelegationEnabledDate: seconds(since) }]
      })
      return { DelegatedAdministrators, NextToken: next }
    },
  ),
}

/** What one account may call: [a second, at once]. */
const rates: Readonly<Record<string, readonly [perSecond: number, burst: number]>> = {
  DescribeOrganization: [1, 2],
  ListRoots: [1, 2],
  DescribeOrganizationalUnit: [2, 2],
  DescribeAccount: [20, 30],
  ListAccounts: [8, 12],
  ListChildren: [6, 10],
  ListDelegatedAdministrators: [5, 8],
  tree: [5, 8],
}
const treeLists = new Set([
  'ListParents',
  'ListAccountsForParent',
  'ListOrganizationalUnitsForParent',
])
const callsPerSecondOfAws = 20

/**
 * "Throttling limits" of the AWS Organizations user guide. Whoever changes the quota of IAM Identity
 * Center changes these in proportion.
 */
function throttle({ world, signer }: Context, name: string): void {
  const apis = treeLists.has(name) ? 'tree' : name
  const [perSecond, burst] = rates[apis] ?? [5, 8]
  const share = world.settings.callsPerSecond / callsPerSecondOfAws
  const bucket = world.bucket(`organizations ${apis} ${signer.principal.kind}`)
  const rate = { perSecond: perSecond * share, capacity: Math.max(1, burst * share) }
  if (bucket.take(world.now(), rate)) return
  throw new Refusal(
    'TooManyRequestsException',
    'You have sent too many requests in too short a period of time. Try again later.',
    { Type: 'RATE_EXCEEDED' },
  )
}

export const organizations: Service = {
  name: 'organizations',
  scope: 'organizations',
  operations: { ...treeOperations, ...accountOperations, ...serviceOperations },
  optional: ['ListDelegatedAdministrators'],
  authorise,
  malformed,
  throttle,
}
