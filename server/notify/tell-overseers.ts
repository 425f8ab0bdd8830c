import { channelsOn, isOn, personalChannels } from '#core/channels.ts'
import type { UserId } from '#core/ids.ts'
import { type bulletinNotices, channelsFor } from '#core/notices.ts'
import type { Bulletin, TellOverseers } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { loadPeople } from '#server/store/people.ts'
import { loadSettings } from '#server/store/settings.ts'
import { overseers } from './audience.ts'
import { standingAddressees } from './channel-port.ts'
import { mailAddress } from './email/plain.ts'
import type { Standing } from './email/view.ts'
import { mutedBy } from './preferences.ts'

/** Whose business each is; somebody who is both is told as the first. */
const toldTo: Readonly<Record<Bulletin['event'], readonly ('auditor' | 'admin')[]>> = {
  key_released: ['auditor'],
  rules_changed: ['auditor', 'admin'],
  change_proposed: ['auditor', 'admin'],
  records_loosened: ['auditor'],
  refresh_held: ['admin'],
  creations_held: ['admin', 'auditor'],
}

export const tellOverseers: TellOverseers = async (change, { event, facts }) => {
  const { settings } = await loadSettings(change.tx)
  if (channelsOn(settings).length === 0) return
  const { auditors, admins } = await overseers(change.tx)
  const of = { auditor: auditors, admin: admins }
  const told = new Map<string, Standing>()
  for (const standing of toldTo[event]) {
    for (const id of of[standing]) if (!told.has(id)) told.set(id, standing)
  }
  for (const { receiverId } of standingAddressees(settings)) told.set(receiverId, 'auditor')
  await queueBulletins(
    change,
    event,
    new Map([...told].map(([id, one]) => [id, { ...facts, standing: one }])),
  )
}

/**
 * One notice a person and channel with what is meant for them, and one for each program among the
 * receivers.
 */
export async function queueBulletins(
  change: Change,
  event: (typeof bulletinNotices)[number],
  receivers: ReadonlyMap<string, { readonly standing: Standing }>,
): Promise<void> {
  const { settings } = await loadSettings(change.tx)
  const on = personalChannels.filter((channel) => isOn(channel, settings))
  const programs = new Map(standingAddressees(settings).map((to) => [to.receiverId, to]))
  // Whoever is no program is a person of the directory.
  const people = await loadPeople(change.tx, [...receivers.keys()] as UserId[])
  const mutes = await mutedBy(change.tx, [...receivers.keys()])
  for (const [receiverId, facts] of receivers) {
    const program = programs.get(receiverId)
    if (program) {
      change.notice({ requestId: null, event, facts, ...program })
      continue
    }
    const person = people.get(receiverId as UserId)
    if (person?.enabled === false) continue
    const address = mailAddress(person?.email ?? null)
    const muted = mutes.get(receiverId) ?? {}
    for (const channel of channelsFor(event, { standing: facts.standing, on, muted })) {
      change.notice({ requestId: null, event, channel, receiverId, address, facts })
    }
  }
}
