/** Who holds access now: given by TEAM, or standing, as AWS last showed it. */
import type { Kysely } from 'kysely'
import type { AccessNow } from '#contract/access.ts'
import type { Account, Person } from '#core/facts.ts'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import type { Schema } from '#server/store/schema.ts'
import {
  type HeldByTeam,
  heldByTeam,
  type Sighting,
  sightingsIn,
  sightingsOf,
} from '#server/store/standing-access.ts'
import {
  type AccessScope,
  compareKeys,
  type Key,
  mayFollow,
  type PlacedRow,
  showAccount,
  showPerson,
  showSet,
  unknownPerson,
} from './access-rows.ts'

export async function* nowRows(
  db: Kysely<Schema>,
  scope: AccessScope,
  after: Key | null,
): AsyncGenerator<PlacedRow> {
  const { account, person } = scope
  if (account !== null) yield* inAccount(db, scope, account, after)
  else if (person !== null) yield* ofPerson(db, scope, person)
}

async function* ofPerson(
  db: Kysely<Schema>,
  scope: AccessScope,
  person: Person,
): AsyncGenerator<PlacedRow> {
  const { wantsAccount, wantsPermissionSet } = scope.filter
  const accountOf = (accountId: AccountId) =>
    scope.rules.directory.accounts.get(accountId) ?? unknownAccount(accountId)
  const held = await heldByTeam(db, { userId: person.userId })
  const seen = await sightingsOf(db, person)
  const rows = [
    ...held.map((one) => teamRow(scope, person, one)),
    ...seen.map((one) => standingRow(scope, person, one)),
  ]
  const placed = rows
    .filter(
      (row) =>
        wantsAccount?.(accountOf(row.accountId as AccountId)) !== false &&
        (wantsPermissionSet === undefined || wantsSet(scope, row)),
    )
    .map((row): PlacedRow => ({ key: keyOf([row.accountName, row.accountId], row), row }))
  yield* placed.toSorted((a, b) => compareKeys(a.key, b.key))
}

function unknownAccount(accountId: AccountId): Account {
  return { accountId, name: accountId, ouPath: [], state: 'UNKNOWN', isManagement: false }
}

function wantsSet({ rules, filter }: AccessScope, row: AccessNow): boolean {
  const known = rules.directory.permissionSets.get(row.permissionSetArn as PermissionSetArn)
  return known !== undefined && filter.wantsPermissionSet?.(known) !== false
}

/** Whoever the directory does not know comes last, groups without members after them. */
const last = '\uFFFF'

async function* inAccount(
  db: Kysely<Schema>,
  scope: AccessScope,
  { accountId }: Account,
  after: Key | null,
): AsyncGenerator<PlacedRow> {
  const { people, filter } = scope
  const held = await heldByTeam(db, { accountId })
  const seen = await sightingsIn(db, accountId)
  const byUser = Map.groupBy(seen.filter(isOfUser), ({ principal }) => principal.id as UserId)
  const byTeam = Map.groupBy(held, ({ userId }) => userId)
  const groups = seen.filter((one) => one.principal.type === 'GROUP')
  const rowsFor = (person: Person): AccessNow[] => [
    ...(byTeam.get(person.userId) ?? []).map((one) => teamRow(scope, person, one)),
    ...(byUser.get(person.userId) ?? []).map((one) => standingRow(scope, person, one)),
    ...groups.filter(isGroupOf(person)).map((one) => standingRow(scope, person, one)),
  ]
  const wanted = (rows: readonly AccessNow[]) =>
    filter.wantsPermissionSet === undefined ? rows : rows.filter((row) => wantsSet(scope, row))

  for (const place of placesOf(scope, { byUser, byTeam, groups })) {
    const person = people.list[place]
    if (person === undefined || filter.wantsPerson?.(person) === false) continue
    const name = [person.userName, person.userId] as const
    if (!mayFollow(name, after)) continue
    yield* inOrder(wanted(rowsFor(person)), name)
  }
  const strangers = [...new Set([...byUser.keys(), ...byTeam.keys()])]
    .filter((userId) => !people.placeOf.has(userId))
    .toSorted()
  for (const userId of strangers) {
    const person = unknownPerson(userId)
    if (filter.wantsPerson?.(person) === false) continue
    yield* inOrder(wanted(rowsFor(person)), [last, userId])
  }
  if (filter.wantsPerson !== undefined) return
  const empty = groups.filter(
    ({ principal }) =>
      principal.type === 'GROUP' && (people.membersOf.get(principal.id)?.length ?? 0) === 0,
  )
  yield* inOrder(wanted(empty.map((one) => standingRow(scope, null, one))), [`${last}${last}`, ''])
}

function isOfUser({ principal }: Sighting): boolean {
  return principal.type === 'USER'
}

function isGroupOf(person: Person) {
  return ({ principal }: Sighting) =>
    principal.type === 'GROUP' && person.groupIds.has(principal.id)
}

/** Of everybody with a row, in the people's order. */
function placesOf(
  { people }: AccessScope,
  found: {
    readonly byUser: ReadonlyMap<UserId, unknown>
    readonly byTeam: ReadonlyMap<UserId, unknown>
    readonly groups: readonly Sighting[]
  },
): Uint32Array {
  const places = new Set<number>()
  for (const userId of [...found.byUser.keys(), ...found.byTeam.keys()]) {
    const place = people.placeOf.get(userId)
    if (place !== undefined) places.add(place)
  }
  const groupIds = new Set(
    found.groups.flatMap(({ principal }) => (principal.type === 'GROUP' ? [principal.id] : [])),
  )
  for (const groupId of groupIds) {
    for (const place of people.membersOf.get(groupId) ?? []) places.add(place)
  }
  return Uint32Array.from(places).sort()
}

function inOrder(rows: readonly AccessNow[], name: readonly [string, string]): PlacedRow[] {
  return rows
    .map((row): PlacedRow => ({ key: keyOf(name, row), row }))
    .toSorted((a, b) => compareKeys(a.key, b.key))
}

const sourceRank = { team: '1', direct: '2', group: '3' } as const

function keyOf([first, second]: readonly [string, string], row: AccessNow): Key {
  const by = row.request?.id ?? row.group?.groupId ?? ''
  const rank = sourceRank[row.source]
  return [first, second, row.permissionSetName, row.permissionSetArn, `${rank} ${by}`]
}

function teamRow(scope: AccessScope, person: Person, held: HeldByTeam): AccessNow {
  const { request, seenAt } = held
  return {
    kind: 'now',
    source: 'team',
    person: showPerson(person),
    ...showAccount(scope.rules, held.accountId),
    ...showSet(scope.rules, held.permissionSetArn),
    group: null,
    request: request && {
      id: request.id,
      status: request.status,
      endsAt: request.endsAt?.toISOString() ?? null,
      breakGlass: request.breakGlass,
      approvedBy: [...request.approvedBy],
    },
    readFrom: 'ledger',
    readAt: seenAt?.toISOString() ?? null,
  }
}

function standingRow(scope: AccessScope, person: Person | null, seen: Sighting): AccessNow {
  const { principal } = seen
  return {
    kind: 'now',
    source: principal.type === 'GROUP' ? 'group' : 'direct',
    person: person && showPerson(person),
    ...showAccount(scope.rules, seen.accountId),
    ...showSet(scope.rules, seen.permissionSetArn),
    group:
      principal.type === 'GROUP'
        ? { groupId: principal.id, displayName: scope.groupName(principal.id) }
        : null,
    request: null,
    readFrom: 'aws',
    readAt: seen.seenAt.toISOString(),
  }
}
