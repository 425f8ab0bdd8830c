/** Placing and releasing a legal hold. Releasing lets things go again, so the auditors are told. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { LegalHold, LegalHoldPage } from '#contract/audit.ts'
import type { UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import type { TellOverseers } from '#server/store/announce-port.ts'
import { closeHold, insertHold, listHolds, lockHold } from '#server/store/legal-holds.ts'
import { namesOfUsers } from '#server/store/people.ts'
import { type Actor, eventActorOf } from './actor.ts'
import { requireComment } from './comments.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { decodeCursor, pageOf } from './paging.ts'
import { Refused } from './refused.ts'
import { refusedWith } from './words.ts'

export interface HoldPorts extends ChangePorts {
  readonly tellOverseers: TellOverseers
}

export async function placeHold(
  ports: HoldPorts,
  { actor, userId, reason }: { actor: Actor; userId: UserId | null; reason: string },
): Promise<LegalHold> {
  const why = requireComment(reason)
  return makeChange(ports, async (c) => {
    const userName = userId === null ? null : (await namesOfUsers(c.tx, [userId]))(userId)
    const id = randomUUID()
    const by = { id: actor.person.userId, name: actor.person.userName }
    await insertHold(c, { id, userId, userName, reason: why, by })
    c.event({
      actor: eventActorOf(actor),
      action: 'legal-hold.place',
      object: { type: 'legal-hold', id },
      payload: { userId, userName, reason: why },
    })
    const placed = await lockHold(c, id)
    if (placed === null) throw new Error('A hold just placed is not there')
    return placed
  })
}

export async function releaseHold(
  ports: HoldPorts,
  { actor, id, reason }: { actor: Actor; id: string; reason: string },
): Promise<LegalHold> {
  const why = requireComment(reason)
  return makeChange(ports, async (c) => {
    const hold = await lockHold(c, id)
    if (hold === null) throw new Refused('not_found', { detail: 'There is no such hold.' })
    if (hold.released !== null) {
      const { by, at } = hold.released
      throw refusedWith(refusal('already_released', { by: by.userName, at }))
    }
    const by = { id: actor.person.userId, name: actor.person.userName }
    await closeHold(c, id, { reason: why, by })
    c.event({
      actor: eventActorOf(actor),
      action: 'legal-hold.release',
      object: { type: 'legal-hold', id },
      payload: {
        userId: hold.person?.userId ?? null,
        userName: hold.person?.userName ?? null,
        reason: why,
      },
    })
    await ports.tellOverseers(c, {
      event: 'records_loosened',
      facts: {
        what: 'hold_released',
        who: hold.person?.userName ?? null,
        by: by.name,
        reason: why,
        at: c.at.toISOString(),
      },
    })
    const released = {
      by: { userId: by.id, userName: by.name },
      at: c.at.toISOString(),
      reason: why,
    }
    return { ...hold, released }
  })
}

const Place = z.tuple([z.iso.datetime(), z.uuid()])

export async function readHolds(
  { db }: Pick<HoldPorts, 'db'>,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<LegalHoldPage> {
  const after = decodeCursor(cursor, Place)
  const found = await listHolds(db, {
    limit,
    after: after && { at: new Date(after[0]), id: after[1] },
  })
  return pageOf(found, limit, ({ placedAt, id }) => [placedAt, id])
}
