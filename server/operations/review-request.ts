/** What somebody who could have approved it says of break-glass afterwards. Once. */
import type { RequestId } from '#core/ids.ts'
import { lockRequest, touchRequest } from '#server/store/requests.ts'
import { giveReview, type ReviewOutcome } from '#server/store/reviews.ts'
import type { RulesStore } from '#server/store/rules.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { parseComment } from './comments.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { refuseUnlessAllowed } from './rights-on-request.ts'

export interface ReviewPorts extends ChangePorts {
  readonly rules: RulesStore
}

export interface ReviewInput {
  readonly actor: Actor
  readonly requestId: RequestId
  readonly outcome: ReviewOutcome
  readonly comment: string
}

export async function reviewRequest(ports: ReviewPorts, input: ReviewInput): Promise<void> {
  const { actor, outcome, requestId } = input
  await makeChange(ports, async (c) => {
    const request = await lockRequest(c.tx, requestId)
    const rules = await ports.rules.load(c.tx)
    refuseUnlessAllowed('review', rules, actor, request)
    const comment = parseComment(input.comment, { required: true }) ?? ''
    const { userId, userName } = actor.person
    await giveReview(c, requestId, { by: { userId, userName }, outcome, comment })
    const version = await touchRequest(c, requestId)
    c.event({
      actor: eventActorOf(actor),
      action: 'request.reviewed',
      object: { type: 'request', id: requestId, version },
      payload: { outcome, comment, dueAt: request.review?.dueAt.toISOString() ?? null },
    })
  })
}
