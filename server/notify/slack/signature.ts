/** Whether Slack sent this (docs.slack.dev, "Verifying requests from Slack"). */
import { createHmac, timingSafeEqual } from 'node:crypto'

export interface SlackRequest {
  /** The bytes as they came. */
  readonly body: Buffer
  readonly timestamp: string | undefined
  readonly signature: string | undefined
}

const windowSeconds = 300

/** Older than five minutes may be a recording; that much in the future, one made with a set clock. */
export function isFromSlack(request: SlackRequest, secret: string, now: Date): boolean {
  const { body, timestamp = '', signature = '' } = request
  if (!/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > windowSeconds) return false
  const given = /^v0=([0-9a-f]{64})$/.exec(signature)?.[1]
  if (given === undefined) return false
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(body).digest()
  return timingSafeEqual(Buffer.from(given, 'hex'), expected)
}
