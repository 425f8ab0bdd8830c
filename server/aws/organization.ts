/** The tree of OUs and accounts, walked from the root: names and paths, page by page. */
import {
  type Account,
  ListAccountsForParentCommand,
  ListOrganizationalUnitsForParentCommand,
  ListRootsCommand,
} from '@aws-sdk/client-organizations'
import type { AccountId, OuId } from '#core/ids.ts'
import type { AccountRead, OuRead } from '#server/engine/directory-port.ts'
import { AwsReadError } from './errors.ts'
import { allPages } from './pages.ts'
import { patiently, type Reading } from './reading.ts'
import { cleanText } from './text.ts'

/** AWS Organizations API reference: `MaxResults` is 1 to 20 for every list. */
const pageSize = 20
/** AWS Organizations quotas: 5 levels below the root, 2,000 OUs; ten times that is not a tree. */
const unitsMax = 20_000

export interface OrganizationRead {
  readonly organizationalUnits: OuRead[]
  readonly accounts: AccountRead[]
}

export async function readOrganization(reading: Reading): Promise<OrganizationRead> {
  const units: OuRead[] = []
  const accounts = new Map<AccountId, AccountRead>()
  const waiting = [await readRoot(reading)]
  for (let unit = waiting.shift(); unit !== undefined; unit = waiting.shift()) {
    units.push(unit)
    if (units.length > unitsMax) throw endless()
    for (const account of await readAccounts(reading, unit))
      accounts.set(account.accountId, account)
    waiting.push(...(await readUnits(reading, unit)))
    reading.progress({ organizationalUnits: units.length, accounts: accounts.size })
  }
  return { organizationalUnits: units, accounts: [...accounts.values()] }
}

async function readRoot({ clients, abort }: Reading): Promise<OuRead> {
  const organizations = clients.organizations()
  const list = allPages('ListRoots', (page) =>
    patiently('ListRoots', () => organizations.send(new ListRootsCommand(page), abort)),
  )
  for await (const { Roots = [] } of list) {
    const [root] = Roots
    if (root?.Id === undefined) continue
    // Ids of AWS's own answers, here and below.
    const ouId = root.Id as OuId
    return { ouId, name: cleanText(root.Name ?? 'Root'), parentId: null, path: [ouId] }
  }
  const message = 'AWS Organizations names no root'
  throw new AwsReadError('ListRoots', { kind: 'not_found', code: 'NoRoot', message }, undefined)
}

async function readUnits({ clients, abort }: Reading, parent: OuRead): Promise<OuRead[]> {
  const organizations = clients.organizations()
  const operation = 'ListOrganizationalUnitsForParent'
  const input = { ParentId: parent.ouId, MaxResults: pageSize }
  const units: OuRead[] = []
  const list = allPages(operation, (page) =>
    patiently(operation, () =>
      organizations.send(new ListOrganizationalUnitsForParentCommand({ ...input, ...page }), abort),
    ),
  )
  for await (const { OrganizationalUnits = [] } of list) {
    for (const { Id, Name } of OrganizationalUnits) {
      const ouId = Id as OuId
      const path = [...parent.path, ouId]
      units.push({ ouId, name: cleanText(Name ?? ouId), parentId: parent.ouId, path })
    }
  }
  return units
}

async function readAccounts(reading: Reading, parent: OuRead): Promise<AccountRead[]> {
  const organizations = reading.clients.organizations()
  const operation = 'ListAccountsForParent'
  const input = { ParentId: parent.ouId, MaxResults: pageSize }
  const accounts: AccountRead[] = []
  const list = allPages(operation, (page) =>
    patiently(operation, () =>
      organizations.send(new ListAccountsForParentCommand({ ...input, ...page }), reading.abort),
    ),
  )
  for await (const { Accounts = [] } of list) {
    for (const account of Accounts) {
      accounts.push(accountOf(account, parent.path, reading.at.managementAccountId))
    }
  }
  return accounts
}

export function accountOf(
  account: Account,
  ouPath: readonly OuId[],
  managementAccountId: AccountId,
): AccountRead {
  const accountId = account.Id as AccountId
  return {
    accountId,
    name: cleanText(account.Name ?? accountId),
    // `Status` is being retired in favour of `State` (API reference, Account).
    state: account.State ?? account.Status ?? 'UNKNOWN',
    ouPath,
    isManagement: accountId === managementAccountId,
  }
}

function endless(): AwsReadError {
  const message = 'the tree of organizational units does not end'
  return new AwsReadError(
    'ListOrganizationalUnitsForParent',
    { kind: 'unknown', code: 'EndlessTree', message },
    undefined,
  )
}
