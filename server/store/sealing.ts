/**
 * Secrets that TEAM must be able to read again, sealed: AES-256-GCM under a key derived from
 * TEAM_SECRET, which is never in the database. What is sealed is bound to its name and to the
 * installation, so that nobody who can write rows can pass one secret for another.
 *
 *   v1.<id of the key, 16 hexadecimal digits>.<base64url of nonce ‖ ciphertext ‖ tag>
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export interface KeyMaterial {
  readonly current: string
  /** While rotating: still opens what it sealed, never seals anew. */
  readonly previous: string | null
}

export type Opened =
  | { readonly kind: 'opened'; readonly text: string; readonly isCurrent: boolean }
  /** Sealed with a secret that this server does not have. */
  | { readonly kind: 'unknown_key' }
  /** The key is known, and it was not sealed like this: changed, or another secret's. */
  | { readonly kind: 'damaged' }

export interface Sealer {
  readonly keyId: string
  seal(name: string, text: string): string
  open(name: string, sealed: string): Opened
}

interface Key {
  readonly id: string
  readonly bytes: Buffer
}

const cipher = 'aes-256-gcm'
const keyBytes = 32
const keyIdBytes = 8
/** What NIST SP 800-38D recommends; random, and a key seals a handful of texts in its life. */
const nonceBytes = 12
const tagBytes = 16
const form = /^v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]+)$/

export function createSealer(material: KeyMaterial, installation: string): Sealer {
  const current = keyOf(material.current)
  const previous = material.previous === null ? null : keyOf(material.previous)
  const keys = previous === null ? [current] : [current, previous]
  const bindingOf = (name: string, key: Key) =>
    Buffer.from(JSON.stringify(['team sealed secret v1', installation, name, key.id]))
  return {
    keyId: current.id,
    seal(name, text) {
      const nonce = randomBytes(nonceBytes)
      const sealing = createCipheriv(cipher, current.bytes, nonce, { authTagLength: tagBytes })
      sealing.setAAD(bindingOf(name, current))
      const parts = [nonce, sealing.update(text, 'utf8'), sealing.final(), sealing.getAuthTag()]
      return `v1.${current.id}.${Buffer.concat(parts).toString('base64url')}`
    },
    open(name, sealed) {
      const [, keyId, content] = form.exec(sealed) ?? []
      if (keyId === undefined || content === undefined) return { kind: 'damaged' }
      const key = keys.find(({ id }) => id === keyId)
      if (key === undefined) return { kind: 'unknown_key' }
      const text = unseal(Buffer.from(content, 'base64url'), key, bindingOf(name, key))
      if (text === null) return { kind: 'damaged' }
      return { kind: 'opened', text, isCurrent: key === current }
    },
  }
}

/** The id comes from the secret by a derivation of its own, and so tells nothing of the key. */
function keyOf(secret: string): Key {
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', purpose, length))
  return {
    id: derive('team sealed secrets key id v1', keyIdBytes).toString('hex'),
    bytes: derive('team sealed secrets key v1', keyBytes),
  }
}

function unseal(content: Buffer, key: Key, binding: Buffer): string | null {
  if (content.length < nonceBytes + tagBytes) return null
  const opening = createDecipheriv(cipher, key.bytes, content.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
  opening.setAAD(binding)
  opening.setAuthTag(content.subarray(-tagBytes))
  try {
    const text = opening.update(content.subarray(nonceBytes, -tagBytes))
    return Buffer.concat([text, opening.final()]).toString('utf8')
  } catch {
    return null
  }
}
