import type { Kysely } from 'kysely'
import type { NoticeState, Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import type { MailMessage } from './mail-port.ts'

/** What is to be done with a notice, decided before anything is sent. */
export type Prepared = { readonly kind: 'send'; readonly message: MailMessage } | Ended

export interface Ended {
  readonly kind: 'end'
  readonly state: NoticeState
  readonly why: string
}

export function end(state: NoticeState, why: string): Ended {
  return { kind: 'end', state, why }
}

/** The administrators' sender, else the configured one. */
export async function senderOf(ports: {
  readonly db: Kysely<Schema>
  readonly emailSource: string | null
}): Promise<{ readonly kind: 'sender'; readonly from: string } | Ended> {
  const { settings } = await loadSettings(ports.db)
  const from = settings.emailSource ?? ports.emailSource
  if (!settings.emailEnabled) return end('off', 'E-mail is turned off')
  if (from === null) return end('off', 'No sender is set: see EMAIL_SOURCE and the settings')
  return { kind: 'sender', from }
}
