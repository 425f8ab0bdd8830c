/** The channel Slack: a direct message a person, found by e-mail address, and the audit channel. */
import type { Kysely } from 'kysely'
import { z } from 'zod'
import { auditChannelReceiver, type Outcome, type Send } from '#server/notify/channel-port.ts'
import type { Letter } from '#server/notify/email/letter.ts'
import type { Schema } from '#server/store/schema.ts'
import type { SlackAnswer, SlackApi } from './api.ts'
import { slackMessage } from './blocks.ts'

export interface SlackPorts {
  readonly db: Kysely<Schema>
  readonly api: SlackApi
}

const foundUser = z.object({ user: z.object({ id: z.string() }) })
const opened = z.object({ channel: z.object({ id: z.string() }) })
const posted = z.object({ channel: z.string(), ts: z.string() })

/** The message itself is at fault; everything else an administrator, or time, may mend. */
const refusals = new Set(['invalid_blocks', 'invalid_blocks_format', 'msg_too_long', 'no_text'])
/** After these the buttons of the message that asked have nothing to do any more. */
const outcomes = new Set(['approved', 'rejected', 'cancelled', 'expired', 'failed'])

export function createSendSlack({ db, api }: SlackPorts): Send {
  return async (outgoing, { slackAuditChannel }) => {
    const { receiverId, address, noticeId, mayDecide, request } = outgoing
    const channel =
      receiverId === auditChannelReceiver ? slackAuditChannel : await directChannel(api, address)
    if (channel === null) return { kind: 'off', message: 'No audit channel is set' }
    if (typeof channel !== 'string') return channel
    const first = request && (await firstMessage(db, request.id, receiverId))
    const decideOn = mayDecide && request ? request.id : null
    const { text, blocks } = slackMessage(outgoing.letter, { noticeId, decideOn, outcome: null })
    if (first && outcomes.has(outgoing.event)) await retire(api, outgoing.letter, first)
    const answer = await api.call('chat.postMessage', {
      channel,
      text,
      blocks,
      thread_ts: first?.ts,
      unfurl_links: 'false',
      unfurl_media: 'false',
      metadata: { event_type: 'team_notice', event_payload: { notice_id: noticeId } },
    })
    if (!answer.ok) return outcomeOf(answer.error)
    const { channel: id, ts } = posted.parse(answer.body)
    return { kind: 'sent', messageId: `${id}:${ts}` }
  }
}

async function directChannel(api: SlackApi, email: string): Promise<string | Outcome> {
  const found = await api.call('users.lookupByEmail', { email })
  if (!found.ok) return outcomeOf(found.error)
  const { user } = foundUser.parse(found.body)
  const answer = await api.call('conversations.open', { users: user.id })
  return answer.ok ? opened.parse(answer.body).channel.id : outcomeOf(answer.error)
}

function outcomeOf(error: string): Outcome {
  if (error === 'users_not_found') {
    return { kind: 'no_address', message: 'Slack knows nobody with this address' }
  }
  const message = `Slack: ${error}`
  return refusals.has(error) ? { kind: 'refused', message } : { kind: 'later', message }
}

export interface SlackPlace {
  readonly channel: string
  readonly ts: string
}

/** It keeps the id under which it was sent, whatever it says later. */
interface FirstMessage extends SlackPlace {
  readonly noticeId: string
}

export function placeOfMessage(providerId: string | null): SlackPlace | null {
  const [channel = '', ts = ''] = (providerId ?? '').split(':')
  return channel === '' || ts === '' ? null : { channel, ts }
}

/** All that one receiver is told of a request is one thread below the first message. */
async function firstMessage(
  db: Kysely<Schema>,
  requestId: string,
  receiverId: string,
): Promise<FirstMessage | null> {
  const row = await db
    .selectFrom('notice')
    .select(['notice_id', 'provider_id'])
    .where('request_id', '=', requestId)
    .where('channel', '=', 'slack')
    .where('receiver_id', '=', receiverId)
    .where('state', '=', 'sent')
    .where('provider_id', 'is not', null)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst()
  const place = placeOfMessage(row?.provider_id ?? null)
  return place && { ...place, noticeId: row?.notice_id ?? '' }
}

/** Best effort: a button that stays is refused when it is clicked. */
async function retire(api: SlackApi, letter: Letter, first: FirstMessage): Promise<void> {
  const { noticeId } = first
  const { text, blocks } = slackMessage(letter, { noticeId, decideOn: null, outcome: null })
  const update = { channel: first.channel, ts: first.ts, text, blocks }
  await api
    .call('chat.update', update)
    .catch((): SlackAnswer => ({ ok: false, error: 'no answer' }))
}
