/**
 * What every channel has in common: a notice as it is about to be sent, and what came of it. A file
 * a channel knows how it is carried; who is told of what, and whether it is still so, is decided
 * before, once for all of them.
 */
import type { Channel } from '#core/channels.ts'
import type { Settings } from '#core/settings.ts'
import type { Letter } from './email/letter.ts'
import type { RequestFacts } from './machine-notice.ts'

export interface Outgoing {
  readonly noticeId: string
  readonly event: string
  /** When it was queued. */
  readonly at: Date
  readonly now: Date
  /** A person's id in the directory, or one of `standing` receivers. */
  readonly receiverId: string
  readonly address: string
  /** What belongs together, such as `request-ID`. */
  readonly thread: string
  readonly letter: Letter
  /** The request that it is about; null where it is about none, or several. */
  readonly request: RequestFacts | null
  readonly publicUrl: string
  /** The receiver may decide on the request now. */
  readonly mayDecide: boolean
}

export type Outcome =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** It will be refused again however often it is sent. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Nothing is known to be wrong with the message: try again. */
  | {
      readonly kind: 'later'
      readonly message: string
      /** The answer was lost: the receiver may have it, and gets it once more. */
      readonly mayHaveArrived?: boolean
    }
  | { readonly kind: 'no_address'; readonly message: string }
  | { readonly kind: 'off'; readonly message: string }

export type Send = (outgoing: Outgoing, settings: Settings) => Promise<Outcome>

/** The channels that this installation can send by. */
export type Senders = Readonly<Partial<Record<Channel, Send>>>

/** Receivers that are no people: each carries every notice once. */
export const topicReceiver = 'sns:topic'
export const endpointReceiver = 'webhook:endpoint'
export const auditChannelReceiver = 'slack:audit-channel'

const standingReceivers: Readonly<Record<string, Channel>> = {
  [topicReceiver]: 'sns',
  [endpointReceiver]: 'webhook',
  [auditChannelReceiver]: 'slack',
}

export function isStandingReceiver(receiverId: string): boolean {
  return Object.hasOwn(standingReceivers, receiverId)
}

export interface Addressee {
  readonly receiverId: string
  readonly channel: Channel
  /** Shown to whoever may see the request: no part of it is secret. */
  readonly address: string
}

/** The programs, and the channel, that are told of everything under these settings. */
export function standingAddressees(settings: Settings): Addressee[] {
  const found: Addressee[] = []
  if (settings.snsEnabled && settings.snsTopicArn !== null) {
    const topic = settings.snsTopicArn.split(':').at(-1) ?? ''
    found.push({ receiverId: topicReceiver, channel: 'sns', address: topic })
  }
  if (settings.webhookEnabled && settings.webhookUrl !== null) {
    const { host } = new URL(settings.webhookUrl)
    found.push({ receiverId: endpointReceiver, channel: 'webhook', address: host })
  }
  if (settings.slackEnabled && settings.slackAuditChannel !== null) {
    const address = settings.slackAuditChannel
    found.push({ receiverId: auditChannelReceiver, channel: 'slack', address })
  }
  return found
}
