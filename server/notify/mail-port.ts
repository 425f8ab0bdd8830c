/** What the mail channel needs of whoever delivers; built in main.ts. */
export interface MailMessage {
  readonly from: string
  readonly to: string
  /** One line. */
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

export type MailOutcome =
  | { readonly kind: 'sent'; readonly messageId: string }
  /** It will be refused again however often it is sent. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Nothing is known to be wrong with the message: try again. */
  | { readonly kind: 'later'; readonly message: string }

export type SendMail = (message: MailMessage) => Promise<MailOutcome>
