/**
 * The states of a request and the legal moves between them (the domain page's "States").
 * The same table stands in the database, where a foreign key refuses any other move.
 */
import { type Actor, mayPerform, type Relation, type Role, relationsTo } from './access.ts'
import type { Vote } from './approval.ts'
import { refuseVoteByState } from './approval.ts'
import type { RequestId, UserId } from './ids.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { TokenRights } from './token.ts'

export const requestStates = [
  'pending',
  'scheduled',
  'activating',
  'active',
  'ending',
  'ended',
  'revoked',
  'rejected',
  'cancelled',
  'expired',
  'failed',
] as const

export type RequestState = (typeof requestStates)[number]

export const legalMoves: Record<RequestState, readonly RequestState[]> = {
  pending: ['scheduled', 'rejected', 'cancelled', 'expired', 'failed'],
  scheduled: ['activating', 'cancelled', 'revoked', 'failed'],
  activating: ['active', 'ending'],
  active: ['ending'],
  ending: ['ended', 'revoked', 'cancelled', 'failed'],
  ended: [],
  revoked: [],
  rejected: [],
  cancelled: [],
  expired: [],
  failed: [],
}

/** How an `ending` request may end; fixed when it enters `ending`. */
export type EndState = 'ended' | 'revoked' | 'cancelled' | 'failed'

export function isOver(state: RequestState): boolean {
  return legalMoves[state].length === 0
}

export const requestActions = [
  'approve',
  'reject',
  'cancel',
  'return',
  'revoke',
  'extend',
  'review',
] as const

export type RequestAction = (typeof requestActions)[number]

/** What of a request decides which actions are open. */
export interface RequestFacts {
  readonly requesterId: UserId
  readonly status: RequestState
  readonly breakGlass: boolean
  /** A break-glass request that somebody has reviewed. */
  readonly reviewed: boolean
  readonly votes: readonly Vote[]
  readonly decidedBy: { readonly userId: UserId; readonly at: Date } | null
  /** An extension of it that is still pending. */
  readonly pendingExtensionId: RequestId | null
  /** An extension of it that is granted. */
  readonly grantedExtensionId: RequestId | null
  readonly extensionAllowed: boolean
}

export interface Viewer {
  readonly userId: UserId
  readonly enabled: boolean
  readonly roles: ReadonlySet<Role>
  /** Member of a group that approves this target by today's policies, be it their own request. */
  readonly approvesTarget: boolean
  readonly token?: TokenRights | null
}

export interface ActionHint {
  readonly name: RequestAction
  readonly allowed: boolean
  readonly code?: Refusal['code']
  readonly params?: Refusal['params']
}

/** The person's standing to this request, as the table of rights wants it. */
export function viewerAsActor(facts: RequestFacts, viewer: Viewer): Actor {
  return {
    enabled: viewer.enabled,
    roles: viewer.roles,
    relations: relationsOfViewer(facts, viewer),
    token: viewer.token ?? null,
  }
}

function relationsOfViewer(facts: RequestFacts, viewer: Viewer): ReadonlySet<Relation> {
  return relationsTo(
    {
      requesterId: facts.requesterId,
      approvers: new Set(viewer.approvesTarget ? [viewer.userId] : []),
      deciderIds: new Set(facts.votes.map((vote) => vote.userId)),
    },
    viewer.userId,
  )
}

/** To everybody else the request does not exist. */
export function maySeeRequest(facts: RequestFacts, viewer: Viewer): boolean {
  return maySeeAs(viewerAsActor(facts, viewer))
}

function maySeeAs(actor: Actor): boolean {
  // Scopes cut what is done, at the route. Who acts on a request is answered with it.
  return mayPerform('request.read', { ...actor, token: null })
}

/** Why this person may not do this to the request now; null if they may. */
export function refuseAction(
  name: RequestAction,
  facts: RequestFacts,
  viewer: Viewer,
): Refusal | null {
  return refuseAs(viewerAsActor(facts, viewer), name, facts, viewer)
}

function refuseAs(
  actor: Actor,
  name: RequestAction,
  facts: RequestFacts,
  viewer: Viewer,
): Refusal | null {
  if (!viewer.enabled) return refusal('person_disabled')
  if (!maySeeAs(actor)) return refusal('not_found')
  if (isDecision(name) && viewer.userId === facts.requesterId) return refusal('own_request')
  if (!mayPerform(`request.${name}`, actor)) return refusal('not_allowed')
  return refuseByState(name, facts, viewer.userId)
}

/** The actions that this person's roles could ever take here, each with why not now. */
export function actionsFor(facts: RequestFacts, viewer: Viewer): ActionHint[] {
  const actor = viewerAsActor(facts, viewer)
  return requestActions
    .filter((name) => isOffered(actor, name, facts, viewer))
    .map((name) => {
      const refused = refuseAs(actor, name, facts, viewer)
      return refused
        ? { name, allowed: false, code: refused.code, params: refused.params }
        : { name, allowed: true }
    })
}

function isOffered(
  actor: Actor,
  name: RequestAction,
  facts: RequestFacts,
  viewer: Viewer,
): boolean {
  if (name === 'review' && !facts.breakGlass) return false
  if (mayPerform(`request.${name}`, actor)) return true
  if (viewer.token) return false
  const own = viewer.userId === facts.requesterId
  return own && isDecision(name) && viewer.approvesTarget && viewer.enabled
}

function isDecision(name: RequestAction): boolean {
  return name === 'approve' || name === 'reject' || name === 'review'
}

function refuseByState(name: RequestAction, facts: RequestFacts, viewerId: UserId): Refusal | null {
  switch (name) {
    case 'approve':
    case 'reject':
      return refuseVoteByState(facts, viewerId)
    case 'cancel':
      return unlessIn(facts.status, ['pending', 'scheduled', 'activating'])
    case 'return':
      return unlessIn(facts.status, ['active'])
    case 'revoke':
      return unlessIn(facts.status, ['scheduled', 'activating', 'active'])
    case 'extend':
      return refuseExtension(facts)
    case 'review':
      return refuseReview(facts)
    default:
      return name satisfies never
  }
}

function unlessIn(status: RequestState, open: readonly RequestState[]): Refusal | null {
  if (open.includes(status)) return null
  if (isOver(status)) return refusal('already_over', { status })
  if (status === 'ending') return refusal('already_ending', { status })
  if (status === 'active') return refusal('already_active', { status })
  const awaited = open.includes('scheduled') ? 'not_granted_yet' : 'not_active_yet'
  return refusal(awaited, { status })
}

function refuseExtension(facts: RequestFacts): Refusal | null {
  if (!facts.extensionAllowed) return refusal('extension_not_allowed')
  const byState = unlessIn(facts.status, ['active'])
  if (byState) return byState
  const { pendingExtensionId: pendingId, grantedExtensionId: grantedId } = facts
  if (pendingId !== null) return refusal('extension_pending', { requestId: pendingId })
  return grantedId === null ? null : refusal('already_extended', { requestId: grantedId })
}

function refuseReview(facts: RequestFacts): Refusal | null {
  if (!facts.breakGlass) return refusal('nothing_to_review')
  return facts.reviewed ? refusal('already_reviewed') : null
}
