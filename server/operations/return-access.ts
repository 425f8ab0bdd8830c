import { lockUnstartedExtensions } from '#server/store/request-searches.ts'
import { lockRequest } from '#server/store/requests.ts'
import { parseComment } from './comments.ts'
import { makeChange } from './making-changes.ts'
import { refuseUnlessAllowed } from './rights-on-request.ts'
import { type StopInput, type StopPorts, stopRequest } from './stop-request.ts'

/**
 * Giving access back ends that one grant; another one of the key keeps the access. What was to
 * extend it falls with it: there is nothing left to adjoin.
 */
export async function returnAccess(ports: StopPorts, input: StopInput): Promise<void> {
  const comment = parseComment(input.comment, { required: false })
  await makeChange(ports, async (c) => {
    const request = await lockRequest(c.tx, input.requestId)
    const rules = await ports.rules.load(c.tx)
    refuseUnlessAllowed('return', rules, input.actor, request)
    const { actor } = input
    const stop = { verb: 'return', endState: 'ended', reason: 'returned' } as const
    await stopRequest(ports, c, request, { ...stop, actor, comment })
    const fall = { verb: 'cancel', endState: 'cancelled', reason: 'parent_returned' } as const
    for (const extension of await lockUnstartedExtensions(c.tx, request.id)) {
      await stopRequest(ports, c, extension, { ...fall, actor, comment: null })
    }
  })
}
