/**
 * Sends one notice, as the request stands at this moment.
 *
 *   queued ──> sent      the provider took it
 *     │ ├────> dropped   it is no longer so, or no longer this person's business
 *     │ ├────> off       the channel was turned off, or lacks what it needs
 *     │ └────> failed    refused for good, or put off until the attempts ran out
 *     └ (again)          put off: throws, and the job queue tries again later
 *
 * At least once: if this process dies between the provider's yes and our record of it, or the
 * answer does not come in time, it is sent again, under the same id, and the attempts without an
 * answer are counted. A mail twice is a nuisance, a mail lost leaves somebody waiting.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { type Kysely, type Selectable, sql } from 'kysely'
import { isChannel, isOn } from '#core/channels.ts'
import type { RequestId, UserId } from '#core/ids.ts'
import type { Settings } from '#core/settings.ts'
import { change } from '#server/store/change.ts'
import { loadPerson } from '#server/store/people.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import type { NoticeState, NoticeTable, Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import { type ApproversOf, audienceOf } from './audience.ts'
import { isBulletinEvent, prepareBulletin } from './bulletin.ts'
import {
  isStandingReceiver,
  type Outcome,
  type Outgoing,
  type Send,
  type Senders,
} from './channel-port.ts'
import { compose } from './email/compose.ts'
import { oneLine } from './email/plain.ts'
import type { Standing } from './email/view.ts'
import { loadView } from './load-view.ts'
import { requestFacts } from './machine-notice.ts'
import { type Ended, end, type Prepared } from './prepared.ts'
import type { Click } from './slack/click.ts'
import { isNoticeEvent, isStale } from './stale.ts'

export interface NoticePorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly senders: Senders
  /** A click in Slack; absent where there is no Slack. */
  readonly onSlackClick?: (click: Click) => Promise<void>
  readonly approversOf: ApproversOf
  /** Scheme, host and port, without a slash at the end. */
  readonly publicUrl: string
  /** The AWS access portal. */
  readonly portalUrl: string | null
  /** How long an answer is waited for; the channels' clients have shorter limits of their own. */
  readonly answerWaitMs?: number
}

export interface Attempt {
  readonly number: number
  readonly isLast: boolean
}

export class TryAgain extends Error {}

const answerWaitMs = 30_000
const errorCharactersMax = 500

type Notice = Selectable<NoticeTable>

export async function sendNotice(
  ports: NoticePorts,
  noticeId: string,
  attempt: Attempt,
): Promise<void> {
  const notice = await loadNotice(ports, noticeId)
  if (notice === null) return
  const { settings } = await loadSettings(ports.db)
  const send = senderOf(ports, notice, settings)
  const prepared = typeof send === 'function' ? await prepare(ports, notice) : send
  if (prepared.kind === 'end' || typeof send !== 'function') {
    return record(ports, notice, attempt, endedAs(prepared))
  }
  const outgoing: Outgoing = {
    ...prepared.content,
    noticeId,
    event: notice.event,
    at: notice.created_at,
    now: await ports.clock.now(),
    receiverId: notice.receiver_id,
    address: notice.address ?? '',
    publicUrl: ports.publicUrl,
  }
  const outcome = await deliver(ports, () => send(outgoing, settings))
  return settle(ports, notice, attempt, outcome)
}

async function loadNotice({ db }: NoticePorts, noticeId: string): Promise<Notice | null> {
  const notice = await db
    .selectFrom('notice')
    .selectAll()
    .where('notice_id', '=', noticeId)
    .executeTakeFirst()
  return notice?.state === 'queued' ? notice : null
}

function senderOf({ senders }: NoticePorts, { channel }: Notice, settings: Settings): Send | Ended {
  const send = isChannel(channel) ? senders[channel] : undefined
  if (!isChannel(channel) || !send) return end('off', `TEAM does not send by ${channel}`)
  return isOn(channel, settings) ? send : end('off', 'The channel is turned off')
}

function endedAs(ended: Prepared | Ended): { state: NoticeState; error?: string } {
  if (ended.kind === 'send') throw new Error('A notice was prepared for no channel')
  return { state: ended.state, error: ended.why }
}

function settle(
  ports: NoticePorts,
  notice: Notice,
  attempt: Attempt,
  outcome: Outcome,
): Promise<void> {
  switch (outcome.kind) {
    case 'sent':
      return record(ports, notice, attempt, { state: 'sent', providerId: outcome.messageId })
    case 'refused':
      return record(ports, notice, attempt, { state: 'failed', error: outcome.message })
    case 'no_address':
    case 'off':
      return record(ports, notice, attempt, { state: outcome.kind, error: outcome.message })
    case 'later':
      return putOff(ports, notice, attempt, outcome)
    default:
      return outcome satisfies never
  }
}

/** Attempts have run out without anybody there to say so: the process died during the last one. */
export async function giveUp(ports: NoticePorts, noticeId: string): Promise<void> {
  const notice = await loadNotice(ports, noticeId)
  if (notice === null) return
  const error = notice.last_error ?? 'TEAM stopped during the last attempt'
  await record(ports, notice, { number: notice.attempts, isLast: true }, { state: 'failed', error })
}

