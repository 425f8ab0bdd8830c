/** Whether one stored event continues the chain: the same question for a database and an export. */
import { type EventActor, type EventHeader, hashEvent, hashPayload } from './chain.ts'

/** An event as stored, nothing in it believed yet. */
export interface StoredEvent {
  readonly seq: number
  /** Null: not a moment of whole milliseconds, which TEAM never writes. */
  readonly at: Date | null
  readonly actor: { readonly type: string; readonly id: string; readonly name: string }
  readonly action: string
  readonly object: { readonly type: string; readonly id: string }
  readonly result: string
  /** Canonical JSON; null: erased, and its salt with it. */
  readonly payload: string | null
  readonly salt: Buffer | null
  readonly payloadHash: Buffer
  readonly previousHash: Buffer
  readonly hash: Buffer
}

export interface Link {
  readonly seq: number
  readonly hash: Buffer
}

/** An event of this action, about the event whose number is its object, says that it was erased. */
export const eraseAction = 'audit.erase'
/** An event of this action, about the last event cut, says that retention cut the beginning off. */
export const cutAction = 'audit.cut'
export const eventObjectType = 'audit_event'

/** The event that stands where the chain is first not as it was written; null if this one fits. */
export function brokenAt(previous: Link, event: StoredEvent): number | null {
  const expected = previous.seq + 1
  if (event.seq !== expected) return expected
  return continues(previous, event) ? null : expected
}

function continues(previous: Link, event: StoredEvent): boolean {
  const { at, actor } = event
  if (at === null || !isActorType(actor.type)) return false
  if (!event.previousHash.equals(previous.hash)) return false
  if (!payloadFits(event)) return false
  const header: EventHeader = { ...event, at, actor: { ...actor, type: actor.type } }
  return hashEvent(previous.hash, header, event.payloadHash).equals(event.hash)
}

function payloadFits({ payload, salt, payloadHash }: StoredEvent): boolean {
  if (payload === null || salt === null) return payload === null && salt === null
  return hashPayload(salt, payload).equals(payloadHash)
}

function isActorType(type: string): type is EventActor['type'] {
  return type === 'user' || type === 'token' || type === 'system'
}
