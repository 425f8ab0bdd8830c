/** What a webhook is signed with; docs/reference/verify-webhook.ts is the other side of it. */
import { createHmac } from 'node:crypto'

export interface SignedHeaders {
  readonly 'team-timestamp': string
  readonly 'team-signature': string
}

/** One signature a secret: while a secret is being replaced, a receiver may know either. */
export function signWebhook(
  body: string,
  { secrets, at }: { readonly secrets: readonly string[]; readonly at: Date },
): SignedHeaders {
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${timestamp}.${body}`)
    return `v1=${hmac.digest('hex')}`
  })
  return { 'team-timestamp': timestamp, 'team-signature': signatures.join(',') }
}
