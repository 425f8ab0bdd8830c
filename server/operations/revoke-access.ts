import type { RequestState } from '#core/request.ts'
import { lockGrantedRequests } from '#server/store/request-searches.ts'
import { loadRequest } from '#server/store/requests.ts'
import { parseComment } from './comments.ts'
import { makeChange } from './making-changes.ts'
import { refuseUnlessAllowed } from './rights-on-request.ts'
import { type StopInput, type StopPorts, stopRequest } from './stop-request.ts'

/**
 * Ends every grant of that person and target that is not over, those that have not begun too: else
 * the next one would bring back what was just revoked. Pending requests stay.
 */
export async function revokeAccess(ports: StopPorts, input: StopInput): Promise<void> {
  const comment = parseComment(input.comment, { required: false })
  await makeChange(ports, async (c) => {
    const { actor } = input
    const named = await loadRequest(c.tx, input.requestId)
    const rules = await ports.rules.load(c.tx)
    refuseUnlessAllowed('revoke', rules, actor, named)
    const granted = await lockGrantedRequests(c.tx, named.requester.userId, named.target)
    // As it is now that it is locked; it may have ended between the two.
    const locked = granted.find(({ id }) => id === named.id)
    refuseUnlessAllowed('revoke', rules, actor, locked ?? (await loadRequest(c.tx, named.id)))
    for (const request of granted.filter(({ status }) => revocable.includes(status))) {
      const stop = { verb: 'revoke', endState: 'revoked', reason: 'revoked' } as const
      await stopRequest(ports, c, request, { ...stop, actor, comment })
    }
  })
}

const revocable: readonly RequestState[] = ['scheduled', 'activating', 'active']
