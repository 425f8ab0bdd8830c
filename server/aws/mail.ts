/** E-mail by Amazon SES (API v2): one receiver a message, one attempt a call. */
import {
  GetAccountCommand,
  SendEmailCommand,
  type SendEmailCommandInput,
} from '@aws-sdk/client-sesv2'
import type { AwsClients } from './clients.ts'
import { type AwsErrorKind, classify, httpStatusOf, reading, wasNeverConnected } from './errors.ts'

export interface MailMessage {
  readonly from: string
  readonly to: string
  readonly replyTo: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** `References`, `Auto-Submitted`, `List-…`; ASCII. SES gives each message its own `Message-ID`. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

export type MailOutcome =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** No later attempt would fare better: the message or its addresses are at fault. */
  | { readonly kind: 'refused'; readonly message: string }
  /** To be tried again. It may have been accepted, if the answer was lost. */
  | { readonly kind: 'later'; readonly message: string; readonly mayHaveArrived: boolean }

export interface MailAccount {
  /** False: SES sends to verified addresses only. */
  readonly productionAccess: boolean
  readonly sendingEnabled: boolean
  readonly sentLast24Hours: number
  readonly sendsPer24HoursMax: number
  readonly sendsPerSecondMax: number
}

export interface Mail {
  send(message: MailMessage): Promise<MailOutcome>
  account(): Promise<MailAccount>
}

/** SES API v2 reference, SendEmail, errors: these speak of the message, the sender or the receiver. */
const refusals = new Set([
  'MessageRejected',
  'MailFromDomainNotVerifiedException',
  'BadRequestException',
  'NotFoundException',
])
const refusingKinds: readonly AwsErrorKind[] = ['invalid']
/** Developer guide, "Amazon SES header fields": SES overwrites it. */
const headersOfSes = new Set(['message-id', 'date'])

export function createMail({ clients }: { clients: AwsClients }): Mail {
  return {
    async send(message) {
      try {
        const { MessageId } = await clients.ses().send(new SendEmailCommand(inputOf(message)))
        return { kind: 'sent', messageId: MessageId ?? '' }
      } catch (error) {
        const { kind, code, message: why } = classify(error)
        const isRefusal = refusals.has(code) || refusingKinds.includes(kind)
        const isSuspension =
          code === 'AccountSuspendedException' || code === 'SendingPausedException'
        const said = `${code}: ${why}`
        if (isRefusal && !isSuspension) return { kind: 'refused', message: said }
        const mayHaveArrived = httpStatusOf(error) === null && !wasNeverConnected(error)
        return { kind: 'later', message: said, mayHaveArrived }
      }
    },
    account: () =>
      reading('GetAccount', async () => {
        const answer = await clients.ses().send(new GetAccountCommand({}))
        return {
          productionAccess: answer.ProductionAccessEnabled ?? false,
          sendingEnabled: answer.SendingEnabled ?? false,
          sentLast24Hours: answer.SendQuota?.SentLast24Hours ?? 0,
          sendsPer24HoursMax: answer.SendQuota?.Max24HourSend ?? 0,
          sendsPerSecondMax: answer.SendQuota?.MaxSendRate ?? 0,
        }
      }),
  }
}

/** Without a character set SES takes everything for 7-bit ASCII. */
const utf8 = (Data: string) => ({ Data: Data.toWellFormed(), Charset: 'UTF-8' })

function inputOf(message: MailMessage): SendEmailCommandInput {
  const headers = message.headers.filter(({ name }) => !headersOfSes.has(name.toLowerCase()))
  return {
    FromEmailAddress: message.from,
    Destination: { ToAddresses: [message.to] },
    ReplyToAddresses: [message.replyTo],
    Content: {
      Simple: {
        Subject: utf8(message.subject),
        Body: { Text: utf8(message.text), Html: utf8(message.html) },
        Headers: headers.map(({ name, value }) => ({ Name: name, Value: value })),
      },
    },
  }
}
