import { isChannel } from '#core/channels.ts'
import type { UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import { queueNotices } from '#server/store/change.ts'
import { loadPerson } from '#server/store/people.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { Refused } from './refused.ts'
import { refusedWith } from './words.ts'

/** What is waiting is sent anyway; what was dropped is not so any more. */
const resendable: readonly string[] = ['failed', 'no_address', 'off', 'sent']

/** Sent once more under the same id, with the attempts of a new notice, if it is still so then. */
export async function resendNotice(
  ports: ChangePorts,
  { actor, noticeId }: { readonly actor: Actor; readonly noticeId: string },
): Promise<void> {
  await makeChange(ports, async (c) => {
    const notice = await c.tx
      .selectFrom('notice')
      .select(['notice_id', 'request_id', 'event', 'channel', 'receiver_id', 'address', 'state'])
      .where('notice_id', '=', noticeId)
      .forUpdate()
      .executeTakeFirst()
    if (notice === undefined) throw new Refused('not_found')
    const { state, channel, receiver_id, request_id, event } = notice
    if (!resendable.includes(state) || !isChannel(channel)) {
      throw refusedWith(refusal('notice_not_resendable', { state }))
    }
    // An address that was missing may be there by now.
    const address = notice.address ?? (await loadPerson(c.tx, receiver_id as UserId))?.email ?? null
    await c.tx
      .updateTable('notice')
      .set({ state: 'queued', attempts: 0, last_error: null, address, resent_at: c.at })
      .where('notice_id', '=', noticeId)
      .execute()
    await queueNotices(c.tx, [{ notice_id: noticeId, channel, receiver_id }])
    c.event({
      actor: eventActorOf(actor),
      action: 'notice.resend',
      object: { type: 'notice', id: noticeId },
      payload: { event, channel, requestId: request_id, from: state },
    })
    if (request_id !== null) c.changed('request', request_id)
  })
}
