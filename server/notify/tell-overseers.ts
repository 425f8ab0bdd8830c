import type { UserId } from '#core/ids.ts'
import type { Bulletin, TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { loadPeople } from '#server/store/people.ts'
import { loadSettings } from '#server/store/settings.ts'
import { overseers } from './audience.ts'
import { mailAddress } from './email/plain.ts'
import type { Standing } from './email/view.ts'

/** Whose business each is; somebody who is both is told as the first. */
const toldTo: Readonly<Record<Bulletin['event'], readonly ('auditor' | 'admin')[]>> = {
  key_released: ['auditor'],
  refresh_held: ['admin'],
  creations_held: ['admin', 'auditor'],
}

export const tellOverseers: TellOverseers = async (change, { event, facts }) => {
  const { settings } = await loadSettings(change.tx)
  if (!settings.emailEnabled) return
  const { auditors, admins } = await overseers(change.tx)
  const of = { auditor: auditors, admin: admins }
  const told = new Map<UserId, Standing>()
  for (const standing of toldTo[event]) {
    for (const id of of[standing]) if (!told.has(id)) told.set(id, standing)
  }
  await queueBulletins(
    change,
    event,
    new Map([...told].map(([id, one]) => [id, { ...facts, standing: one }])),
  )
}

/** One notice a person, with what is meant for them. */
export async function queueBulletins(
  change: Change,
  event: string,
  receivers: ReadonlyMap<UserId, object>,
): Promise<void> {
  const people = await loadPeople(change.tx, [...receivers.keys()])
  for (const [receiverId, facts] of receivers) {
    const person = people.get(receiverId)
    if (person?.enabled === false) continue
    const address = mailAddress(person?.email ?? null)
    change.notice({ requestId: null, event, channel: 'email', receiverId, address, facts })
  }
}
