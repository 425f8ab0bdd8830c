/** The channel SNS: every notice once, as JSON for programs. */
import type { Outcome, Send } from './channel-port.ts'
import { machineNotice, machineSchema } from './machine-notice.ts'

export interface TopicMessage {
  readonly topicArn: string
  readonly subject: string
  readonly body: string
  /** For filter policies of subscriptions. */
  readonly attributes: Readonly<Record<string, string>>
  /** Of a FIFO topic: what is kept in order, and what counts as the same. */
  readonly group: string
  readonly id: string
}

export type Publish = (
  message: TopicMessage,
) => Promise<Extract<Outcome, { kind: 'sent' | 'refused' | 'later' }>>

/** API reference, Publish: fewer than 100 characters, ASCII to be safe with e-mail subscriptions. */
const subjectCharactersMax = 99

export function createSendToTopic({ publish }: { readonly publish: Publish }): Send {
  return async (outgoing, { snsTopicArn }) => {
    if (snsTopicArn === null) return { kind: 'off', message: 'No topic is set' }
    return publish({
      topicArn: snsTopicArn,
      subject: `TEAM ${outgoing.event}`.slice(0, subjectCharactersMax),
      body: machineNotice(outgoing),
      attributes: {
        schema: machineSchema,
        event: outgoing.event,
        noticeId: outgoing.noticeId,
        ...(outgoing.request && { accountId: outgoing.request.accountId }),
      },
      group: outgoing.thread,
      id: outgoing.noticeId,
    })
  }
}
