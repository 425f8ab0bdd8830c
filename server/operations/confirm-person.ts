/**
 * Whether AWS still knows a person as enabled, and in which groups: the domain's "Freshness". What
 * was read goes into the replica, where every rule then finds it; whoever asks about a person who is
 * just being read shares that reading.
 */
import type { Kysely } from 'kysely'
import type { UserId } from '#core/ids.ts'
import type { People } from '#server/engine/people-port.ts'
import { applyPerson } from '#server/store/directory-person.ts'
import { loadPeople } from '#server/store/people.ts'
import type { Schema } from '#server/store/schema.ts'
import type { ConfirmPeople } from './confirming.ts'

export const personAgeSecondsMax = 60

/** `gone`: AWS answered, and the person is disabled or no longer known. */
export type Confirmation = 'confirmed' | 'gone' | 'unavailable'

export interface ConfirmOptions {
  /** A reading that began no longer ago than this suffices. */
  readonly maxAgeSeconds?: number
  /** Read now, and not from a reading that began before this was asked. */
  readonly force?: boolean
}

export interface PeopleConfirmer {
  confirmPerson(userId: UserId, options?: ConfirmOptions): Promise<Confirmation>
  confirmPeople: ConfirmPeople
  /** For signing in: asks AWS for the user name, then reads that person afresh. */
  findPersonByUserName(
    userName: string,
  ): Promise<{ readonly userId: UserId; readonly enabled: boolean } | null | 'unavailable'>
}

export interface PeopleConfirmerPorts {
  readonly db: Kysely<Schema>
  readonly people: Pick<People, 'findUserId' | 'readPerson'>
  readonly clock: { now(): Date | Promise<Date> }
  readonly log: { warn(facts: object, message: string): void }
}

interface ReadingUnderWay {
  readonly startedAt: Date
  readonly done: Promise<boolean>
}

export function createPeopleConfirmer(ports: PeopleConfirmerPorts): PeopleConfirmer {
  const { db, people, clock, log } = ports
  const underWay = new Map<UserId, ReadingUnderWay>()

  /** True: read, and in the replica. Failures of AWS and of the replica alike leave us unsure. */
  async function readIntoReplica(userId: UserId, readAt: Date): Promise<boolean> {
    try {
      const reading = await people.readPerson(userId)
      await applyPerson(db, await clock.now(), { userId, reading, readAt })
      return true
    } catch (error) {
      log.warn({ userId, error }, 'AWS could not be asked about a person')
      return false
    }
  }

  function beginReading(userId: UserId, startedAt: Date): Promise<boolean> {
    const done = readIntoReplica(userId, startedAt).finally(() => {
      if (underWay.get(userId)?.done === done) underWay.delete(userId)
    })
    underWay.set(userId, { startedAt, done })
    return done
  }

  async function readAgain(userId: UserId, sinceMs: number): Promise<boolean> {
    const now = await clock.now()
    const shared = underWay.get(userId)
    if (shared && shared.startedAt.getTime() >= sinceMs) return shared.done
    return beginReading(userId, now)
  }

  async function confirmPerson(
    userId: UserId,
    { maxAgeSeconds = personAgeSecondsMax, force = false }: ConfirmOptions = {},
  ): Promise<Confirmation> {
    const now = await clock.now()
    const sinceMs = now.getTime() - (force ? 0 : maxAgeSeconds * 1000)
    const known = (await loadPeople(db, [userId])).get(userId)
    // A time that is still to come was written before the clock was set back: it says nothing.
    const isFresh =
      !force && known !== undefined && known.readAt.getTime() >= sinceMs && known.readAt <= now
    if (!isFresh && !(await readAgain(userId, sinceMs))) return 'unavailable'
    const person = isFresh ? known : (await loadPeople(db, [userId])).get(userId)
    return person?.enabled ? 'confirmed' : 'gone'
  }

  async function findUserId(userName: string) {
    try {
      return { userId: await people.findUserId(userName) }
    } catch (error) {
      log.warn({ error }, 'AWS could not be asked for a user name')
      return 'unavailable'
    }
  }

  return {
    confirmPerson,
    async confirmPeople(userIds, maxAgeSeconds) {
      const confirmations = await Promise.all(
        [...new Set(userIds)].map((userId) => confirmPerson(userId, { maxAgeSeconds })),
      )
      return confirmations.includes('unavailable') ? 'unavailable' : 'confirmed'
    },
    async findPersonByUserName(userName) {
      const found = await findUserId(userName)
      if (found === 'unavailable') return 'unavailable'
      const { userId } = found
      if (userId === null) return null
      const confirmation = await confirmPerson(userId, { force: true })
      if (confirmation === 'unavailable') return 'unavailable'
      return { userId, enabled: confirmation === 'confirmed' }
    },
  }
}
