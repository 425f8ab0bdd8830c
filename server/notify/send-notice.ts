/**
 * Sends one notice, as the request stands at this moment.
 *
 *   queued ──> sent      the provider took it
 *     │ ├────> dropped   it is no longer so, or no longer this person's business
 *     │ ├────> folded    sent together with others, in a storm
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
import { noticeNames } from '#core/notices.ts'
import type { Settings } from '#core/settings.ts'
import { type Change, change } from '#server/store/change.ts'
import { isUndelivered } from '#server/store/notices.ts'
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
import { composeStorm } from './email/compose-storm.ts'
import { oneLine } from './email/plain.ts'
import type { Standing } from './email/view.ts'
import { loadView } from './load-view.ts'
import { requestFacts } from './machine-notice.ts'
import { type Content, type Ended, end, type Prepared } from './prepared.ts'
import type { Click } from './slack/click.ts'
import { isNoticeEvent, isStale } from './stale.ts'
import { carriesStorm, stormOf } from './storm.ts'

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
  if (typeof send !== 'function') return record(ports, notice, attempt, endedAs(send))
  const carry = async (about: Notice, content: Content) => {
    const outgoing = outgoingOf(ports, about, { content, now: await ports.clock.now() })
    return deliver(ports, () => send(outgoing, settings))
  }
  const storm = await stormOf(ports.db, notice)
  if (!carriesStorm(storm, notice, attempt)) {
    return putOff(ports, notice, attempt, { kind: 'later', message: 'Waits with others like it' })
  }
  if (storm.length > 0) return sendStorm(ports, storm, { notice, attempt, carry })
  const prepared = await prepare(ports, notice)
  if (prepared.kind === 'end') return record(ports, notice, attempt, endedAs(prepared))
  return settle(ports, notice, attempt, await carry(notice, prepared.content))
}

function outgoingOf(
  { publicUrl }: NoticePorts,
  notice: Notice,
  { content, now }: { readonly content: Content; readonly now: Date },
): Outgoing {
  return {
    ...content,
    noticeId: notice.notice_id,
    event: notice.event,
    at: notice.created_at,
    now,
    receiverId: notice.receiver_id,
    address: notice.address ?? '',
    publicUrl,
  }
}

interface StormJob {
  /** Whose job this is: one of the storm. */
  readonly notice: Notice
  readonly attempt: Attempt
  readonly carry: (about: Notice, content: Content) => Promise<Outcome>
}

async function sendStorm(
  ports: NoticePorts,
  storm: readonly Notice[],
  { notice, attempt, carry }: StormJob,
): Promise<void> {
  const news: { readonly one: Notice; readonly content: Content }[] = []
  for (const one of storm) {
    const isOwn = one.notice_id === notice.notice_id
    // What goes wrong with another is for that one's own job to tell.
    const prepared = await prepare(ports, one).catch((error: unknown) => {
      if (isOwn) throw error
      return null
    })
    if (prepared === null) continue
    if (prepared.kind === 'send') news.push({ one, content: prepared.content })
    else await record(ports, one, nextOf(one), endedAs(prepared))
  }
  const [first, ...rest] = news
  if (first === undefined) return
  const { one: lead } = first
  const content = rest.length === 0 ? first.content : foldedContent(ports, news)
  const outcome = await carry(lead, content)
  if (outcome.kind === 'sent') {
    const others = rest.map(({ one }) => one.notice_id)
    const isFolded = others.length > 0
    // In Slack a request's later messages hang on its first one; this one is not its own.
    const providerId = isFolded && lead.channel === 'slack' ? undefined : outcome.messageId
    const sent = { state: 'sent', ...(providerId !== undefined && { providerId }) } as const
    return record(ports, lead, nextOf(lead), { ...sent, folds: others })
  }
  const isOwn = lead.notice_id === notice.notice_id
  if (isOwn || outcome.kind !== 'later') {
    return settle(ports, lead, isOwn ? attempt : nextOf(lead), outcome)
  }
  const { message: error, mayHaveArrived = false } = outcome
  await record(ports, lead, nextOf(lead), { state: 'queued', error, mayHaveArrived })
  return putOff(ports, notice, attempt, { kind: 'later', message: error })
}

const nextOf = ({ attempts }: Notice): Attempt => ({ number: attempts + 1, isLast: false })

function foldedContent(
  { publicUrl }: NoticePorts,
  news: readonly { readonly one: Notice; readonly content: Content }[],
): Content {
  const [first, ...rest] = news.map(({ content }) => content.letter)
  const event = noticeNames.find((name) => name === news[0]?.one.event)
  if (first === undefined || event === undefined) throw new Error('A storm of nothing')
  const letter = composeStorm({ event, publicUrl, letters: [first, ...rest] })
  return { thread: `storm-${event}`, letter, request: null, mayDecide: false }
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

function endedAs(ended: Ended): { state: NoticeState; error?: string } {
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
  /** Ids of those that went with this one. */
  readonly folds?: readonly string[]
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
    if (numUpdatedRows > 0n && notice.request_id !== null) {
      c.changed(isUndelivered(result.state) ? 'request' : 'notice', notice.request_id)
    }
    if (result.folds?.length) await foldInto(c, notice.notice_id, result.folds)
  })
}

async function foldInto(c: Change, leadId: string, ids: readonly string[]): Promise<void> {
  const rows = await c.tx
    .updateTable('notice')
    .set({ state: 'folded', folded_into: leadId, last_error: null, sent_at: c.at })
    .where('notice_id', '=', sql<string>`any(${[...ids]}::uuid[])`)
    .where('state', '=', 'queued')
    .returning('request_id')
    .execute()
  for (const { request_id: id } of rows) if (id !== null) c.changed('notice', id)
}

function errorText(text: string): string {
  return [...oneLine(text)].slice(0, errorCharactersMax).join('')
}
