import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AccountId } from '#core/ids.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import type { ReadProgress } from '#server/engine/directory-port.ts'
import type { DirectorySnapshot } from '#server/store/directory-snapshot.ts'
import { clientsFor, control, type SandboxOrganization } from '#test/aws-clients.ts'
import { createDirectoryReader } from './directory-reader.ts'
import { createInstanceFinder } from './instance.ts'

let sandbox: Sandbox
let organization: SandboxOrganization
const nothing = { permissionSets: [], accountIds: [], userIds: [], groupIds: [], memberships: [] }

/** The reader asks as fast as it can here: who keeps to AWS's rates is the budget. */
const settings = { callsPerSecond: 1_000_000 }

beforeAll(async () => {
  sandbox = await startSandbox({ port: 0, seed: 5, size: 'large', settings })
  organization = await control(sandbox, 'GET', 'organization')
})
afterAll(() => sandbox.close())

function open(requestHandler?: object, at = sandbox) {
  const clients = clientsFor(at, requestHandler ? { requestHandler } : {})
  return {
    clients,
    reader: createDirectoryReader({ clients, instance: createInstanceFinder(clients) }),
  }
}

const reset = () => Promise.reject(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))

/** As if an account were in neither place when its page is read. */
function hidingFromLists(accountId: string) {
  const handler = breaking('', () => false)
  return {
    ...handler,
    handle: async (...args: Parameters<NodeHttpHandler['handle']>) => {
      const answer = await handler.handle(...args)
      if (args[0].headers['x-amz-target']?.endsWith('.ListAccountsForParent') !== true)
        return answer
      const page = JSON.parse(await text(answer.response.body))
      page.Accounts = page.Accounts.filter((one: { Id: string }) => one.Id !== accountId)
      return { response: { ...answer.response, body: Readable.from([JSON.stringify(page)]) } }
    },
  }
}

/** Breaks the connection on some calls of an operation, counted from 1. */
function breaking(operation: string, breaks: (nth: number) => boolean) {
  const wire = new NodeHttpHandler()
  let seen = 0
  return {
    metadata: wire.metadata,
    destroy: () => wire.destroy(),
    httpHandlerConfigs: () => wire.httpHandlerConfigs(),
    updateHttpClientConfig: () => undefined,
    handle: (...args: Parameters<NodeHttpHandler['handle']>) => {
      if (args[0].headers['x-amz-target']?.endsWith(`.${operation}`) !== true) {
        return wire.handle(...args)
      }
      seen += 1
      return breaks(seen) ? reset() : wire.handle(...args)
    },
  }
}

describe('a large organisation', () => {
  let snapshot: DirectorySnapshot
  const seen: ReadProgress[] = []

  test('is read whole, page by page', async () => {
    const { reader } = open()
    snapshot = await reader.readAll({ known: nothing, onProgress: (now) => seen.push(now) })
    expect(snapshot.users).toHaveLength(organization.users.length)
    expect(snapshot.groups).toHaveLength(organization.groups.length)
    expect(snapshot.accounts).toHaveLength(organization.accounts.length)
    expect(snapshot.permissionSets).toHaveLength(organization.permissionSets.length)
    expect(snapshot.memberships.length).toBeGreaterThan(10_000)
    expect(snapshot.notes).toEqual([])
  })

  test('has every account below the OU that it is in, at seven levels', () => {
    const units = new Map(organization.organizationalUnits.map((unit) => [unit.id, unit]))
    const parents = new Map(organization.accounts.map((one) => [one.accountId, one.ouId]))
    let deepest = 0
    for (const account of snapshot.accounts) {
      const path: string[] = []
      let at = parents.get(account.accountId)
      while (at !== undefined) {
        path.unshift(at)
        at = units.get(at)?.parentId
      }
      expect(account.ouPath).toEqual(path)
      deepest = Math.max(deepest, path.length - 1)
    }
    expect(deepest).toBe(7)
  })

  test('tells its progress, which never goes back and ends at all of it', () => {
    const groups = seen.map((one) => one.groupsWithMembersRead)
    expect(groups).toEqual(groups.toSorted((a, b) => a - b))
    expect(seen.at(-1)).toMatchObject({
      users: snapshot.users.length,
      groupsWithMembersRead: snapshot.groups.length,
      accounts: snapshot.accounts.length,
      permissionSets: snapshot.permissionSets.length,
    })
  })

  test('is not read at all when its hundredth page of users breaks three times', async () => {
    const { reader } = open(breaking('ListUsers', (nth) => nth >= 100))
    await expect(reader.readAll({ known: nothing })).rejects.toMatchObject({
      operation: 'ListUsers',
      kind: 'unavailable',
    })
  })
})

test('a reading goes on after one broken page', async () => {
  const small = await startSandbox({ port: 0, seed: 5, settings })
  const { accounts } = await control<SandboxOrganization>(small, 'GET', 'organization')
  const { reader } = open(
    breaking('ListAccountsForParent', (nth) => nth === 2),
    small,
  )
  const read = await reader.readAll({ known: nothing })
  expect(read.accounts).toHaveLength(accounts.length)
  await small.close()
})

test('an account that moves while the tree is walked is not taken for gone', async () => {
  const small = await startSandbox({ port: 0, seed: 5, settings })
  const { accounts } = await control<SandboxOrganization>(small, 'GET', 'organization')
  const accountIds = accounts.map((one) => one.accountId as AccountId)
  const known = { ...nothing, accountIds: [...accountIds, '999999999999' as AccountId] }
  // One that AWS does not know is gone …
  expect((await open(undefined, small).reader.readAll({ known })).accounts).toHaveLength(
    accounts.length,
  )
  // … and one that is there by itself, but was on no page, makes the reading void.
  const { reader } = open(hidingFromLists(accountIds[3] ?? ''), small)
  await expect(reader.readAll({ known })).rejects.toMatchObject({ code: 'MissedByList' })
  await small.close()
})

describe('a list that leaves out what AWS still knows makes the reading void', () => {
  const lists = [
    'ListUsers',
    'ListGroups',
    'ListGroupMemberships',
    'ListAccountsForParent',
    'ListOrganizationalUnitsForParent',
    'ListPermissionSets',
  ]
  test.each(lists)('%s', async (operation) => {
    const small = await startSandbox({ port: 0, seed: 5, settings })
    const { reader } = open(undefined, small)
    const first = await reader.readAll({ known: nothing })
    const known = {
      permissionSets: first.permissionSets,
      accountIds: first.accounts.map((one) => one.accountId),
      userIds: first.users.map((one) => one.userId),
      groupIds: first.groups.map((one) => one.groupId),
      memberships: first.memberships,
    }
    await control(small, 'POST', 'faults', { operation, loses: 0.5 })
    await expect(reader.readAll({ known })).rejects.toMatchObject({ code: 'MissedByList' })
    await control(small, 'DELETE', 'faults')
    await expect(reader.readAll({ known })).resolves.toMatchObject({ users: first.users })
    await small.close()
  })

  test('but not when the person has really gone', async () => {
    const small = await startSandbox({ port: 0, seed: 5, settings })
    const { reader } = open(undefined, small)
    const first = await reader.readAll({ known: nothing })
    const userIds = first.users.map((one) => one.userId)
    const known = { ...nothing, userIds, memberships: first.memberships }
    await control(small, 'DELETE', 'users', { userName: 'sam.carter' })
    const next = await reader.readAll({ known })
    expect(next.users).toHaveLength(userIds.length - 1)
    await small.close()
  })
})
