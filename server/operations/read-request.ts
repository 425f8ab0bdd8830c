import type { Kysely } from 'kysely'
import type { Request, UseSummary } from '#contract/request.ts'
import type { RequestId, SubmissionId } from '#core/ids.ts'
import { isOver } from '#core/request.ts'
import { ticketUrl } from '#core/ticket.ts'
import { addMinutes, endsAbout, sessionsMayLiveUntil } from '#core/window.ts'
import type { PermissionSetPolicies } from '#server/store/directory-contents.ts'
import type { GrantUse } from '#server/store/grant-use.ts'
import { isUndelivered, noticesOfRequests, type StoredNotice } from '#server/store/notices.ts'
import { earlierRequestIds, loadHints } from '#server/store/request-hints.ts'
import { requestIdsOfSubmission } from '#server/store/request-searches.ts'
import {
  loadRequest,
  loadRequests,
  type StoredGrant,
  type StoredRequest,
  type StoredReview,
} from '#server/store/requests.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { type Actor, rulesFor } from './actor.ts'
import type { Clock } from './making-changes.ts'
import {
  actionsOn,
  approvalBasisOf,
  approvesTarget,
  maySee,
  noSuchRequest,
  refuseUnlessSeen,
} from './rights-on-request.ts'

export interface ReadPorts {
  readonly db: Kysely<Schema>
  readonly clock: Clock
  readonly rules: RulesStore
}

export async function readRequest(ports: ReadPorts, actor: Actor, id: RequestId): Promise<Request> {
  const rules = await rulesFor(ports, actor)
  const stored = await loadRequest(ports.db, id)
  refuseUnlessSeen(rules, actor, stored)
  const [request] = await showRequests(ports, { rules, actor, stored: [stored] })
  if (request === undefined) throw noSuchRequest()
  return request
}

/** Those of them that the person may see, in the order of the ids. */
export async function readRequests(
  ports: ReadPorts,
  actor: Actor,
  ids: readonly RequestId[],
): Promise<Request[]> {
  const rules = await rulesFor(ports, actor)
  const stored = (await loadRequests(ports.db, ids)).filter((one) => maySee(rules, actor, one))
  return showRequests(ports, { rules, actor, stored })
}

export async function readSubmission(
  ports: ReadPorts,
  actor: Actor,
  submissionId: SubmissionId,
): Promise<{ submissionId: string; requests: Request[] }> {
  const ids = await requestIdsOfSubmission(ports.db, submissionId)
  const requests = await readRequests(ports, actor, ids)
  if (requests.length === 0) throw noSuchRequest()
  return { submissionId, requests }
}

const earlierMax = 5

/** What the same person asked for on the same target before; those of them that one may see. */
export async function readEarlierRequests(
  ports: ReadPorts,
  actor: Actor,
  id: RequestId,
): Promise<Request[]> {
  const rules = await rulesFor(ports, actor)
  refuseUnlessSeen(rules, actor, await loadRequest(ports.db, id))
  return readRequests(ports, actor, await earlierRequestIds(ports.db, id, earlierMax))
}

/** The number of queries does not grow with the number of requests. */
export async function showRequests(
  ports: Pick<ReadPorts, 'db' | 'clock'>,
  seen: { rules: Rules; actor: Actor; stored: readonly StoredRequest[] },
): Promise<Request[]> {
  const { rules, actor, stored } = seen
  const notices = await noticesOfRequests(
    ports.db,
    stored.map(({ id }) => id),
  )
  const now = await ports.clock.now()
  const hints = await hintsOn(ports.db, seen)
  return stored.map((request) => ({
    ...whatWasAsked(request),
    ticketUrl: ticketUrl(rules.settings.ticketUrlTemplate, request.ticket),
    ...whatWasDecided(rules, request),
    ...whatCameOfIt(request, now),
    sessionsMayLiveUntil: textOf(credentialsMayLiveUntil(rules, request, now)),
    ...howItWasTold(notices.get(request.id) ?? []),
    ...hints(request),
    actions: actionsOn(rules, actor, request).map((hint) => ({
      ...hint,
      ...(hint.params && { params: { ...hint.params } }),
    })),
  }))
}

/** Only for whoever may decide on it, and only while somebody has to. */
async function hintsOn(
  db: Kysely<Schema>,
  { rules, actor, stored }: { rules: Rules; actor: Actor; stored: readonly StoredRequest[] },
) {
  const { userId } = actor.person
  const toDecide = stored.filter(
    ({ status, target, requester }) =>
      status === 'pending' && requester.userId !== userId && approvesTarget(rules, target, userId),
  )
  const found = await loadHints(
    db,
    toDecide.map(({ id }) => id),
  )
  return ({ id, target, durationMinutes }: StoredRequest) => {
    const hints = found.get(id)
    if (!hints) return {}
    const { usualMinutes, contents } = hints
    const set = rules.directory.permissionSets.get(target.permissionSetArn)
    const longerThanUsual = usualMinutes !== null && durationMinutes > usualMinutes
    const level = set?.level ?? ('unknown' as const)
    return { hints: { ...hints, level, contents: contentsOf(contents), longerThanUsual } }
  }
}

