import type { MailMessage } from '#server/notify/mail-port.ts'
import { compose } from './compose.ts'
import type { Letter } from './letter.ts'
import { renderHtml } from './render-html.ts'
import { renderText } from './render-text.ts'
import type { MailView } from './view.ts'

export interface Envelope {
  readonly from: string
  readonly to: string
}

/**
 * SES gives every mail a Message-ID of its own and refuses one of ours (its developer guide, "Amazon
 * SES header fields"). So all mails about one request refer to a message that never existed, whose
 * id is made from the request's: mail programs put them in one thread all the same.
 */
export function writeMessage(view: MailView, envelope: Envelope): MailMessage {
  return messageOf(compose(view), envelope, threadId(view.publicUrl, `request-${view.request.id}`))
}

/** `thread`: the id of the message that all of one thread refer to. */
export function messageOf(letter: Letter, envelope: Envelope, thread: string): MailMessage {
  return {
    ...envelope,
    subject: letter.subject,
    text: renderText(letter),
    html: renderHtml(letter),
    headers: [
      { name: 'Auto-Submitted', value: 'auto-generated' },
      { name: 'X-Auto-Response-Suppress', value: 'All' },
      { name: 'In-Reply-To', value: thread },
      { name: 'References', value: thread },
    ],
  }
}

export function threadId(publicUrl: string, subject: string): string {
  const host = new URL(publicUrl).hostname.replace(/[^\w.-]/g, '')
  return `<${subject.replace(/[^\w-]/g, '')}@${host}>`
}
