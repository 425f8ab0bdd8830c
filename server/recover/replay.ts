/**
 * `team recover --intents`: brings a restored database up to what the log of intents says, looks at
 * every key in it, and lifts the hold.
 *
 * What the database does not know is of unknown outcome: the key is TEAM's, and watched until the
 * last call can no longer land, or looked at twice if it cannot any more. The engine then removes
 * what no grant wants. A grant that the database takes for live, but whose removal the log has, was
 * ended after the backup: it ends now, and is not made again, whatever the log has after that
 * removal. Doubt goes towards removal.
 */
import type { Kysely } from 'kysely'
import type { AccountId, Key, PermissionSetArn, UserId } from '#core/ids.ts'
import { looksApartMs, operationLifeMs, signatureLifeMs } from '#core/plan.ts'
import type { Holders } from '#server/engine/assignments-port.ts'
import { type Change, change, systemActor } from '#server/store/change.ts'
import { liftHold } from '#server/store/creation-hold.ts'
import { ensureLedgerKey, stopGrant } from '#server/store/grants.ts'
import { installationId } from '#server/store/installation.ts'
import { insertLostIntent, unknownIntents } from '#server/store/intents.ts'
import { updateKey } from '#server/store/ledger.ts'
import { loadStoredKey, lockKey } from '#server/store/ledger-keys.ts'
import { lockGrantedRequests } from '#server/store/request-searches.ts'
import { moveRequest, type StoredRequest } from '#server/store/requests.ts'
import type { Schema } from '#server/store/schema.ts'
import { parts } from './hold.ts'
import type { IntentLine, IntentLog } from './intent-log.ts'

export interface ReplayPorts {
  readonly db: Kysely<Schema>
  readonly clock: { now(): Date | Promise<Date> }
  readonly intentLog: IntentLog
  /** Who holds a target; throws when AWS cannot be asked. */
  readonly holders: (key: Key) => Promise<Holders>
}

export interface Replayed {
  readonly lines: number
  readonly unknown: number
  readonly keys: number
  /** Keys of unknown intents at which an assignment stands. */
  readonly standing: number
  /** Requests that the database took for live and the log knows to be ended. */
  readonly endedRequests: number
}

interface LoggedKey {
  readonly key: Key
  readonly unknown: IntentLine[]
}

/** No log that was read has a line of this installation: another's folder, most likely. */
export class NothingToReplay extends Error {}

export interface ReplayOptions {
  /** Logs of other copies, too. */
  readonly files?: readonly string[]
  /** The operator knows that there is nothing. */
  readonly isNothingRight?: boolean
}

/** @throws {NothingToReplay} and the hold stays */
export async function replayIntents(
  ports: ReplayPorts,
  { files = [], isNothingRight = false }: ReplayOptions = {},
): Promise<Replayed> {
  const { db, intentLog } = ports
  const installation = await installationId(db)
  const logged = new Map<string, LoggedKey>()
  let lines = 0
  for await (const part of parts(intentLog.lines(files), installation)) {
    lines += part.length
    const unknown = new Set(await unknownIntents(db, part))
    for (const [place, line] of part.entries()) note(logged, line, unknown.has(place))
  }
  if (lines === 0 && !isNothingRight) throw new NothingToReplay()
  const counts = { lines, unknown: 0, keys: logged.size, standing: 0, endedRequests: 0 }
  for (const one of logged.values()) {
    const seen = await ports.holders(one.key)
    const isSeen = seen.kind === 'read' && seen.userIds.has(one.key.userId)
    counts.unknown += one.unknown.length
    if (isSeen && one.unknown.length > 0) counts.standing += 1
    counts.endedRequests += await change(db, await ports.clock.now(), (c) =>
      bringUp(c, one, isSeen),
    )
  }
  await change(db, await ports.clock.now(), async (c) => {
    await liftHold(c.tx)
    const object = { type: 'installation', id: installation }
    c.event({ actor: systemActor, action: 'recovery.replay', object, payload: { ...counts } })
  })
  const head = await db.selectFrom('audit_head').select(['seq', 'hash']).executeTakeFirstOrThrow()
  await intentLog.keepAnchor({ installation, seq: head.seq, hash: head.hash.toString('hex') })
  return counts
}

