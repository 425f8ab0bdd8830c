import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { RequestId, UserId } from '#core/ids.ts'
import type { RequestState } from '#core/request.ts'
import { searchKey } from '#core/text.ts'
import { rowsOfPrepared } from './prepared.ts'
import type { Schema } from './schema.ts'

export const requestSorts = ['createdAt', 'startsAt', 'endsAt', 'expiresAt'] as const
export type RequestSort = (typeof requestSorts)[number]

/** The numbers of a few targets, or a bit for each number; what is beyond the bits is not chosen. */
export type TargetChoice = { readonly among: readonly number[] } | { readonly bits: Buffer }

/** Every condition that is given must hold. */
export interface RequestConditions {
  readonly requesterId?: UserId
  readonly notRequesterId?: UserId
  readonly targets?: TargetChoice
  /** The target is one of these, or the person has voted on it. */
  readonly concerns?: { readonly targets: TargetChoice; readonly userId: UserId }
  /** Beside `requesterId`: the view says whose, a filter says whom of them. */
  readonly requestedBy?: UserId
  readonly decidedBy?: UserId
  readonly notDecidedBy?: UserId
  readonly statuses?: readonly RequestState[]
  /** Over, after access had been begun. */
  readonly accessOver?: boolean
  readonly expiresAfter?: Date
  /** The beginning of an id, a ticket, a person's or an account's name. */
  readonly q?: string
  readonly accountId?: string
  readonly permissionSetArn?: string
  readonly ticket?: string
  readonly breakGlass?: boolean
  /** Break-glass that nobody has reviewed. */
  readonly reviewOpen?: boolean
  readonly submissionId?: string
  readonly late?: boolean
  /** It earned a grant. */
  readonly granted?: boolean
  readonly createdFrom?: Date
  readonly createdBefore?: Date
}

export interface RequestPage {
  readonly sort: RequestSort
  readonly limit: number
  readonly after: { readonly at: Date; readonly id: string } | null
}

export interface ListedRequest {
  readonly id: RequestId
  readonly sortedAt: Date
}

/** What has no such time yet comes last. */
const sortExpressions: Record<RequestSort, RawBuilder<Date>> = {
  createdAt: sql<Date>`r.created_at`,
  expiresAt: sql<Date>`r.expires_at`,
  startsAt: sql<Date>`coalesce(g.starts_at, g.due_at, r.requested_starts_at, 'epoch')`,
  endsAt: sql<Date>`coalesce(g.ends_at, 'epoch')`,
}

/** What runs out soonest is what is looked for; all else begins with the newest. */
const soonestFirst: readonly RequestSort[] = ['expiresAt']

/** In the order of the sort, then by id; one more than asked for, so that the caller knows of more. */
export async function listRequestIds(
  db: Kysely<Schema>,
  conditions: RequestConditions,
  page: RequestPage,
): Promise<ListedRequest[]> {
  const search = await lookUp(db, conditions)
  const found = search?.beginnings ?? []
  if (search?.beginnings && found.length === 0) return []
  const fewTickets = search?.fewTickets ?? false
  const list = (searched: readonly Beginning[]) =>
    pageQuery(db, conditions, { ...page, fewTickets, searched })
  const each = found.map((one) => list([one]))
  const query = each.length > 1 ? firstOf(each, page) : list(found)
  const { rows } = await db.executeQuery(query.compile(db))
  return rows.map((row) => ({ id: row.request_id as RequestId, sortedAt: row.sorted_at }))
}

interface PagedId {
  readonly request_id: string
  readonly sorted_at: Date
}

interface Paging extends RequestPage {
  readonly fewTickets: boolean
  readonly searched: readonly Beginning[]
}

