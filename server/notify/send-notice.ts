/**
 * Sends one notice, as the request stands at this moment.
 *
 *   queued ──> sent      the provider took it
 *     │ ├────> dropped   it is no longer so, or no longer this person's business
 *     │ ├────> off       the channel was turned off, or has no sender
 *     │ └────> failed    refused for good, or put off until the attempts ran out
 *     └ (again)          put off: throws, and the job queue tries again later
 *
 * At least once: if this process dies between the provider's yes and our record of it, or the
 * answer does not come in time, the mail is sent again. A mail twice is a nuisance, a mail lost
 * leaves somebody waiting.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Kysely, Selectable } from 'kysely'
import type { RequestId, UserId } from '#core/ids.ts'
import { change } from '#server/store/change.ts'
import { loadPerson } from '#server/store/people.ts'
import { loadRequest } from '#server/store/requests.ts'
import type { NoticeState, NoticeTable, Schema } from '#server/store/schema.ts'
import { type ApproversOf, audienceOf } from './audience.ts'
import { isBulletinEvent, prepareBulletin } from './bulletin.ts'
import { writeMessage } from './email/message.ts'
import { oneLine } from './email/plain.ts'
import { loadView } from './load-view.ts'
import type { MailMessage, MailOutcome, SendMail } from './mail-port.ts'
import { end, type Prepared, senderOf } from './prepared.ts'
import { isNoticeEvent, isStale } from './stale.ts'

export interface NoticePorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly sendMail: SendMail
  readonly approversOf: ApproversOf
  /** Scheme, host and port, without a slash at the end. */
  readonly publicUrl: string
  /** The AWS access portal. */
  readonly portalUrl: string | null
  /** EMAIL_SOURCE: used while no administrator has set another. */
  readonly emailSource: string | null
  /** How long an answer is waited for; the client below has shorter limits of its own. */
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
  const notice = await ports.db
    .selectFrom('notice')
    .selectAll()
    .where('notice_id', '=', noticeId)
    .executeTakeFirst()
  if (notice === undefined || notice.state !== 'queued') return
  const prepared = await prepare(ports, notice)
  if (prepared.kind === 'end') {
    const { state, why } = prepared
    return record(ports, notice, attempt, { state, error: why })
  }
  const outcome = await deliver(ports, prepared.message)
  switch (outcome.kind) {
    case 'sent':
      return record(ports, notice, attempt, { state: 'sent', providerId: outcome.messageId })
    case 'refused':
      return record(ports, notice, attempt, { state: 'failed', error: outcome.message })
    case 'later':
      return putOff(ports, notice, attempt, outcome.message)
    default:
      return outcome satisfies never
  }
}

/** Attempts have run out without anybody there to say so: the process died during the last one. */
export async function giveUp(ports: NoticePorts, noticeId: string): Promise<void> {
  const notice = await ports.db
    .selectFrom('notice')
    .selectAll()
    .where('notice_id', '=', noticeId)
    .executeTakeFirst()
  if (notice === undefined || notice.state !== 'queued') return
  const error = notice.last_error ?? 'TEAM stopped during the last attempt'
  await record(ports, notice, { number: notice.attempts, isLast: true }, { state: 'failed', error })
}

async function prepare(ports: NoticePorts, notice: Notice): Promise<Prepared> {
  const { db } = ports
  const { event, address } = notice
  if (isBulletinEvent(event) && notice.channel === 'email') {
    return prepareBulletin(ports, { ...notice, event })
  }
  if (!isNoticeEvent(event) || notice.request_id === null || notice.channel !== 'email') {
    return end('failed', `TEAM has no mail for ${notice.channel} ${event}`)
  }
  // Ids of ours and of the directory, from our own row.
  const receiverId = notice.receiver_id as UserId
  const request = await loadRequest(db, notice.request_id as RequestId)
  if (request === null) return end('dropped', 'The request is gone')
  if (isStale(event, request)) {
    const now = request.review?.given ? 'reviewed' : request.status
    return end('dropped', `The request is ${now} now`)
  }
  if (address === null) return end('no_address', 'There is no address')
  const sender = await senderOf(ports)
  if (sender.kind === 'end') return sender
  const receiver = await loadPerson(db, receiverId)
  if (receiver?.enabled === false) return end('dropped', 'The receiver is disabled')
  const approvers = await ports.approversOf(db, request)
  const standing = (await audienceOf(db, approvers, request, event)).get(receiverId)
  if (standing === undefined) return end('dropped', 'The receiver may not see it any more')
  const { publicUrl, portalUrl } = ports
  const now = await ports.clock.now()
  const facts = { event, standing, receiverId, request, approvers, now, publicUrl, portalUrl }
  const view = await loadView(db, facts)
  return { kind: 'send', message: writeMessage(view, { from: sender.from, to: address }) }
}

/** Whatever goes wrong out there is an answer too. */
async function deliver(ports: NoticePorts, message: MailMessage): Promise<MailOutcome> {
  const limitMs = ports.answerWaitMs ?? answerWaitMs
  const answered = new AbortController()
  const silence = wait<MailOutcome>(
    limitMs,
    { kind: 'later', message: `No answer within ${limitMs / 1000} s` },
    { signal: answered.signal },
  ).catch((): MailOutcome => ({ kind: 'later', message: 'No answer' }))
  const answer = ports.sendMail(message).catch(
    (error: unknown): MailOutcome => ({
      kind: 'later',
      message: error instanceof Error ? error.message : String(error),
    }),
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
  error: string,
): Promise<void> {
  await record(ports, notice, attempt, { state: attempt.isLast ? 'failed' : 'queued', error })
  if (!attempt.isLast) throw new TryAgain(errorText(error))
}

async function record(
  ports: NoticePorts,
  notice: Notice,
  attempt: Attempt,
  result: { state: NoticeState; error?: string; providerId?: string },
): Promise<void> {
  const now = await ports.clock.now()
  await change(ports.db, now, async (c) => {
    const { numUpdatedRows } = await c.tx
      .updateTable('notice')
      .set({
        state: result.state,
        attempts: attempt.number,
        last_error: result.error === undefined ? null : errorText(result.error),
        provider_id: result.providerId ?? null,
        sent_at: result.state === 'sent' ? now : null,
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