function note(logged: Map<string, LoggedKey>, line: IntentLine, isUnknown: boolean): void {
  const name = `${line.userId} ${line.accountId} ${line.permissionSetArn}`
  // The ids in the log are those of the ledger.
  const key: Key = {
    userId: line.userId as UserId,
    accountId: line.accountId as AccountId,
    permissionSetArn: line.permissionSetArn as PermissionSetArn,
  }
  const known = logged.get(name) ?? { key, unknown: [] }
  const isTwice = known.unknown.some(
    (one) => one.kind === line.kind && one.writtenAt.getTime() === line.writtenAt.getTime(),
  )
  if (isUnknown && !isTwice) known.unknown.push(line)
  logged.set(name, known)
}

/** Requests before the key, as everywhere. Answers how many requests it ended. */
async function bringUp(c: Change, { key, unknown }: LoggedKey, isSeen: boolean) {
  const keyId = await ensureLedgerKey(c, key)
  const granted = await lockGrantedRequests(c.tx, key.userId, key)
  await lockKey(c.tx, keyId)
  let ended = 0
  for (const request of granted) {
    const removal = removalSince(request, unknown)
    if (removal === null) continue
    const end = { to: 'ending', endState: 'revoked', endReason: 'ended_before_restore' } as const
    const version = await moveRequest(c, request.id, end)
    await stopGrant(c, request.id)
    c.event({
      actor: systemActor,
      action: 'recovery.end',
      object: { type: 'request', id: request.id, version },
      payload: { removedAt: removal.writtenAt.toISOString() },
    })
    ended += 1
  }
  if (unknown.length > 0) await doubtKey(c, keyId, unknown, isSeen)
  else if ((await loadStoredKey(c.tx, keyId))?.held) await lookSoon(c, keyId)
  await c.nudge(keyId)
  return ended
}

/**
 * A deletion is sent only when no grant wants the key any more. So a live grant that had begun when
 * one was sent was over by then, whatever was sent for the key afterwards; what came later was for
 * another grant, of which this database knows nothing.
 */
function removalSince(
  { status, grant }: StoredRequest,
  unknown: readonly IntentLine[],
): IntentLine | null {
  if (status !== 'activating' && status !== 'active') return null
  const begunAt = grant?.intentAt ?? null
  const hadBegun = (at: Date) => begunAt === null || begunAt <= at
  return unknown.find((one) => one.kind === 'delete' && hadBegun(one.writtenAt)) ?? null
}

async function doubtKey(
  c: Change,
  keyId: number,
  unknown: readonly IntentLine[],
  isSeen: boolean,
): Promise<void> {
  for (const line of unknown) {
    await insertLostIntent(c.tx, { keyId, ...line, at: c.at, reason: 'replayed from the log' })
  }
  const last = Math.max(...unknown.map(({ writtenAt }) => writtenAt.getTime()))
  const horizon = Math.max(last + signatureLifeMs + operationLifeMs, c.at.getTime() + looksApartMs)
  const belief = {
    presence: isSeen ? ('present' as const) : ('unknown' as const),
    absentSeenAt: isSeen ? null : c.at,
    confirmedAt: isSeen ? c.at : null,
    watchedSince: c.at,
    watchedUntil: new Date(horizon),
    nextLookAt: new Date(c.at.getTime() + looksApartMs),
  }
  await updateKey(c.tx, keyId, { belief, held: true }, c.at)
}

async function lookSoon(c: Change, keyId: number): Promise<void> {
  await c.tx
    .updateTable('ledger_key')
    .set({ next_look_at: c.at, updated_at: c.at })
    .where('key_id', '=', keyId)
    .execute()
}
