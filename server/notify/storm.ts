/**
 * Storms are folded: where many notices of one event wait for one person, or for Slack's audit
 * channel, one message lists them. A queue that a storm fills is what shows it, so nothing is held
 * back to wait for more: the first of a storm may go by itself, the rest goes together.
 *
 * The message goes under the id of the oldest, whichever job sends it: if its answer is lost, the
 * second copy bears the same id. While the channel is away the oldest one's job tries it for all of
 * them, or that of one which came since; otherwise each of two hundred jobs would write the letter of
 * two hundred. Programs get each notice by itself.
 */
import type { Kysely, Selectable } from 'kysely'
import { type PersonalChannel, personalChannels } from '#core/channels.ts'
import type { NoticeTable, Schema } from '#server/store/schema.ts'

type Notice = Selectable<NoticeTable>

/** So many of one event are a storm. */
export const stormFrom = 5
export const stormMax = 200
/** What came so much later than the oldest may find the channel back. */
const laterMs = 60_000

/** What is one notice a receiver by itself. */
const neverFolded = ['removal_late', 'digest']

/** Those that wait beside this one, the oldest first; empty where it is no storm. */
export async function stormOf(db: Kysely<Schema>, notice: Notice): Promise<readonly Notice[]> {
  const { channel, receiver_id: receiverId, event } = notice
  if (!isPersonal(channel) || neverFolded.includes(event)) return []
  const waiting = await db
    .selectFrom('notice')
    .selectAll()
    .where('state', '=', 'queued')
    .where('channel', '=', channel)
    .where('receiver_id', '=', receiverId)
    .where('event', '=', event)
    .orderBy('created_at')
    .orderBy('notice_id')
    .limit(stormMax)
    .execute()
  return waiting.length >= stormFrom ? waiting : []
}

/** Whether this job sends the storm, or leaves it to the oldest one's. */
export function carriesStorm(
  [lead]: readonly Notice[],
  notice: Notice,
  attempt: { readonly number: number; readonly isLast: boolean },
): boolean {
  if (lead === undefined || lead.attempts === 0 || lead.notice_id === notice.notice_id) return true
  const isLater = notice.created_at.getTime() - lead.created_at.getTime() > laterMs
  return attempt.isLast || (isLater && attempt.number === 1)
}

function isPersonal(channel: string): channel is PersonalChannel {
  return personalChannels.some((one) => one === channel)
}
