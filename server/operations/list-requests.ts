import { z } from 'zod'
import type { Request, RequestQuery } from '#contract/request.ts'
import { mayPerform } from '#core/access.ts'
import type { UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { type RequestState, requestStates } from '#core/request.ts'
import { countWaitingProposals } from '#server/store/proposals.ts'
import {
  countRequests,
  listRequestIds,
  type RequestConditions,
  requestSorts,
} from '#server/store/request-list.ts'
import { loadRequests, type StoredRequest } from '#server/store/requests.ts'
import { countOpenReviews } from '#server/store/reviews.ts'
import type { Rules } from '#server/store/rules.ts'
import { type Actor, rulesFor } from './actor.ts'
import type { ApprovableTargets } from './approvable-targets.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { type ReadPorts, showRequests } from './read-request.ts'
import { maySee } from './rights-on-request.ts'
import { refusedWith } from './words.ts'

export interface ListPorts extends ReadPorts {
  readonly approvableTargets: ApprovableTargets
}

const Cursor = z.tuple([z.enum(requestSorts), z.iso.datetime(), z.uuid()])

export async function listRequests(
  ports: ListPorts,
  actor: Actor,
  query: RequestQuery,
): Promise<{ items: Request[]; nextCursor: string | null }> {
  const rules = await rulesFor(ports, actor)
  const { seen, nextCursor } = await findSeen(ports, { rules, actor, query })
  const items = await showRequests(ports, { rules, actor, stored: seen })
  return { items, nextCursor }
}

export interface SeenPage {
  readonly seen: readonly StoredRequest[]
  readonly nextCursor: string | null
}

/** A page of the list, as it is stored. */
export async function findSeen(
  ports: ListPorts,
  { rules, actor, query }: { rules: Rules; actor: Actor; query: RequestQuery },
): Promise<SeenPage> {
  const { sort, limit } = query
  const cursor = decodeCursor(
    query.cursor,
    Cursor.refine(([cursorSort]) => cursorSort === sort),
  )
  const view = await conditionsOf(ports, { actor, rules, query })
  const found = await listRequestIds(
    ports.db,
    { ...view, ...filtersOf(query, view) },
    { sort, limit, after: cursor && { at: new Date(cursor[1]), id: cursor[2] } },
  )
  const page = pageOf(found, limit, ({ id, sortedAt }) => [sort, sortedAt.toISOString(), id])
  const stored = await loadRequests(
    ports.db,
    page.items.map(({ id }) => id),
  )
  // Said once more, row by row: a list shows no more than the page of each request would.
  const seen = stored.filter((one) => maySee(rules, actor, one))
  return { seen, nextCursor: page.nextCursor }
}

interface Asked {
  readonly actor: Actor
  readonly rules: Rules
  readonly query: Pick<RequestQuery, 'view' | 'scope'>
}

const live: readonly RequestState[] = ['scheduled', 'activating', 'active', 'ending']

/** What a view is about, and at the same time whose requests the person may see in it. */
async function conditionsOf(ports: ListPorts, asked: Asked): Promise<RequestConditions> {
  const { actor, query } = asked
  const me = actor.person.userId
  switch (query.view) {
    case 'mine':
      return { requesterId: me }
    case 'to-approve':
      return toApprove(ports, asked)
    case 'decided':
      return { decidedBy: me }
    case 'review':
      return toReview(ports, asked)
    case 'active':
      return { ...(await scopeOf(ports, asked)), statuses: live }
    case 'ended':
      return { ...(await scopeOf(ports, asked)), accessOver: true }
    case 'all':
      return everything(actor)
    default:
      return query.view satisfies never
  }
}

async function toApprove(ports: ListPorts, { actor, rules }: Asked): Promise<RequestConditions> {
  const me = actor.person.userId
  return {
    statuses: ['pending'],
    notRequesterId: me,
    notDecidedBy: me,
    targets: await ports.approvableTargets.choiceFor(ports.db, rules, actor.person),
    expiresAfter: await ports.clock.now(),
  }
}

/** What the person could review; to those who may see everything, on demand whatever waits. */
async function toReview(ports: ListPorts, { actor, rules, query }: Asked) {
  if (query.scope === 'all') return { ...everything(actor), reviewOpen: true }
  return {
    reviewOpen: true,
    notRequesterId: actor.person.userId,
    targets: await ports.approvableTargets.choiceFor(ports.db, rules, actor.person),
  }
}

async function scopeOf(ports: ListPorts, asked: Asked): Promise<RequestConditions> {
  const scope = asked.query.scope ?? 'mine'
  if (scope === 'all') return everything(asked.actor)
  return scope === 'mine' ? { requesterId: asked.actor.person.userId } : decidedByMe(ports, asked)
}

/** Of others, where the person decides today or has decided. */
async function decidedByMe(ports: ListPorts, { actor, rules }: Asked): Promise<RequestConditions> {
  const { person } = actor
  const targets = await ports.approvableTargets.choiceFor(ports.db, rules, person)
  return { notRequesterId: person.userId, concerns: { targets, userId: person.userId } }
}

function everything(actor: Actor): RequestConditions {
  const rights = {
    enabled: actor.person.enabled,
    roles: actor.roles,
    relations: new Set<never>(),
    token: actor.token ?? null,
  }
  if (!mayPerform('request.list-all', rights)) throw refusedWith(refusal('not_allowed'))
  return {}
}

/** Filters narrow what the view is about: where both say something, both must hold. */
function filtersOf(query: RequestQuery, view: RequestConditions): RequestConditions {
  const wanted = query.status ?? requestStates
  const both = view.statuses?.filter((status) => wanted.includes(status)) ?? query.status
  const none = view.reviewOpen === true && query.reviewOpen === false
  return { ...requestFiltersOf(query), ...(none ? { statuses: [] } : both && { statuses: both }) }
}

type Filters = Pick<
  RequestQuery,
  | 'status'
  | 'q'
  | 'accountId'
  | 'permissionSetArn'
  | 'userId'
  | 'ticket'
  | 'submissionId'
  | 'from'
  | 'to'
  | 'breakGlass'
  | 'late'
  | 'reviewOpen'
>

/** The same for a page of the list and for an export of it. */
export function requestFiltersOf(query: Filters): RequestConditions {
  const { q, accountId, permissionSetArn, userId, ticket, submissionId, from, to } = query
  return {
    ...(query.status !== undefined && { statuses: query.status }),
    ...(q !== undefined && { q }),
    ...(accountId !== undefined && { accountId }),
    ...(permissionSetArn !== undefined && { permissionSetArn }),
    ...(userId !== undefined && { requestedBy: userId as UserId }),
    ...(ticket !== undefined && { ticket }),
    ...(query.breakGlass !== undefined && { breakGlass: query.breakGlass }),
    ...(submissionId !== undefined && { submissionId }),
    ...(query.late !== undefined && { late: query.late }),
    ...(query.reviewOpen !== undefined && { reviewOpen: query.reviewOpen }),
    ...(from !== undefined && { createdFrom: new Date(from) }),
    ...(to !== undefined && { createdBefore: new Date(to) }),
  }
}

export interface RequestCounts {
  readonly toApprove: number
  readonly toReview: number
  readonly minePending: number
  readonly mineActive: number
  readonly failing?: number
  readonly proposals?: number
  readonly failed?: number
  readonly reviewsOpen?: number
}

const failedDays = 7

/** What waits for a person; what goes wrong is counted for those who may see everything. */
export async function countForMe(ports: ListPorts, actor: Actor): Promise<RequestCounts> {
  const rules = await rulesFor(ports, actor)
  const me = actor.person.userId
  const query = { view: 'to-approve', scope: undefined } as const
  const seesAll = actor.roles.has('admin') || actor.roles.has('auditor')
  const now = await ports.clock.now()
  const [waiting, reviews, pending, active, all] = await Promise.all([
    countRequests(ports.db, await toApprove(ports, { actor, rules, query })),
    countRequests(ports.db, await toReview(ports, { actor, rules, query })),
    countRequests(ports.db, { requesterId: me, statuses: ['pending'] }),
    countRequests(ports.db, { requesterId: me, statuses: ['activating', 'active', 'ending'] }),
    seesAll ? countOfAll(ports, now) : {},
  ])
  return {
    toApprove: waiting,
    toReview: reviews,
    minePending: pending,
    mineActive: active,
    ...all,
  }
}

async function countOfAll({ db }: ListPorts, now: Date) {
  const createdFrom = new Date(now.getTime() - failedDays * 86_400_000)
  const [failing, proposals, failed, reviewsOpen] = await Promise.all([
    countRequests(db, { statuses: live, late: true }),
    countWaitingProposals(db, now),
    countRequests(db, { statuses: ['failed'], createdFrom }),
    countOpenReviews(db),
  ])
  return { failing, proposals, failed, reviewsOpen }
}
