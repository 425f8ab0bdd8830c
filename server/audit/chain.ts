/**
 * The arithmetic of the audit trail (the domain page's "Audit"), without a database:
 *
 *   payloadHash = SHA-256(salt ‖ canonical JSON of the payload)
 *   hash        = SHA-256(previous hash ‖ canonical JSON of the header with payloadHash in it)
 *
 * Canonical JSON is RFC 8785. Hashes inside the header are lower-case hex. A payload and its salt
 * can be erased later: the chain only needs payloadHash.
 */
import { createHash, randomBytes } from 'node:crypto'
import canonicalize from 'canonicalize'

export interface EventActor {
  readonly type: 'user' | 'token' | 'system'
  readonly id: string
  readonly name: string
}

export interface EventHeader {
  readonly seq: number
  readonly at: Date
  readonly actor: EventActor
  readonly action: string
  readonly object: { readonly type: string; readonly id: string }
  readonly result: string
}

/** The hash before the first event. */
export const genesisHash: Buffer = Buffer.alloc(32)

export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new Error('A payload must be a JSON value')
  return text
}

export function sealPayload(payload: unknown): { text: string; salt: Buffer; hash: Buffer } {
  const text = canonicalJson(payload)
  const salt = randomBytes(16)
  return { text, salt, hash: hashPayload(salt, text) }
}

export function hashPayload(salt: Buffer, text: string): Buffer {
  return createHash('sha256').update(salt).update(text, 'utf8').digest()
}

export function hashEvent(previous: Buffer, header: EventHeader, payloadHash: Buffer): Buffer {
  const text = canonicalJson({
    seq: header.seq,
    at: header.at.toISOString(),
    actor: { type: header.actor.type, id: header.actor.id, name: header.actor.name },
    action: header.action,
    object: { type: header.object.type, id: header.object.id },
    result: header.result,
    payloadHash: payloadHash.toString('hex'),
  })
  return createHash('sha256').update(previous).update(text, 'utf8').digest()
}
