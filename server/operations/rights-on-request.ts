/** How a person stands to a stored request: what of it they may see and do, asked of the rules. */
import type { ApprovalBasis } from '#core/approval.ts'
import { extensionMinutesMax, refuseChain } from '#core/extension.ts'
import type { Person } from '#core/facts.ts'
import type { Target, UserId } from '#core/ids.ts'
import type { Refusal } from '#core/refusals.ts'
import {
  type ActionHint,
  actionsFor,
  maySeeRequest,
  type RequestAction,
  type RequestFacts,
  refuseAction,
  type Viewer,
} from '#core/request.ts'
import type { StoredDecision, StoredRequest } from '#server/store/requests.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Actor } from './actor.ts'
import { Refused } from './refused.ts'
import { refusedWith } from './words.ts'

/** Nobody's id, so that nobody is left out as the requester. */
const nobody = '' as UserId

export function approvesTarget(rules: Rules, target: Target, userId: UserId): boolean {
  return rules.evaluator.approval(target, nobody).approvers.has(userId)
}

/** Today's policies and members, with the numbers of the submission. */
export function approvalBasisOf(rules: Rules, request: StoredRequest): ApprovalBasis {
  const { target, requester, numbersAtSubmission } = request
  return rules.evaluator.approval(target, requester.userId, numbersAtSubmission)
}

export function requestFactsOf(rules: Rules, request: StoredRequest): RequestFacts {
  const decidedBy = settlingDecision(request)
  const { extension } = request
  return {
    requesterId: request.requester.userId,
    status: request.status,
    breakGlass: request.breakGlass,
    reviewed: request.review?.given != null,
    votes: request.decisions,
    decidedBy: decidedBy && { userId: decidedBy.userId, at: decidedBy.at },
    pendingExtensionId: extension?.status === 'pending' ? extension.id : null,
    grantedExtensionId: extension && extension.status !== 'pending' ? extension.id : null,
    extensionAllowed: rules.settings.extensionAllowed,
  }
}

/** The vote that ended the waiting, if a vote did. Only a request that was let through has a grant. */
export function settlingDecision(request: StoredRequest): StoredDecision | null {
  const settledAs = request.status === 'rejected' ? 'rejected' : request.grant && 'approved'
  return request.decisions.findLast((one) => one.decision === settledAs) ?? null
}

export function viewerOf(rules: Rules, actor: Actor, target: Target): Viewer {
  return {
    userId: actor.person.userId,
    enabled: actor.person.enabled,
    roles: actor.roles,
    approvesTarget: approvesTarget(rules, target, actor.person.userId),
    token: actor.token ?? null,
  }
}

export function maySee(rules: Rules, actor: Actor, request: StoredRequest): boolean {
  return maySeeRequest(requestFactsOf(rules, request), viewerOf(rules, actor, request.target))
}

/** What a person may not see is not there. */
export function refuseUnlessSeen(
  rules: Rules,
  actor: Actor,
  request: StoredRequest | null,
): asserts request is StoredRequest {
  if (request === null || !maySee(rules, actor, request)) throw noSuchRequest()
}

export function noSuchRequest(): Refused {
  return new Refused('not_found', {
    detail: 'There is no such request, or it does not concern you. Check the address.',
  })
}

export function refuseUnlessAllowed(
  name: RequestAction,
  rules: Rules,
  actor: Actor,
  request: StoredRequest | null,
): asserts request is StoredRequest {
  if (request === null) throw noSuchRequest()
  const viewer = viewerOf(rules, actor, request.target)
  const refused = refuseAction(name, requestFactsOf(rules, request), viewer)
  if (refused === null) return
  if (refused.code === 'not_found') throw noSuchRequest()
  throw refusedWith(refused, paramsInWords(request, refused.code))
}

export function actionsOn(rules: Rules, actor: Actor, request: StoredRequest): ActionHint[] {
  const viewer = viewerOf(rules, actor, request.target)
  return actionsFor(requestFactsOf(rules, request), viewer).map((hint) => {
    if (hint.code !== undefined) {
      return { ...hint, params: { ...hint.params, ...paramsInWords(request, hint.code) } }
    }
    return hint.name === 'extend' ? extendHint(rules, actor.person, request) : hint
  })
}

/** Whether the policies leave room for one more extension, and on what terms. */
function extendHint(
  { evaluator, settings }: Rules,
  person: Person,
  { target, chainMinutes }: StoredRequest,
): ActionHint {
  const decision = evaluator.eligibility(person, target)
  const refused = (why: Refusal): ActionHint => {
    return { name: 'extend', allowed: false, code: why.code, params: why.params }
  }
  if (!decision.eligible) return refused(decision.refusal)
  const { maxDurationMinutes, ...terms } = decision.terms
  const chain = { chainMinutes, maxDurationMinutes, settings }
  const full = refuseChain(chain, 1)
  if (full) return refused(full)
  const { approvalRequired, justificationRequired, ticketRequired } = terms
  const leftMinutes = extensionMinutesMax(chain)
  const params = { leftMinutes, approvalRequired, justificationRequired, ticketRequired }
  return { name: 'extend', allowed: true, params }
}

/** The rules know ids; people want names. */
function paramsInWords(request: StoredRequest, code: string): Record<string, string> {
  const settled = settlingDecision(request)
  return code === 'already_decided' && settled ? { byName: settled.userName } : {}
}
