import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { RequestId, UserId } from '#core/ids.ts'
import type { RequestState } from '#core/request.ts'
import { likePrefix, searchKey } from '#core/text.ts'
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
  const { ticket, any } = await lookUp(db, searchOf(conditions))
  if (any?.length === 0) return []
  const list = (one: Beginning[] | null) => pageQuery(db, conditions, page, { ticket, any: one })
  const each = (any ?? []).map((one) => list([one]))
  const query = each.length > 1 ? firstOf(each, page) : list(any)
  const { rows } = await db.executeQuery(query.compile(db))
  return rows.map((row) => ({ id: row.request_id as RequestId, sortedAt: row.sorted_at }))
}

interface PagedId {
  readonly request_id: string
  readonly sorted_at: Date
}

function pageQuery(
  db: Kysely<Schema>,
  conditions: RequestConditions,
  { sort, after, limit }: RequestPage,
  search: Search,
) {
  const at = sortExpressions[sort]
  // In the order of no index: then what was found is sorted, and what is new is not searched.
  const isFew = [search.ticket, ...(search.any ?? [])].some((one) => one?.isFew)
  const order = isFew ? sql<Date>`${at} + interval '0'` : at
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
    .where(whereAll(conditions, search))
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

/** More than a hundred times a page, and read from an index within milliseconds. */
const fewMax = 20_000

interface Search {
  /** Must hold. */
  readonly ticket: Beginning | null
  /** One of these must hold; null: nothing is searched. */
  readonly any: Beginning[] | null
}

function searchOf({ q, ticket }: RequestConditions): Search {
  const words = q?.trim() ?? ''
  return {
    ticket: ticket === undefined ? null : ticketBeginning(ticket),
    any: words === '' ? null : beginnings(words),
  }
}

/**
 * How much a search finds, asked of the indexes. What nothing begins with is left out. What is found
 * seldom is sorted, from the index. PostgreSQL would rather look for a page of it among the newest:
 * but names have to be brought, row by row, into the form in which they are compared, which costs
 * more than to read the rows; and tickets are numbered in time, so that the page is where the last
 * of them is.
 */
async function lookUp(db: Kysely<Schema>, { ticket, any }: Search): Promise<Search> {
  const asked = [...(ticket ? [ticket] : []), ...(any ?? [])]
  if (asked.length === 0) return { ticket, any }
  const counts = asked.map((one) => sql`(select count(*) from (${inOrder(one, fewMax + 1)}) t)`)
  const { rows } = await sql<{ counts: number[] }>`
    select array[${sql.join(counts)}]::int[] as counts`.execute(db)
  const found = asked.map((one, at) => {
    const count = rows[0]?.counts[at] ?? 0
    return { ...one, count, isFew: count <= fewMax }
  })
  return {
    ticket: ticket && (found[0] ?? null),
    any: any && found.slice(ticket ? 1 : 0).filter(({ count }) => count > 0),
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

function whereAll(conditions: RequestConditions, search = searchOf(conditions)): Condition {
  const all = [...whereConcerned(conditions), ...whereMatching(conditions), ...whereFound(search)]
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

function whereMatching(conditions: RequestConditions): Condition[] {
  return [
    ...given(conditions.statuses, statusIn),
    ...(conditions.accessOver === true ? [accessOver] : []),
    ...given(conditions.late, (late) => (late ? isLate : sql`not ${isLate}`)),
    ...(conditions.granted === true ? [sql<boolean>`g.grant_id is not null`] : []),
    ...given(conditions.expiresAfter, (at) => sql`r.expires_at > ${at}`),
    ...given(conditions.accountId, (id) => sql`r.account_id = ${id}`),
    ...given(conditions.permissionSetArn, (arn) => sql`r.permission_set_arn = ${arn}`),
    ...given(conditions.breakGlass, (on) => (on ? sql`r.break_glass` : sql`not r.break_glass`)),
    ...given(conditions.reviewOpen, (open) => (open ? reviewOpen : sql`not ${reviewOpen}`)),
    ...given(conditions.submissionId, (id) => sql`r.submission_id = ${id}`),
    ...given(conditions.createdFrom, (at) => sql`r.created_at >= ${at}`),
    ...given(conditions.createdBefore, (at) => sql`r.created_at < ${at}`),
  ]
}

function whereFound({ ticket, any }: Search): Condition[] {
  return [
    ...(ticket ? [begins(ticket)] : []),
    ...(any ? [sql<boolean>`(${sql.join(any.map(begins), sql` or `)})`] : []),
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
  /** As counted. */
  readonly isFew?: boolean
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

/** A range is found in an index alone; row by row it takes twice as long as LIKE. */
function begins({ text, from, isFew }: Beginning): Condition {
  if (isFew === false) return sql`${text} like ${likePrefix(from)}`
  return sql`(${text} ~>=~ ${from} and ${text} ~<~ ${from + last})`
}

function searchable(column: string) {
  return sql`lower(normalize(${sql.ref(column)}, nfkc))`
}
