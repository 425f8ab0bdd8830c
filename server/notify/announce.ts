import type { RequestId, UserId } from '#core/ids.ts'
import type { Announce, NoticeEvent } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { loadPeople } from '#server/store/people.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import { loadSettings } from '#server/store/settings.ts'
import { type ApproversOf, audienceOf } from './audience.ts'
import { mailAddress } from './email/plain.ts'

export interface AnnouncePorts {
  readonly approversOf: ApproversOf
}

/** Each time is news of its own. */
const happensAgain: readonly NoticeEvent[] = ['excess_added']

/** One notice a person; a second call for the same event of a request adds nobody twice. */
export function createAnnounce(ports: AnnouncePorts): Announce {
  return async (change, event, requestId) => {
    const { settings } = await loadSettings(change.tx)
    if (!settings.emailEnabled) return
    // An id of ours, from the caller's own row.
    const request = await loadRequest(change.tx, requestId as RequestId)
    if (request === null) throw new Error(`There is no request ${requestId} to announce`)
    const approvers = await ports.approversOf(change.tx, request)
    const audience = await audienceOf(change.tx, approvers, request, event)
    const people = await loadPeople(change.tx, [...audience.keys()])
    const told = happensAgain.includes(event)
      ? new Set<string>()
      : await alreadyTold(change, event, requestId)
    for (const [userId, standing] of audience) {
      const person = people.get(userId)
      if (told.has(userId) || person?.enabled === false) continue
      change.notice({
        requestId,
        event,
        channel: 'email',
        receiverId: userId,
        address: mailAddress(person === undefined ? emailOf(request, userId) : person.email),
        facts: { standing },
      })
    }
  }
}

async function alreadyTold(
  change: Change,
  event: NoticeEvent,
  requestId: string,
): Promise<ReadonlySet<string>> {
  const rows = await change.tx
    .selectFrom('notice')
    .select('receiver_id')
    .where('request_id', '=', requestId)
    .where('event', '=', event)
    .where('channel', '=', 'email')
    .execute()
  return new Set(rows.map((row) => row.receiver_id))
}

/** Somebody whom the replica does not have is known by the request alone. */
function emailOf({ requester }: StoredRequest, userId: UserId): string | null {
  return requester.userId === userId ? requester.email : null
}
