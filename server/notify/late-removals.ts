/**
 * Tells of removals that are late. Name: `late removals`. How often: every 10 s, so that nobody
 * waits long; but the first alarm waits 15 s for those that come with it, and somebody who was told
 * is told again after 15 minutes at the earliest: alarms of one storm are one notice a receiver.
 * At most: `receiversAtOnce` people a transaction.
 *
 * Alarms are numbered. What somebody was told is one number a person, written in the transaction
 * that queues their notice: a crash in between tells them once, in the next pass. Numbers and not
 * times, because a clock that jumps back must not swallow an alarm.
 *
 * Those who watch over all are told of a removal that was late even if it is confirmed by then, as
 * after an hour in which no copy ran; requester and approvers read the seconds in `ended`.
 */
import type { Kysely } from 'kysely'
import { channelsOn } from '#core/channels.ts'
import type { UserId } from '#core/ids.ts'
import { type Change, type ChangeOptions, change } from '#server/store/change.ts'
import {
  type LateAlarm,
  lateAlarms,
  loadTold,
  rememberTold,
  type Told,
} from '#server/store/late-alarms.ts'
import { loadRequests } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { loadSettings } from '#server/store/settings.ts'
import { type ApproversOf, overseers } from './audience.ts'
import { standingAddressees } from './channel-port.ts'
import type { Standing } from './email/view.ts'
import { queueBulletins } from './tell-overseers.ts'

export const tellLateEveryMs = 10_000
const gatherMs = 15_000
const quietMs = 15 * 60_000
const receiversAtOnce = 25
const newsForMs = 24 * 3_600_000

export interface TellLatePorts {
  readonly db: Kysely<Schema>
  readonly approversOf: ApproversOf
}

export type TellLateRemovals = (now: Date, options?: ChangeOptions) => Promise<number>

interface Receiver {
  readonly standing: Standing
  readonly alarms: LateAlarm[]
}

const isOpen = ({ overAt }: LateAlarm) => overAt === null

/** Answers how many people are told. */
export function createTellLateRemovals({ db, approversOf }: TellLatePorts): TellLateRemovals {
  /** Who could decide, of those that are open. Asked once each; sending a notice asks again. */
  const approvers = new Map<number, readonly UserId[]>()

  async function approversOfAlarm({ alarmId, requestIds }: LateAlarm): Promise<readonly UserId[]> {
    const known = approvers.get(alarmId)
    if (known) return known
    const requests = await loadRequests(db, requestIds)
    const asked = await Promise.all(requests.map((request) => approversOf(db, request)))
    // The port's ids are the directory's.
    const ids = asked.flat() as UserId[]
    approvers.set(alarmId, ids)
    return ids
  }

  /** Each by their nearest standing; those who watch over all are told of all. */
  async function receiversOf(alarms: readonly LateAlarm[]): Promise<Map<string, Receiver>> {
    const { auditors, admins } = await overseers(db)
    const receivers = new Map<string, Receiver>()
    const overseer = new Set([...auditors, ...admins])
    const add = (id: UserId, standing: Standing, alarm: LateAlarm) => {
      if (overseer.has(id)) return
      const known = receivers.get(id)
      if (known === undefined) receivers.set(id, { standing, alarms: [alarm] })
      else if (known.alarms.at(-1) !== alarm) known.alarms.push(alarm)
    }
    for (const alarm of alarms.filter(isOpen)) {
      // Access that nobody asked for is told to those who watch over all.
      if (alarm.requestIds.length > 0) add(alarm.userId, 'requester', alarm)
      for (const id of alarm.deciderIds) add(id, 'approver', alarm)
      for (const id of await approversOfAlarm(alarm)) add(id, 'approver', alarm)
    }
    for (const id of admins) receivers.set(id, { standing: 'admin', alarms: [...alarms] })
    for (const id of auditors) receivers.set(id, { standing: 'auditor', alarms: [...alarms] })
    for (const { receiverId } of standingAddressees((await loadSettings(db)).settings)) {
      receivers.set(receiverId, { standing: 'auditor', alarms: [...alarms] })
    }
    return receivers
  }

  return async (now, options = {}) => {
    const alarms = await lateAlarms(db, { overSince: new Date(now.getTime() - newsForMs) })
    const open = new Set(alarms.filter(isOpen).map(({ alarmId }) => alarmId))
    for (const alarmId of approvers.keys()) if (!open.has(alarmId)) approvers.delete(alarmId)
    const newest = alarms.at(-1)
    if (newest === undefined || channelsOn((await loadSettings(db)).settings).length === 0) return 0
    const told = await loadTold(db)
    const due = [...(await receiversOf(alarms))].filter(([id, { alarms: theirs }]) =>
      isDue(theirs, told.get(id), now),
    )
    for (let from = 0; from < due.length; from += receiversAtOnce) {
      const some = due.slice(from, from + receiversAtOnce)
      await change(db, now, (c) => tell(c, some, newest.alarmId), options)
    }
    return due.length
  }
}

async function tell(
  c: Change,
  receivers: readonly (readonly [string, Receiver])[],
  upToAlarm: number,
): Promise<void> {
  const ids = receivers.map(([id]) => id)
  const now = await rememberTold(c.tx, ids, { upToAlarm, toldAt: c.at })
  const facts = receivers
    .filter(([id]) => now.has(id))
    .map(([id, { standing, alarms }]) => {
      return [id, { standing, alarmIds: alarms.map(({ alarmId }) => alarmId) }] as const
    })
  await queueBulletins(c, 'removal_late', new Map(facts))
}

function isDue(theirs: readonly LateAlarm[], told: Told | undefined, now: Date): boolean {
  const news = theirs.find(({ alarmId }) => alarmId > (told?.upToAlarm ?? 0))
  if (news === undefined) return false
  return isPast(news.raisedAt, gatherMs, now) && (!told || isPast(told.toldAt, quietMs, now))
}

/** A time that has not come yet is from before the clock was set back: it is past. */
function isPast(since: Date, milliseconds: number, now: Date): boolean {
  const passed = now.getTime() - since.getTime()
  return passed < 0 || passed >= milliseconds
}
