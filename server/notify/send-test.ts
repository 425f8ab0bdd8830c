/** One message by one channel to whoever asks for it, now and not by a job; answers what came of it. */
import type { Channel } from '#core/channels.ts'
import { isOn } from '#core/channels.ts'
import type { UserId } from '#core/ids.ts'
import { loadPerson } from '#server/store/people.ts'
import { loadSettings } from '#server/store/settings.ts'
import { auditChannelReceiver, type Outcome, standingAddressees } from './channel-port.ts'
import { mailAddress } from './email/plain.ts'
import { english } from './email/words-en.ts'
import { japanese } from './email/words-ja.ts'
import { placeOf } from './preferences.ts'
import { deliver, type NoticePorts } from './send-notice.ts'

export type SendTest = (
  channel: Channel,
  to: { readonly userId: UserId; readonly testId: string },
) => Promise<Outcome>

export function createSendTest(ports: NoticePorts): SendTest {
  return async (channel, { userId, testId }) => {
    const { settings } = await loadSettings(ports.db)
    const send = ports.senders[channel]
    if (!send || !isOn(channel, settings)) {
      return { kind: 'off', message: 'The channel is turned off' }
    }
    const standing = standingAddressees(settings).find(
      (one) => one.channel === channel && one.receiverId !== auditChannelReceiver,
    )
    const person = await loadPerson(ports.db, userId)
    const address = standing?.address ?? mailAddress(person?.email ?? null)
    if (address === null) return { kind: 'no_address', message: 'You have no e-mail address' }
    const { locale } = await placeOf(ports.db, userId)
    const words = locale === 'ja' ? japanese : english
    const now = await ports.clock.now()
    const { heading, text, link } = words.test
    return deliver(ports, () =>
      send(
        {
          noticeId: testId,
          event: 'test',
          at: now,
          now,
          receiverId: standing?.receiverId ?? userId,
          address,
          thread: `test-${testId}`,
          letter: {
            locale,
            subject: heading,
            heading,
            paragraphs: [text],
            facts: [],
            links: [{ label: link, url: `${ports.publicUrl}/admin/settings` }],
            footer: [words.noReply],
            noticeLine: words.noticeLine,
          },
          request: null,
          publicUrl: ports.publicUrl,
          mayDecide: false,
        },
        settings,
      ),
    )
  }
}
