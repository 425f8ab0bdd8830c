/**
 * What a token looks like: `team_`, its id in 16 hexadecimal digits, `_`, and 256 random bits in 64.
 * The id is no secret (lists and the trail show it); the whole is kept as its SHA-256 only.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const pattern = /^team_([0-9a-f]{16})_[0-9a-f]{64}$/

export interface NewSecret {
  readonly id: string
  readonly secret: string
  readonly hash: Buffer
}

export function newSecret(): NewSecret {
  const id = randomBytes(8).toString('hex')
  const secret = `team_${id}_${randomBytes(32).toString('hex')}`
  return { id, secret, hash: hashOf(secret) }
}

/** Null: not a token of TEAM's at all. */
export function idInSecret(secret: string): string | null {
  return pattern.exec(secret)?.[1] ?? null
}

export function isSecretOf(given: string, hash: Buffer): boolean {
  return timingSafeEqual(hashOf(given), hash)
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
