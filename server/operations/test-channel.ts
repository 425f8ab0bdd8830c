import { randomUUID } from 'node:crypto'
import type { Channel } from '#core/channels.ts'
import type { UserId } from '#core/ids.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'

export interface TestOutcome {
  readonly kind: 'sent' | 'refused' | 'later' | 'no_address' | 'off'
}

export interface TestChannelPorts extends ChangePorts {
  readonly sendTest: (
    channel: Channel,
    to: { readonly userId: UserId; readonly testId: string },
  ) => Promise<
    | { readonly kind: 'sent'; readonly messageId: string }
    | { readonly kind: 'refused' | 'later' | 'no_address' | 'off'; readonly message: string }
  >
}

/** The provider's own words, so that whoever sets a channel up sees what it lacks. */
export async function testChannel(
  ports: TestChannelPorts,
  { actor, channel }: { readonly actor: Actor; readonly channel: Channel },
): Promise<{ outcome: TestOutcome['kind']; answer: string }> {
  const testId = randomUUID()
  const outcome = await ports.sendTest(channel, { userId: actor.person.userId, testId })
  const answer = outcome.kind === 'sent' ? outcome.messageId : outcome.message
  await makeChange(ports, async (c) => {
    c.event({
      actor: eventActorOf(actor),
      action: 'setting.test',
      object: { type: 'setting', id: 'settings' },
      payload: { channel, outcome: outcome.kind, testId },
    })
  })
  return { outcome: outcome.kind, answer }
}
