/**
 * Verifies a webhook of TEAM. Nothing but Node is needed; copy it, or write the same elsewhere.
 *
 *   node verify-webhook.ts < body   with TEAM_WEBHOOK_SECRET, TIMESTAMP and SIGNATURE set
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

/** Copies that somebody recorded are worth nothing after this. */
const toleranceSeconds = 300

export interface Received {
  /** The bytes as they came, before anything parses them. */
  readonly body: string | Buffer
  /** The header `TEAM-Timestamp`. */
  readonly timestamp: string
  /** The header `TEAM-Signature`: `v1=…`, or several with commas while a secret is replaced. */
  readonly signature: string
}

/** `secrets`: yours; two while you replace one. `now` in seconds. */
export function isFromTeam(
  { body, timestamp, signature }: Received,
  secrets: readonly string[],
  now: number = Date.now() / 1000,
): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now - Number(timestamp)) > toleranceSeconds) return false
  const given = signature
    .split(',')
    .map((part) => /^v1=([0-9a-f]{64})$/.exec(part.trim())?.[1])
    .filter((hex) => hex !== undefined)
    .map((hex) => Buffer.from(hex, 'hex'))
  return secrets.some((secret) => {
    const expected = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest()
    return given.some((one) => timingSafeEqual(one, expected))
  })
}

if (import.meta.main) {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(Buffer.from(part))
  const { TEAM_WEBHOOK_SECRET = '', TIMESTAMP = '', SIGNATURE = '' } = process.env
  const received = { body: Buffer.concat(parts), timestamp: TIMESTAMP, signature: SIGNATURE }
  const isGenuine = isFromTeam(received, TEAM_WEBHOOK_SECRET.split(','))
  console.log(isGenuine ? 'from TEAM' : 'NOT from TEAM, or too old')
  process.exitCode = isGenuine ? 0 : 1
}
