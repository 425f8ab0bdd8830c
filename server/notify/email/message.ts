import type { MailMessage } from '#server/notify/mail-port.ts'
import { compose } from './compose.ts'
import type { Letter } from './letter.ts'
import { renderHtml } from './render-html.ts'
import { renderText } from './render-text.ts'
import type { MailView } from './view.ts'

export interface Envelope {
  readonly from: string
  readonly to: string
  /** Null: the sender. */
  readonly replyTo: string | null
  readonly publicUrl: string
  readonly noticeId: string
}

/**
 * SES gives every mail a Message-ID of its own and refuses one of ours (its developer guide, "Amazon
 * SES header fields"). So all mails about one request refer to a message that never existed, whose
 * id is made from the request's: mail programs put them in one thread all the same.
 */
export function writeMessage(view: MailView, envelope: Envelope): MailMessage {
  return messageOf(compose(view), envelope, `request-${view.request.id}`)
}

/** `thread`: what the message that all of one thread refer to is called. */
export function messageOf(letter: Letter, envelope: Envelope, thread: string): MailMessage {
  const { from, to, replyTo, publicUrl, noticeId } = envelope
  const { hostname } = new URL(publicUrl)
  const refersTo = threadId(hostname, thread)
  // A copy of a mail whose answer was lost bears the same one, in the mail as well.
  const numbered = { ...letter, footer: [...letter.footer, letter.noticeLine(noticeId)] }
  return {
    from,
    to,
    replyTo: replyTo ?? from,
    subject: letter.subject,
    text: renderText(numbered),
    html: renderHtml(numbered),
    headers: [
      { name: 'Auto-Submitted', value: 'auto-generated' },
      { name: 'X-Auto-Response-Suppress', value: 'All' },
      { name: 'In-Reply-To', value: refersTo },
      { name: 'References', value: refersTo },
      { name: 'X-TEAM-Notice-ID', value: noticeId },
      { name: 'List-Id', value: `TEAM <notices.${plainHost(hostname)}>` },
      { name: 'List-Unsubscribe', value: `<${publicUrl}/preferences>` },
    ],
  }
}

function threadId(hostname: string, subject: string): string {
  return `<${subject.replace(/[^\w-]/g, '')}@${plainHost(hostname)}>`
}

const plainHost = (hostname: string) => hostname.replace(/[^\w.-]/g, '')