function pageQuery(
  db: Kysely<Schema>,
  conditions: RequestConditions,
  { sort, after, limit, fewTickets, searched }: Paging,
) {
  const at = sortExpressions[sort]
  // In the order of no index: then what was found is sorted, and what is new is not searched.
  const order = fewTickets ? sql<Date>`${at} + interval '0'` : at
  const direction = directionOf(sort)
  // Whatever access is over had a grant, and grants have an index in the order of their ends.
  const ofGrants = sort === 'endsAt' && conditions.accessOver === true
  const requests = db.selectFrom('request as r')
  const joined = ofGrants
    ? requests.innerJoin('access_grant as g', 'g.request_id', 'r.request_id')
    : requests.leftJoin('access_grant as g', 'g.request_id', 'r.request_id')
  const id = sql.ref<string>(ofGrants ? 'g.request_id' : 'r.request_id')
  const query = joined
    .select(['r.request_id', at.as('sorted_at')])
    .where(whereAll(conditions, searched))
    .orderBy(order, direction)
    .orderBy(id, direction)
    .limit(limit + 1)
  if (after === null) return query
  const isAfter = direction === 'asc' ? sql`>` : sql`<`
  return query.where(sql<boolean>`(${at}, ${id}) ${isAfter} (${after.at}, ${after.id}::uuid)`)
}

function directionOf(sort: RequestSort): 'asc' | 'desc' {
  return soonestFirst.includes(sort) ? 'asc' : 'desc'
}

/**
 * The page of what begins so or so: each is looked for through its own index, which holds what the
 * page is sorted by, and the first of all of them are taken. Together, every row would be read.
 */
function firstOf(
  pages: readonly ReturnType<typeof pageQuery>[],
  { sort, limit }: RequestPage,
): RawBuilder<PagedId> {
  const direction = sql.raw(directionOf(sort))
  return sql<PagedId>`${sql.join(pages, sql` union `)}
    order by sorted_at ${direction}, request_id ${direction} limit ${limit + 1}`
}

const fewMax = 10_000

interface Search {
  readonly fewTickets: boolean
  /** Of those of `q`, the ones that some request has; absent without it. */
  readonly beginnings?: readonly Beginning[]
}

/**
 * What a search finds at all, asked of the indexes. Bringing a name into the form in which it is
 * compared costs more than reading its row, and a page is often looked for among the newest: so each
 * row is held only against what could match.
 *
 * Few tickets: PostgreSQL takes them for spread evenly over time and looks for a page of them among
 * the newest; but tickets are numbered in time, and that page is then where the last of them is.
 * Names and accounts are spread as it thinks.
 */
async function lookUp(
  db: Kysely<Schema>,
  { q, ticket }: RequestConditions,
): Promise<Search | null> {
  const searched = q?.trim() ?? ''
  const tickets = ticket ?? searched
  if (tickets === '' && searched === '') return null
  const asked = searched === '' ? [] : beginnings(searched)
  const { rows } = await sql<{ tickets: number; there: boolean[] }>`
    select (select count(*) from (${inOrder(ticketBeginning(tickets), fewMax + 1)}) t) as tickets,
      array[${sql.join(asked.map((one) => sql`(${inOrder(one, 1)}) is not null`))}]::bool[] as there`.execute(
    db,
  )
  const [found = { tickets: 0, there: [] }] = rows
  return {
    fewTickets: tickets !== '' && found.tickets > 0 && found.tickets <= fewMax,
    ...(searched !== '' && { beginnings: asked.filter((_, at) => found.there[at]) }),
  }
}

/** In the order of the very index, so that no other way through the table looks cheaper. */
function inOrder(beginning: Beginning, limit: number) {
  return sql`select 1 from request r where ${begins(beginning)}
    order by ${beginning.text} using ~<~ limit ${limit}`
}

export async function countRequests(
  db: Kysely<Schema>,
  conditions: RequestConditions,
): Promise<number> {
  const query = db
    .selectFrom('request as r')
    .leftJoin('access_grant as g', 'g.request_id', 'r.request_id')
    .select((eb) => eb.fn.countAll<number>().as('requests'))
    .where(whereAll(conditions))
  const [row] = await rowsOfPrepared(db, query)
  return row?.requests ?? 0
}

type Condition = RawBuilder<boolean>

function whereAll(
  conditions: RequestConditions,
  searched: readonly Beginning[] = beginnings(conditions.q ?? ''),
): Condition {
  const all = [...whereConcerned(conditions), ...whereMatching(conditions, searched)]
  return sql<boolean>`${sql.join([sql`true`, ...all], sql` and `)}`
}

function given<Value>(value: Value | undefined, condition: (value: Value) => Condition) {
  return value === undefined ? [] : [condition(value)]
}

