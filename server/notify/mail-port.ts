/** What the mail channel needs of whoever delivers; built in server/wiring. */
import type { Outcome } from './channel-port.ts'

export interface MailMessage {
  readonly from: string
  readonly to: string
  readonly replyTo: string
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

export type MailOutcome = Extract<Outcome, { kind: 'sent' | 'refused' | 'later' }>

export type SendMail = (message: MailMessage) => Promise<MailOutcome>
