/** The channel e-mail: one mail a person, by SES or whatever else the port delivers with. */
import type { Outcome, Outgoing, Send } from '#server/notify/channel-port.ts'
import type { SendMail } from '#server/notify/mail-port.ts'
import { messageOf } from './message.ts'

export interface EmailPorts {
  readonly sendMail: SendMail
  /** EMAIL_SOURCE: used while no administrator has set another. */
  readonly emailSource: string | null
}

const off: Outcome = {
  kind: 'off',
  message: 'No sender is set: see EMAIL_SOURCE and the settings',
}

export function createSendEmail({ sendMail, emailSource }: EmailPorts): Send {
  return async (outgoing, settings) => {
    const from = settings.emailSource ?? emailSource
    return from === null ? off : sendMail(mailOf(outgoing, from))
  }
}

function mailOf(outgoing: Outgoing, from: string) {
  const { letter, address, noticeId, publicUrl, thread } = outgoing
  return messageOf(letter, { from, to: address, replyTo: null, publicUrl, noticeId }, thread)
}
