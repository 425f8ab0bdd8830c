/**
 * One event as a line of an export, and back. There is exactly one way to write an event, so that a
 * verifier which writes the line again and compares the bytes sees every byte that was changed, also
 * one that means nothing to a JSON parser (docs/reference/audit-format.md, step 1).
 */
import { canonicalJson } from './chain.ts'
import type { StoredEvent } from './check.ts'

/** Without the line break. */
export function eventLine(event: StoredEvent): string {
  const { actor, object, payload, salt } = event
  const q = JSON.stringify
  return (
    `{"seq":${q(event.seq)},"at":${q(atText(event))},` +
    `"actor":{"type":${q(actor.type)},"id":${q(actor.id)},"name":${q(actor.name)}},` +
    `"action":${q(event.action)},"object":{"type":${q(object.type)},"id":${q(object.id)}},` +
    `"result":${q(event.result)},"payload":${payloadJson(payload)},` +
    `"salt":${salt === null ? 'null' : `"${salt.toString('hex')}"`},` +
    `"payloadHash":"${event.payloadHash.toString('hex')}",` +
    `"previousHash":"${event.previousHash.toString('hex')}","hash":"${event.hash.toString('hex')}"}`
  )
}

/** What somebody altered is shown as it is found: an export must not stop where it matters most. */
export function atText({ at }: Pick<StoredEvent, 'at'>): string {
  return at?.toISOString() ?? 'unreadable'
}

/** As it is stored, so that its hash can be computed; a text if it is no JSON of one line. */
function payloadJson(payload: string | null): string {
  if (payload === null) return 'null'
  return !/[\r\n]/.test(payload) && isJson(payload) ? payload : JSON.stringify(payload)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Strict UTF-8; a byte order mark belongs to no line. */
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Null: no line that an export could hold. */
export function parseEventLine(line: Uint8Array): StoredEvent | null {
  try {
    const text = utf8.decode(line)
    const event = eventOf(JSON.parse(text))
    return event !== null && eventLine(event) === text ? event : null
  } catch {
    return null
  }
}

function eventOf(value: unknown): StoredEvent | null {
  const { seq, at, actor, action, object, result, payload, ...rest } = record(value)
  const { type: actorType, id: actorId, name } = record(actor)
  const { type, id } = record(object)
  const { salt, payloadHash, previousHash, hash } = rest
  const texts = { at, actorType, actorId, name, action, type, id, result }
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || !areTexts(texts)) return null
  if (payload === undefined || (salt !== null && typeof salt !== 'string')) return null
  const hashes = { payloadHash, previousHash, hash }
  if (!areTexts(hashes)) return null
  const moment = new Date(texts.at)
  return {
    seq,
    at: Number.isNaN(moment.getTime()) ? null : moment,
    actor: { type: texts.actorType, id: texts.actorId, name: texts.name },
    action: texts.action,
    object: { type: texts.type, id: texts.id },
    result: texts.result,
    payload: payload === null ? null : canonicalJson(payload),
    salt: salt === null ? null : Buffer.from(salt, 'hex'),
    payloadHash: Buffer.from(hashes.payloadHash, 'hex'),
    previousHash: Buffer.from(hashes.previousHash, 'hex'),
    hash: Buffer.from(hashes.hash, 'hex'),
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function areTexts<Key extends string>(values: Record<Key, unknown>): values is Record<Key, string> {
  return Object.values(values).every((value) => typeof value === 'string')
}
