/**
 * "Who can reach this account with what, approved by whom?", and the reverse for a person. Nothing
 * here asks AWS: what people hold is shown as it was last seen, with the date; what they could ask
 * for comes from the evaluator that decides. Rows come one at a time and in order, each with its
 * place, so that a page costs what is on it and an export no more memory than a page.
 */
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import type { AccessExportQuery, AccessPage, AccessQuery, AccessRow } from '#contract/access.ts'
import type { Person } from '#core/facts.ts'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import { searchKey } from '#core/text.ts'
import { type LookSubject, lastReadAt, latestLook } from '#server/store/access-looks.ts'
import type { DirectoryPeople } from '#server/store/directory-people.ts'
import { groupNames } from '#server/store/directory-people.ts'
import { loadPerson } from '#server/store/people.ts'
import { approverRows } from './access-approvers.ts'
import { couldAskRows } from './access-could-ask.ts'
import { nowRows } from './access-now.ts'
import type { AccessFilter, AccessScope, Key, PlacedRow, RowsShown } from './access-rows.ts'
import { isPast, showPerson } from './access-rows.ts'
import { showLook } from './ask-for-look.ts'
import { decodeCursor, pageOf } from './paging.ts'
import type { ReadPorts } from './read-request.ts'
import { Refused } from './refused.ts'

export interface ExplorePorts extends ReadPorts {
  readonly people: DirectoryPeople
}

type Kind = AccessRow['kind']
type Query = Omit<AccessQuery, 'limit' | 'cursor'>

/** The kind, and the place within it. */
const Cursor = z.tuple([
  z.enum(['now', 'could-ask', 'approver']),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
  z.string(),
])

export async function exploreAccess(ports: ExplorePorts, query: AccessQuery): Promise<AccessPage> {
  const { scope, subject } = await openScope(ports, query, listShown)
  const after = decodeCursor(query.cursor, Cursor)
  const found: PlacedRow[] = []
  for await (const row of rowsOf(ports, scope, kindsOf(query), after)) {
    found.push(row)
    if (found.length > query.limit) break
  }
  const { items, nextCursor } = pageOf(found, query.limit, ({ row, key }) => [row.kind, ...key])
  const look = await latestLook(ports.db, subject)
  const readAt = await lastReadAt(ports.db, subject)
  return {
    items: items.map(({ row }) => row),
    nextCursor,
    subject: shownSubject(scope),
    readAt: readAt?.toISOString() ?? null,
    look: look && showLook(look),
  }
}

const rowsABatch = 200

/** All of it, from one version of the rules, a batch at a time; others get their turn in between. */
export async function* exportAccess(
  ports: ExplorePorts,
  query: AccessExportQuery,
): AsyncGenerator<AccessRow[]> {
  const { scope } = await openScope(ports, query, everythingShown)
  let batch: AccessRow[] = []
  for await (const { row } of rowsOf(ports, scope, kindsOf(query), null)) {
    batch.push(row)
    if (batch.length < rowsABatch) continue
    yield batch
    batch = []
    await setImmediate()
  }
  if (batch.length > 0) yield batch
}

/** A page says how many there are of what it does not name; a file names them. */
const listShown: RowsShown = { namesMax: 5 }
const everythingShown: RowsShown = { namesMax: 1_000 }

function kindsOf({ kind }: Query): readonly Kind[] {
  return kind === undefined ? ['now', 'could-ask'] : [kind]
}

async function* rowsOf(
  ports: ExplorePorts,
  scope: AccessScope,
  kinds: readonly Kind[],
  after: readonly [Kind, ...Key] | null,
): AsyncGenerator<PlacedRow> {
  const from = after === null ? 0 : kinds.indexOf(after[0])
  if (from < 0) throw new Refused('malformed', { detail: 'This cursor belongs to another list.' })
  for (const [number, kind] of kinds.slice(from).entries()) {
    const place = after !== null && number === 0 ? (after.slice(1) as unknown as Key) : null
    for await (const placed of rowsOfKind(ports, kind, scope, place)) {
      if (place === null || isPast(placed.key, place)) yield placed
    }
  }
}

function rowsOfKind(
  ports: ExplorePorts,
  kind: Kind,
  scope: AccessScope,
  after: Key | null,
): AsyncIterable<PlacedRow> | Iterable<PlacedRow> {
  if (kind === 'now') return nowRows(ports.db, scope, after)
  return kind === 'could-ask' ? couldAskRows(scope, after) : approverRows(scope, after)
}

async function openScope(
  ports: ExplorePorts,
  query: Query,
  shown: RowsShown,
): Promise<{ scope: AccessScope; subject: LookSubject }> {
  const rules = await ports.rules.load(ports.db)
  const people = await ports.people.load(ports.db)
  const groupName = await groupNames(ports.db)
  const common = { rules, people, groupName, filter: filterOf(query), shown }
  if (query.accountId !== undefined) {
    // The ids are of the form that the contract asks for.
    const id = query.accountId as AccountId
    const account = rules.directory.accounts.get(id)
    if (account === undefined) throw new Refused('not_found')
    return { scope: { ...common, account, person: null }, subject: { type: 'account', id } }
  }
  const id = query.userId as UserId
  const person = await loadPerson(ports.db, id)
  if (person === null) throw new Refused('not_found')
  return { scope: { ...common, account: null, person }, subject: { type: 'user', id } }
}

function filterOf({ q, permissionSet, permissionSetArn, accountId }: Query): AccessFilter {
  const wanted = searchKey(q ?? '')
  const name = searchKey(permissionSet ?? '')
  const beginsWithIt = (text: string | null) => text !== null && searchKey(text).startsWith(wanted)
  const isAboutAnAccount = accountId !== undefined
  return {
    ...(wanted !== '' &&
      isAboutAnAccount && {
        wantsPerson: ({ userName, displayName, email, userId }: Person) =>
          [userName, displayName, email, userId].some(beginsWithIt),
      }),
    ...(wanted !== '' &&
      !isAboutAnAccount && {
        wantsAccount: (account: { accountId: string; name: string }) =>
          account.accountId.startsWith(wanted) || searchKey(account.name).includes(wanted),
      }),
    ...((name !== '' || permissionSetArn !== undefined) && {
      wantsPermissionSet: (one: { permissionSetArn: PermissionSetArn; name: string }) =>
        (permissionSetArn === undefined || one.permissionSetArn === permissionSetArn) &&
        searchKey(one.name).includes(name),
    }),
  }
}

function shownSubject({ account, person }: AccessScope): AccessPage['subject'] {
  const isActive = account?.state === 'ACTIVE'
  const notOfferedWhy = account?.isManagement ? 'management_account' : 'account_not_active'
  return {
    account: account && {
      accountId: account.accountId,
      name: account.name,
      notOfferedWhy: isActive && !account.isManagement ? null : notOfferedWhy,
    },
    person: person && showPerson(person),
  }
}
