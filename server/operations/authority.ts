/**
 * On whose word policies and settings change: an administrator's own, or theirs and another's who
 * accepted it as a proposal. Both go the very same way; only here is told which it is.
 */
import type { EventActor } from '#server/audit/chain.ts'
import { type Actor, eventActorOf } from './actor.ts'

export interface Acceptance {
  readonly proposalId: string
  readonly accepter: { readonly userId: string; readonly userName: string }
}

export interface Authority {
  /** Who made the change: with whose rights it is judged. */
  readonly author: Actor
  /** As the trail names them: with the token that they used. */
  readonly authorActor: EventActor
  readonly accepted: Acceptance | null
  /** The id of the program by which it came: of its maker's word one then knows nothing. */
  readonly byServiceToken: string | null
}

export function byOneself(actor: Actor): Authority {
  const { token } = actor
  const byServiceToken = token?.kind === 'service' ? token.id : null
  return { author: actor, authorActor: eventActorOf(actor), accepted: null, byServiceToken }
}

/** Of an event: who else said yes to it, and to which proposal. */
export function acceptanceInEvent({ accepted }: Authority) {
  if (accepted === null) return {}
  const { accepter, proposalId } = accepted
  return { acceptedBy: accepter, proposalId }
}

export type Changed<Saved> =
  | ({ readonly kind: 'saved' } & Saved)
  | { readonly kind: 'proposed'; readonly proposalId: string }

/** Whether the change must wait for another administrator. */
export function mustBeProposed(
  { accepted }: Authority,
  { widens, secondAdmin }: { widens: readonly string[]; secondAdmin: boolean },
): boolean {
  return secondAdmin && widens.length > 0 && accepted === null
}