function contentsOf(policies: PermissionSetPolicies | null) {
  if (policies === null) return null
  const { managed, customerManaged, hasInline } = policies
  return { managed: [...managed], customerManaged: [...customerManaged], hasInline }
}

function whatWasAsked(request: StoredRequest) {
  return {
    id: request.id,
    version: request.version,
    submissionId: request.submissionId,
    status: request.status,
    requester: request.requester,
    ...request.target,
    accountName: request.accountName,
    permissionSetName: request.permissionSetName,
    requestedStartsAt: textOf(request.requestedStartsAt),
    durationMinutes: request.durationMinutes,
    justification: request.justification,
    ticket: request.ticket,
    breakGlass: request.breakGlass,
    extends: request.extendsId,
    extendedBy: request.extension?.id ?? null,
    createdAt: request.createdAt.toISOString(),
    expiresAt: request.expiresAt.toISOString(),
  }
}

/** While it is pending, numbers are today's: the policies may ask for more than they did. */
function whatWasDecided(rules: Rules, request: StoredRequest) {
  const basis = approvalBasisOf(rules, request)
  const pending = request.status === 'pending'
  return {
    approvalRequired: request.approvalRequired,
    approvalsRequired: pending ? basis.approvalsRequired : request.approvalsRequired,
    approverCount: basis.approvers.size,
    review: request.review && showReview(request.review),
    approvals: request.decisions.map(({ userId, userName, decision, comment, at }) => ({
      userId,
      userName,
      decision,
      comment,
      at: at.toISOString(),
    })),
  }
}

function showReview({ dueAt, given }: StoredReview) {
  return {
    dueAt: dueAt.toISOString(),
    by: given?.by ?? null,
    outcome: given?.outcome ?? null,
    comment: given?.comment ?? null,
    at: textOf(given?.at),
  }
}

function whatCameOfIt(request: StoredRequest, now: Date) {
  const { grant, failure } = request
  const open = !isOver(request.status)
  return {
    startsAt: textOf(grant && startOf(grant)),
    grantedAt: textOf(grant?.grantedAt),
    endsAt: textOf(grant && endOf(grant, request.durationMinutes)),
    endedAt: textOf(grant?.grantedAt && grant.overAt),
    excessSeconds: grant?.excessSeconds ?? null,
    coveredBy: grant?.coveredByRequestId ?? null,
    watchedUntil: textOf(grant && watchedUntil(grant, now, open)),
    late: open && grant?.keyAlarmedAt != null,
    use: grant?.use ? showUse(grant.use) : null,
    endReason: request.endReason,
    stoppedBy: request.stoppedBy,
    stopComment: request.stopComment,
    failure: failure && { code: failure.code, message: failure.message },
  }
}

export function showUse(use: GrantUse): UseSummary {
  const { services, reads, writes, errors, lastUsedAt, readAt, truncated } = use
  return {
    services: services.map((one) => ({ ...one })),
    reads,
    writes,
    errors,
    lastUsedAt: textOf(lastUsedAt),
    readAt: readAt.toISOString(),
    truncated,
  }
}

/** Of an immediate grant, nothing is known before AWS confirms. */
function startOf(grant: StoredGrant): Date | null {
  return grant.startsAt ?? (grant.immediate ? null : grant.dueAt)
}

function endOf(grant: StoredGrant, durationMinutes: number): Date | null {
  return grant.endsAt ?? (grant.immediate ? null : addMinutes(grant.dueAt, durationMinutes))
}

/** A key is watched for all its grants; said of those whose access should be gone. */
function watchedUntil(grant: StoredGrant, now: Date, open: boolean): Date | null {
  const { keyWatchedUntil } = grant
  return !open && keyWatchedUntil !== null && keyWatchedUntil > now ? keyWatchedUntil : null
}

/** Said before anyone agrees as well: then it is the time if the access were given now. */
function credentialsMayLiveUntil(rules: Rules, request: StoredRequest, now: Date): Date | null {
  if (request.grant?.grantedAt || isOver(request.status)) return credentialsEnd(request)
  const set = rules.directory.permissionSets.get(request.target.permissionSetArn)
  return sessionsMayLiveUntil(endsAbout({ ...request, now }), set?.sessionMinutes ?? null)
}

/** Of access that was given: credentials may be taken until it is gone, and live on from there. */
export function credentialsEnd(request: StoredRequest): Date | null {
  const { grant, durationMinutes, endReason } = request
  if (!grant?.grantedAt || endReason === 'released' || grant.coveredByRequestId !== null)
    return null
  const gone = grant.removalConfirmedAt ?? grant.overAt ?? endOf(grant, durationMinutes)
  return gone && sessionsMayLiveUntil(gone, grant.sessionMinutes)
}

function howItWasTold(notices: readonly StoredNotice[]) {
  return {
    undelivered: notices.filter(({ state }) => isUndelivered(state)).length,
    notices: notices.map(({ requestId: _, at, ...notice }) => ({
      ...notice,
      at: at.toISOString(),
    })),
  }
}

function textOf(date: Date | null | undefined): string | null {
  return date?.toISOString() ?? null
}
