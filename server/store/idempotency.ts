/**
 * A key that a client sends with a write, so that sending it again does nothing again. Claimed
 * before the write, answered after it, given up if nothing came of it. A claim whose holder died is
 * taken over after a minute; it keeps its age, so that what its holder may have done under it can
 * be found by it.
 */
import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

export interface IdempotencyKey {
  readonly actorId: string
  readonly route: string
  readonly key: string
}

export interface StoredAnswer {
  readonly status: number
  readonly response: object
}

export type Claim =
  | { readonly kind: 'claimed'; readonly since: Date }
  | { readonly kind: 'answered'; readonly answer: StoredAnswer }
  | { readonly kind: 'other_body' | 'in_progress' }

const keptMs = 24 * 60 * 60_000
const abandonedMs = 60_000

export async function claimKey(
  db: Kysely<Schema>,
  { actorId, route, key }: IdempotencyKey,
  asked: { bodyHash: Buffer; now: Date },
): Promise<Claim> {
  const { bodyHash, now } = asked
  const forgotten = new Date(now.getTime() - keptMs)
  const inserted = await db
    .insertInto('idempotency_key')
    .values({
      actor_id: actorId,
      route,
      key,
      body_hash: bodyHash,
      status: null,
      response: null,
      created_at: now,
      claimed_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['actor_id', 'route', 'key'])
        .doUpdateSet({
          body_hash: bodyHash,
          status: null,
          response: null,
          created_at: now,
          claimed_at: now,
        })
        .where('idempotency_key.created_at', '<=', forgotten),
    )
    .executeTakeFirst()
  if (inserted.numInsertedOrUpdatedRows === 1n) return { kind: 'claimed', since: now }
  return meet(db, { actorId, route, key }, asked)
}

/** Somebody was here before; most likely the same client, a moment ago. */
async function meet(
  db: Kysely<Schema>,
  { actorId, route, key }: IdempotencyKey,
  { bodyHash, now }: { bodyHash: Buffer; now: Date },
): Promise<Claim> {
  const row = await db
    .selectFrom('idempotency_key')
    .selectAll()
    .where('actor_id', '=', actorId)
    .where('route', '=', route)
    .where('key', '=', key)
    .executeTakeFirst()
  if (row === undefined) return { kind: 'in_progress' }
  if (!row.body_hash.equals(bodyHash)) return { kind: 'other_body' }
  if (row.status !== null) {
    return { kind: 'answered', answer: { status: row.status, response: row.response ?? {} } }
  }
  const taken = await db
    .updateTable('idempotency_key')
    .set({ claimed_at: now })
    .where('actor_id', '=', actorId)
    .where('route', '=', route)
    .where('key', '=', key)
    .where('status', 'is', null)
    .where('claimed_at', '<=', new Date(now.getTime() - abandonedMs))
    .executeTakeFirst()
  if (taken.numUpdatedRows === 1n) return { kind: 'claimed', since: row.created_at }
  return { kind: 'in_progress' }
}

export async function answerKey(
  db: Kysely<Schema>,
  { actorId, route, key }: IdempotencyKey,
  answer: StoredAnswer,
): Promise<void> {
  await db
    .updateTable('idempotency_key')
    .set({ status: answer.status, response: JSON.stringify(answer.response) })
    .where('actor_id', '=', actorId)
    .where('route', '=', route)
    .where('key', '=', key)
    .execute()
}

/** Nothing was done under it, so the client may try again with what it likes. */
export async function giveUpKey(
  db: Kysely<Schema>,
  { actorId, route, key }: IdempotencyKey,
): Promise<void> {
  await db
    .deleteFrom('idempotency_key')
    .where('actor_id', '=', actorId)
    .where('route', '=', route)
    .where('key', '=', key)
    .where('status', 'is', null)
    .execute()
}