async function prepare(ports: NoticePorts, notice: Notice): Promise<Prepared> {
  const { event } = notice
  if (notice.address === null) return end('no_address', 'There is no address')
  if (isBulletinEvent(event)) return prepareBulletin(ports, { ...notice, event })
  if (!isNoticeEvent(event) || notice.request_id === null) {
    return end('failed', `TEAM has no words for ${event}`)
  }
  // An id of ours, from our own row.
  const request = await loadRequest(ports.db, notice.request_id as RequestId)
  if (request === null) return end('dropped', 'The request is gone')
  const now = await ports.clock.now()
  if (isStale(event, request, now)) {
    const state = request.review?.given ? 'reviewed' : request.status
    return end('dropped', `The request is ${state} now`)
  }
  const approvers = await ports.approversOf(ports.db, request)
  const standing = await standingOf(ports, notice, { event, approvers, request })
  if (typeof standing !== 'string') return standing
  const { publicUrl, portalUrl } = ports
  // An id of the directory, or of a receiver that is no person and has no preferences.
  const receiverId = notice.receiver_id as UserId
  const facts = { event, standing, receiverId, request, approvers, now, publicUrl, portalUrl }
  const letter = compose(await loadView(ports.db, facts))
  const thread = `request-${request.id}`
  const mayDecide = standing === 'approver' && (event === 'requested' || event === 'reminder')
  return { kind: 'send', content: { thread, letter, request: requestFacts(request), mayDecide } }
}

interface About {
  readonly event: Parameters<typeof audienceOf>[3]
  readonly approvers: readonly string[]
  readonly request: StoredRequest
}

/** Programs and the audit channel read what auditors do; people what they may see now. */
async function standingOf(
  { db }: NoticePorts,
  notice: Notice,
  { event, approvers, request }: About,
): Promise<Standing | Ended> {
  if (isStandingReceiver(notice.receiver_id)) return 'auditor'
  const receiverId = notice.receiver_id as UserId
  const receiver = await loadPerson(db, receiverId)
  if (receiver?.enabled === false) return end('dropped', 'The receiver is disabled')
  const standing = (await audienceOf(db, approvers, request, event)).get(receiverId)
  return standing ?? end('dropped', 'The receiver may not see it any more')
}

/** Whatever goes wrong out there is an answer too. */
export async function deliver(
  ports: Pick<NoticePorts, 'answerWaitMs'>,
  send: () => Promise<Outcome>,
): Promise<Outcome> {
  const limitMs = ports.answerWaitMs ?? answerWaitMs
  const answered = new AbortController()
  const lost = (message: string): Outcome => ({ kind: 'later', message, mayHaveArrived: true })
  const silence = wait(limitMs, lost(`No answer within ${limitMs / 1000} s`), {
    signal: answered.signal,
  }).catch(() => lost('No answer'))
  const answer = send().catch((error: unknown) =>
    lost(error instanceof Error ? error.message : String(error)),
  )
  try {
    return await Promise.race([answer, silence])
  } finally {
    answered.abort()
  }
}

async function putOff(
  ports: NoticePorts,
  notice: Notice,
  attempt: Attempt,
  outcome: Extract<Outcome, { kind: 'later' }>,
): Promise<void> {
  const { message: error, mayHaveArrived = false } = outcome
  const state = attempt.isLast ? 'failed' : 'queued'
  await record(ports, notice, attempt, { state, error, mayHaveArrived })
  if (!attempt.isLast) throw new TryAgain(errorText(error))
}

interface Result {
  readonly state: NoticeState
  readonly error?: string
  readonly providerId?: string
  readonly mayHaveArrived?: boolean
}

async function record(
  ports: NoticePorts,
  notice: Notice,
  attempt: Attempt,
  result: Result,
): Promise<void> {
  const now = await ports.clock.now()
  // Attempts that nobody recorded: the process died in them.
  const lost = Math.max(0, attempt.number - 1 - notice.attempts)
  const unanswered = lost + (result.mayHaveArrived ? 1 : 0)
  await change(ports.db, now, async (c) => {
    const { numUpdatedRows } = await c.tx
      .updateTable('notice')
      .set({
        state: result.state,
        attempts: attempt.number,
        last_error: result.error === undefined ? null : errorText(result.error),
        provider_id: result.providerId ?? null,
        sent_at: result.state === 'sent' ? now : null,
        unanswered: sql<number>`unanswered + ${unanswered}`,
      })
      .where('notice_id', '=', notice.notice_id)
      .where('state', '=', 'queued')
      .executeTakeFirst()
    if (numUpdatedRows > 0n && notice.request_id !== null) c.changed('request', notice.request_id)
  })
}

function errorText(text: string): string {
  return [...oneLine(text)].slice(0, errorCharactersMax).join('')
}