function whereConcerned(conditions: RequestConditions): Condition[] {
  return [
    ...given(conditions.requesterId, (id) => sql`r.requester_id = ${id}`),
    ...given(conditions.requestedBy, (id) => sql`r.requester_id = ${id}`),
    ...given(conditions.notRequesterId, (id) => sql`r.requester_id <> ${id}`),
    ...given(conditions.targets, targetIn),
    ...given(
      conditions.concerns,
      ({ targets, userId }) => sql`(${targetIn(targets)} or ${votedOn(userId)})`,
    ),
    ...given(conditions.decidedBy, votedOn),
    ...given(conditions.notDecidedBy, (id) => sql`not ${votedOn(id)}`),
  ]
}

function targetIn(choice: TargetChoice): Condition {
  if ('among' in choice) return sql`r.target_id = any(${[...choice.among]}::bigint[])`
  const { bits } = choice
  return sql`case when r.target_id < ${bits.length * 8}
    then get_bit(${bits}::bytea, r.target_id) = 1 else false end`
}

function votedOn(userId: UserId): Condition {
  return sql`exists (select from decision d
    where d.request_id = r.request_id and d.user_id = ${userId})`
}

function whereMatching(conditions: RequestConditions, searched: readonly Beginning[]): Condition[] {
  return [
    ...given(conditions.statuses, statusIn),
    ...(conditions.accessOver === true ? [accessOver] : []),
    ...given(conditions.late, (late) => (late ? isLate : sql`not ${isLate}`)),
    ...(conditions.granted === true ? [sql<boolean>`g.grant_id is not null`] : []),
    ...given(conditions.expiresAfter, (at) => sql`r.expires_at > ${at}`),
    ...(conditions.q?.trim() ? [sql<boolean>`(${sql.join(searched.map(begins), sql` or `)})`] : []),
    ...given(conditions.accountId, (id) => sql`r.account_id = ${id}`),
    ...given(conditions.permissionSetArn, (arn) => sql`r.permission_set_arn = ${arn}`),
    ...given(conditions.ticket, (ticket) => begins(ticketBeginning(ticket))),
    ...given(conditions.breakGlass, (on) => (on ? sql`r.break_glass` : sql`not r.break_glass`)),
    ...given(conditions.reviewOpen, (open) => (open ? reviewOpen : sql`not ${reviewOpen}`)),
    ...given(conditions.submissionId, (id) => sql`r.submission_id = ${id}`),
    ...given(conditions.createdFrom, (at) => sql`r.created_at >= ${at}`),
    ...given(conditions.createdBefore, (at) => sql`r.created_at < ${at}`),
  ]
}

/** Spelled out, so that the partial indexes on states can be used. */
function statusIn(statuses: readonly RequestState[]): Condition {
  if (statuses.length === 0) return sql`false`
  const names = statuses.map((status) => sql`${sql.lit(status)}::request_state`)
  return sql`r.status in (${sql.join(names)})`
}

const accessOver = sql<boolean>`(r.status in ('ended', 'revoked')
  or r.status in ('cancelled', 'failed') and g.intent_at is not null)`

const isLate = sql<boolean>`exists (select from ledger_key k
  where k.key_id = g.key_id and g.over_at is null and k.late_alarm_at is not null)`

const reviewOpen = sql<boolean>`exists (select from review v
  where v.request_id = r.request_id and v.outcome is null)`

interface Beginning {
  readonly text: RawBuilder<unknown>
  /** As the text is compared. */
  readonly from: string
}

/** Width and case make no difference, as in the rules' own search key. */
function beginnings(q: string): Beginning[] {
  const names = ['r.requester_user_name', 'r.requester_name', 'r.account_name']
  const texts = [sql`r.request_id::text`, sql`r.account_id`, ...names.map(searchable)]
  const from = searchKey(q)
  return [...texts.map((text) => ({ text, from })), ticketBeginning(q)]
}

function ticketBeginning(ticket: string): Beginning {
  return { text: searchable('r.ticket'), from: searchKey(ticket) }
}

/** No name has this character, and none comes after it. */
const last = '\u{10FFFF}'

/** Not by LIKE, which brings each row's text into its form once more, though the index knows it. */
function begins({ text, from }: Beginning): Condition {
  return sql`(${text} ~>=~ ${from} and ${text} ~<~ ${from + last})`
}

function searchable(column: string) {
  return sql`lower(normalize(${sql.ref(column)}, nfkc))`
}
