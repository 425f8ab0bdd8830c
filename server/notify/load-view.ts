import type { Kysely } from 'kysely'
import type { UserId } from '#core/ids.ts'
import { ticketUrl } from '#core/ticket.ts'
import { sessionsMayLiveUntil } from '#core/window.ts'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import { lastLateLanding } from '#server/store/late.ts'
import { loadPeople } from '#server/store/people.ts'
import type { StoredGrant, StoredRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import type { GrantView, MailView, RequestView, Standing } from './email/view.ts'
import { placeOf } from './preferences.ts'

export interface ViewFacts {
  readonly event: NoticeEvent
  readonly standing: Standing
  readonly receiverId: UserId
  readonly request: StoredRequest
  readonly approvers: readonly string[]
  readonly now: Date
  readonly publicUrl: string
  readonly portalUrl: string | null
}

export async function loadView(db: Kysely<Schema>, facts: ViewFacts): Promise<MailView> {
  const { event, standing, now, publicUrl, portalUrl, request } = facts
  const { settings } = await loadSettings(db)
  return {
    event,
    standing,
    now,
    publicUrl,
    portalUrl,
    place: await placeOf(db, facts.receiverId),
    request: {
      ...requestView(request, await namesOf(db, facts.approvers)),
      ticketUrl: ticketUrl(settings.ticketUrlTemplate, request.ticket),
    },
    grant: request.grant && grantView(request.grant),
    late: event === 'excess_added' ? await lastLateLanding(db, request.id) : null,
  }
}

async function namesOf(db: Kysely<Schema>, userIds: readonly string[]): Promise<string[]> {
  // The port's ids are the directory's.
  const people = await loadPeople(db, userIds as readonly UserId[])
  return [...people.values()].map((person) => person.displayName).toSorted()
}

function requestView(
  request: StoredRequest,
  approverNames: readonly string[],
): Omit<RequestView, 'ticketUrl'> {
  const { requester, target, stoppedBy, stopComment } = request
  return {
    id: request.id,
    requesterName: requester.displayName,
    requesterUserName: requester.userName,
    accountId: target.accountId,
    accountName: request.accountName,
    permissionSetName: request.permissionSetName,
    requestedStartsAt: request.requestedStartsAt,
    durationMinutes: request.durationMinutes,
    justification: request.justification,
    ticket: request.ticket,
    approvalRequired: request.approvalRequired,
    approvalsRequired: request.approvalsRequired,
    approverNames,
    decisions: request.decisions.map(({ userName, decision, comment, at }) => {
      return { by: userName, decision, comment, at }
    }),
    stoppedBy: stoppedBy && { by: stoppedBy.userName, comment: stopComment },
    endReason: request.endReason,
    failure: request.failure,
    expiresAt: request.expiresAt,
    reviewDueAt: request.review?.dueAt ?? null,
  }
}

function grantView(grant: StoredGrant): GrantView {
  const { removalConfirmedAt, overAt, endsAt, grantedAt, sessionMinutes } = grant
  // Until access is confirmed to be gone, credentials can be taken.
  const lastTaken = removalConfirmedAt ?? overAt ?? endsAt
  const wasActive = grantedAt !== null && lastTaken !== null
  return {
    dueAt: grant.dueAt,
    startsAt: grantedAt === null ? null : grant.startsAt,
    endsAt,
    overAt,
    wasBegun: removalConfirmedAt !== null,
    isCovered: grant.coveredByRequestId !== null,
    excessSeconds: grant.excessSeconds ?? 0,
    sessionsMayLiveUntil: wasActive ? sessionsMayLiveUntil(lastTaken, sessionMinutes) : null,
  }
}
