/** The channel webhook: every notice once, as signed JSON. */
import type { SecretName } from '#core/settings.ts'
import type { Outcome, Send } from '#server/notify/channel-port.ts'
import { oneLine } from '#server/notify/email/plain.ts'
import { machineNotice } from '#server/notify/machine-notice.ts'
import { AddressRefused } from './addresses.ts'
import type { Post, Posted } from './post.ts'
import { signWebhook } from './signature.ts'

export interface WebhookPorts {
  readonly post: Post
  readonly readSecret: (name: SecretName) => Promise<string | null>
}

/** RFC 9110: gone for good, or too long however often it is sent. */
const refusals = new Set([410, 413])
const saidCharactersMax = 200

export function createSendWebhook({ post, readSecret }: WebhookPorts): Send {
  return async (outgoing, { webhookUrl }) => {
    const secret = await readSecret('webhookSecret')
    if (webhookUrl === null || secret === null) {
      return { kind: 'off', message: 'The webhook has no address, or no secret to sign with' }
    }
    const previous = await readSecret('webhookSecretPrevious')
    const secrets = previous === null ? [secret] : [secret, previous]
    const body = machineNotice(outgoing)
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'TEAM',
      'team-notice-id': outgoing.noticeId,
      'team-event': outgoing.event,
      ...signWebhook(body, { secrets, at: outgoing.now }),
    }
    try {
      return outcomeOf(await post(webhookUrl, { body, headers }), outgoing.noticeId)
    } catch (error) {
      return troubleOf(error)
    }
  }
}

function outcomeOf({ status, said }: Posted, noticeId: string): Outcome {
  if (status >= 200 && status < 300)
    return { kind: 'sent', messageId: `HTTP ${status} ${noticeId}` }
  const isRedirect = status >= 300 && status < 400
  const words = isRedirect
    ? 'redirects are not followed'
    : oneLine(said).slice(0, saidCharactersMax)
  const message = words === '' ? `HTTP ${status}` : `HTTP ${status}: ${words}`
  return refusals.has(status) ? { kind: 'refused', message } : { kind: 'later', message }
}

function troubleOf(error: unknown): Outcome {
  if (error instanceof AddressRefused) return { kind: 'refused', message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  const isNeverConnected =
    error instanceof Error &&
    'syscall' in error &&
    (error.syscall === 'connect' || error.syscall === 'getaddrinfo')
  return { kind: 'later', message, mayHaveArrived: !isNeverConnected }
}
