/**
 * The sample's table of requests as history: what was asked, decided and done, in the words of then.
 * Nothing of it can be acted on. A request that is not over is the sample's to end.
 */
import { keptYears, yearsBefore } from '#server/audit/walk.ts'
import { fieldsOf } from './entry.ts'
import type { Known } from './known.ts'
import type { Problem, Row } from './source.ts'

export type PastRequest =
  /** The payload of the event that keeps it. */
  | { readonly kind: 'over'; readonly id: string; readonly payload: object }
  | { readonly kind: 'open'; readonly id: string; readonly status: string }
  /** Older than anything is kept. */
  | { readonly kind: 'old' }
  | { readonly kind: 'unknown' }

const over = new Set(['approved', 'rejected', 'cancelled', 'ended', 'revoked', 'expired', 'error'])
const open = new Set(['pending', 'scheduled', 'in progress'])
const textCharactersMax = 20_000

export function pastRequest(
  row: Row,
  known: Known,
  now: Date,
  tell: (problem: Problem) => void,
): PastRequest {
  const problems: Problem[] = []
  const fields = fieldsOf(row, problems)
  const status = fields.text('status').toLowerCase()
  const startsAt = instant(fields.text('startTime'))
  if (startsAt === null) fields.tell('startTime', 'is not a time; kept as it is written')
  if (!/^\d{12}$/.test(fields.text('accountId'))) {
    fields.tell('accountId', 'is no account’s id; kept as it is written')
  }
  const isUnknown = !over.has(status) && !open.has(status)
  if (isUnknown) fields.tell('status', `is none of the sample’s; the request is left out`)
  for (const problem of problems) tell(problem)
  const askedAt = instant(fields.text('createdAt')) ?? startsAt
  if (isUnknown) return { kind: 'unknown' }
  if (isOpen(status, fields.text('endTime'))) return { kind: 'open', id: row.key, status }
  if (askedAt !== null && askedAt < yearsBefore(now, keptYears)) return { kind: 'old' }
  return { kind: 'over', id: row.key, payload: payloadOf(row, status, known) }
}

/** `approved` is what the sample passes through on the way to `scheduled`; without an end it is not over. */
function isOpen(status: string, endTime: string): boolean {
  return open.has(status) || (status === 'approved' && endTime === '')
}

function payloadOf({ item }: Row, status: string, { userByName }: Known): object {
  const said = (field: string) => kept(item[field])
  const userName = said('username')?.replace(/^idc_/i, '') ?? null
  return {
    source: 'aws-sample',
    // By the name of today; whose it was then, the words below say.
    requesterId: userByName.get((userName ?? '').toLowerCase())?.userId ?? null,
    requester: userName,
    email: said('email'),
    accountId: said('accountId'),
    accountName: said('accountName'),
    permissionSetArn: said('roleId'),
    permissionSetName: said('role'),
    status,
    askedAt: said('createdAt'),
    startsAt: said('startTime'),
    endedAt: said('endTime'),
    durationHours: said('duration'),
    justification: said('justification'),
    ticket: said('ticketNo'),
    approvers: said('approvers'),
    decidedBy: said('approver'),
    comment: said('comment'),
    revokedBy: said('revoker'),
    revokeComment: said('revokeComment'),
    sessionDuration: said('session_duration'),
  }
}

/** Texts as they are, as far as JSON and PostgreSQL can hold them. */
function kept(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text
    .toWellFormed()
    .replaceAll('\u0000', '\uFFFD')
    .slice(0, textCharactersMax)
    .toWellFormed()
}

function instant(text: string): Date | null {
  const at = new Date(text)
  return text === '' || Number.isNaN(at.getTime()) ? null : at
}
