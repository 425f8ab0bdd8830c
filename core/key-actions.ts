/** What an administrator may do with a key of the ledger (the domain's promises 3 and 5). */
import { type Refusal, refusal } from './refusals.ts'

export const keyActions = ['release', 'acknowledge'] as const
export type KeyAction = (typeof keyActions)[number]

export interface KeyFacts {
  readonly isAdmin: boolean
  /** The access on it is the viewer's own. */
  readonly isOwn: boolean
  /** The ledger holds it. */
  readonly held: boolean
  readonly callInFlight: boolean
  /** A call of unknown outcome may still land. */
  readonly watched: boolean
  readonly alarm: 'none' | 'open' | 'acknowledged'
}

export function refuseKeyAction(name: KeyAction, key: KeyFacts): Refusal | null {
  if (!key.isAdmin) return refusal('not_allowed')
  switch (name) {
    case 'release':
      return refuseRelease(key)
    case 'acknowledge':
      if (key.alarm === 'none') return refusal('not_late')
      return key.alarm === 'acknowledged' ? refusal('already_acknowledged') : null
    default:
      return name satisfies never
  }
}

/**
 * What is in doubt cannot be handed over: a call of ours might still make or remove it. Nor does
 * anybody make their own temporary access permanent.
 */
function refuseRelease(key: KeyFacts): Refusal | null {
  if (key.isOwn) return refusal('own_key')
  if (!key.held) return refusal('not_held')
  if (key.callInFlight) return refusal('call_in_flight')
  return key.watched ? refusal('key_unsettled') : null
}
