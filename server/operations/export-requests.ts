/**
 * Requests, and the grants that they earned, as files: a batch of ids and a batch of rows at a time,
 * each a statement of its own, so that a slow reader holds neither a snapshot nor a connection. What
 * is asked for while the file is on its way is not in it.
 */
import type { Kysely } from 'kysely'
import type { ExportQuery } from '#contract/audit.ts'
import type { RequestExportQuery } from '#contract/request.ts'
import { listRequestIds, type RequestConditions } from '#server/store/request-list.ts'
import { loadRequests, type StoredRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { findSeen, type ListPorts, requestFiltersOf, type SeenPage } from './list-requests.ts'
import { makeChange } from './making-changes.ts'
import { credentialsEnd } from './read-request.ts'

export const requestsPerBatch = 500

export async function* exportedRequests(
  db: Kysely<Schema>,
  query: ExportQuery,
): AsyncGenerator<StoredRequest[]> {
  const { kind } = query
  const filters = requestFiltersOf(query)
  const conditions: RequestConditions = kind === 'grants' ? { ...filters, granted: true } : filters
  let after: { at: Date; id: string } | null = null
  for (;;) {
    const limit = requestsPerBatch
    const found = await listRequestIds(db, conditions, { sort: 'createdAt', limit, after })
    const batch = found.slice(0, limit)
    if (batch.length > 0) {
      yield await loadRequests(
        db,
        batch.map(({ id }) => id),
      )
    }
    const last = batch.at(-1)
    if (last === undefined || found.length <= limit) return
    after = { at: last.sortedAt, id: last.id }
  }
}

export interface ExportListPorts extends ListPorts {
  readonly long: Kysely<Schema>
}

/**
 * Page after page of the list, asked for as the list is: with the rights that whoever takes it has
 * by then, row by row. What may not be listed is refused before there is an event of it; and the event is there before
 * the first byte, for who has taken it has taken it, whether or not they waited for the end.
 */
export async function exportRequestList(
  ports: ExportListPorts,
  actorNow: () => Actor,
  query: RequestExportQuery,
): Promise<{ at: Date; batches: AsyncIterable<readonly StoredRequest[]> }> {
  const { format, view, sort: _sort, ...filter } = query
  const pageAfter = async (cursor?: string) => {
    const rules = await ports.rules.load(ports.long)
    const page = { ...query, cursor, limit: requestsPerBatch }
    return findSeen({ ...ports, db: ports.long }, { rules, actor: actorNow(), query: page })
  }
  const first = await pageAfter()
  const at = await makeChange(ports, async (c) => {
    c.event({
      actor: eventActorOf(actorNow()),
      action: 'request.export',
      object: { type: 'export', id: view },
      payload: { view, format, filter },
    })
    return c.at
  })
  return { at, batches: batchesFrom(first, pageAfter) }
}

async function* batchesFrom(first: SeenPage, pageAfter: (cursor: string) => Promise<SeenPage>) {
  for (let page = first; ; page = await pageAfter(page.nextCursor)) {
    yield page.seen
    if (page.nextCursor === null) return
  }
}

const text = (at: Date | null | undefined) => at?.toISOString() ?? null

/** One request in an export: what was asked, what was decided, what came of it. */
export function exportedRequest(request: StoredRequest) {
  const { requester, target, grant, review } = request
  return {
    id: request.id,
    submissionId: request.submissionId,
    status: request.status,
    userId: requester.userId,
    userName: requester.userName,
    displayName: requester.displayName,
    ...target,
    accountName: request.accountName,
    permissionSetName: request.permissionSetName,
    createdAt: request.createdAt.toISOString(),
    requestedStartsAt: text(request.requestedStartsAt),
    durationMinutes: request.durationMinutes,
    justification: request.justification,
    ticket: request.ticket,
    breakGlass: request.breakGlass,
    extends: request.extendsId,
    approvalRequired: request.approvalRequired,
    approvalsRequired: request.approvalsRequired,
    approvals: request.decisions.map(({ userId, userName, decision, comment, at }) => ({
      userId,
      userName,
      decision,
      comment,
      at: at.toISOString(),
    })),
    reviewOutcome: review?.given?.outcome ?? null,
    reviewComment: review?.given?.comment ?? null,
    reviewedBy: review?.given?.by.userName ?? null,
    startsAt: text(grant?.startsAt),
    endsAt: text(grant?.endsAt),
    grantedAt: text(grant?.grantedAt),
    endedAt: text(grant?.grantedAt && grant.overAt),
    excessSeconds: grant?.excessSeconds ?? null,
    endReason: request.endReason,
    stoppedBy: request.stoppedBy?.userName ?? null,
    stopComment: request.stopComment,
    failure: request.failure?.code ?? null,
    sessionsMayLiveUntil: text(credentialsEnd(request)),
  }
}

/** One grant in an export: the window, as it was meant and as it was. */
export function exportedGrant(request: StoredRequest) {
  const { requester, target, grant } = request
  return {
    grantId: grant?.grantId ?? null,
    requestId: request.id,
    status: request.status,
    userId: requester.userId,
    userName: requester.userName,
    ...target,
    accountName: request.accountName,
    permissionSetName: request.permissionSetName,
    breakGlass: request.breakGlass,
    durationMinutes: request.durationMinutes,
    dueAt: text(grant?.dueAt),
    grantedAt: text(grant?.grantedAt),
    startsAt: text(grant?.startsAt),
    endsAt: text(grant?.endsAt),
    endedAt: text(grant?.overAt),
    removalConfirmedAt: text(grant?.removalConfirmedAt),
    excessSeconds: grant?.excessSeconds ?? null,
    coveredByRequestId: grant?.coveredByRequestId ?? null,
    sessionMinutes: grant?.sessionMinutes ?? null,
    endReason: request.endReason,
  }
}
