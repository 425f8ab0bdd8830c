import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

export interface Secrets {
  readonly current: string
  /** While rotating: still believed, never used for anything new. */
  readonly previous: string | null
}

/** Keys for one purpose, the current one first; a key for one purpose opens nothing else. */
export function keysFor(purpose: string, secrets: Secrets): [Buffer, ...Buffer[]] {
  const derive = (secret: string) => Buffer.from(hkdfSync('sha256', secret, '', purpose, 32))
  const current = derive(secrets.current)
  return secrets.previous === null ? [current] : [current, derive(secrets.previous)]
}

export function sha256(text: string | Buffer): Buffer {
  return createHash('sha256').update(text).digest()
}

/** Takes the same time wherever the two differ, and whatever their lengths. */
export function equalSecrets(given: string, expected: string): boolean {
  return timingSafeEqual(sha256(given), sha256(expected))
}

export function sign(payload: string, key: Buffer): string {
  return `${payload}.${createHmac('sha256', key).update(payload).digest('base64url')}`
}

/** The payload, if one of the keys signed it. */
export function verify(signed: string, keys: readonly Buffer[]): string | null {
  const dot = signed.lastIndexOf('.')
  if (dot <= 0) return null
  const payload = signed.slice(0, dot)
  const isSigned = keys.map((key) => equalSecrets(signed, sign(payload, key))).includes(true)
  return isSigned ? payload : null
}
