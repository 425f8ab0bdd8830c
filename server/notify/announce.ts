import { channelsOn, isOn, personalChannels } from '#core/channels.ts'
import type { RequestId, UserId } from '#core/ids.ts'
import { channelsFor } from '#core/notices.ts'
import type { Announce, NoticeEvent } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { loadPeople } from '#server/store/people.ts'
import { loadRequest, type StoredRequest } from '#server/store/requests.ts'
import { loadSettings } from '#server/store/settings.ts'
import { type ApproversOf, audienceOf } from './audience.ts'
import { type Addressee, standingAddressees } from './channel-port.ts'
import { mailAddress } from './email/plain.ts'
import type { Standing } from './email/view.ts'
import { mutedBy } from './preferences.ts'

export interface AnnouncePorts {
  readonly approversOf: ApproversOf
}

/** Each time is news of its own. */
const happensAgain: readonly NoticeEvent[] = ['excess_added']

/**
 * One notice a person and channel, and one for each program; a second call for the same event of a
 * request adds nobody twice.
 */
export function createAnnounce(ports: AnnouncePorts): Announce {
  return async (change, event, requestId) => {
    const { settings } = await loadSettings(change.tx)
    if (channelsOn(settings).length === 0) return
    // An id of ours, from the caller's own row.
    const request = await loadRequest(change.tx, requestId as RequestId)
    if (request === null) throw new Error(`There is no request ${requestId} to announce`)
    const approvers = await ports.approversOf(change.tx, request)
    const audience = await audienceOf(change.tx, approvers, request, event)
    const people = await loadPeople(change.tx, [...audience.keys()])
    const told = happensAgain.includes(event)
      ? new Set<string>()
      : await alreadyTold(change, event, requestId)
    const tell = (to: Addressee | Unreachable, standing: Standing) => {
      if (told.has(toldKey(to))) return
      const { channel, receiverId, address } = to
      change.notice({ requestId, event, channel, receiverId, address, facts: { standing } })
    }
    const mutes = await mutedBy(change.tx, [...audience.keys()])
    const on = personalChannels.filter((channel) => isOn(channel, settings))
    for (const [userId, standing] of audience) {
      const person = people.get(userId)
      if (person?.enabled === false) continue
      const address = mailAddress(person === undefined ? emailOf(request, userId) : person.email)
      const wanted = channelsFor(event, { standing, on, muted: mutes.get(userId) ?? {} })
      for (const channel of wanted) tell({ receiverId: userId, channel, address }, standing)
    }
    for (const to of standingAddressees(settings)) tell(to, 'auditor')
  }
}

interface Unreachable extends Omit<Addressee, 'address'> {
  readonly address: string | null
}

const toldKey = ({ channel, receiverId }: { channel: string; receiverId: string }) =>
  `${channel} ${receiverId}`

async function alreadyTold(
  change: Change,
  event: NoticeEvent,
  requestId: string,
): Promise<ReadonlySet<string>> {
  const rows = await change.tx
    .selectFrom('notice')
    .select(['channel', 'receiver_id as receiverId'])
    .where('request_id', '=', requestId)
    .where('event', '=', event)
    .execute()
  return new Set(rows.map(toldKey))
}

/** Somebody whom the replica does not have is known by the request alone. */
function emailOf({ requester }: StoredRequest, userId: UserId): string | null {
  return requester.userId === userId ? requester.email : null
}
