/** Legal holds: while one is open, nothing of its person, or of anybody, is erased or cut. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { LegalHold } from '#contract/audit.ts'
import type { Change } from './change.ts'
import type { LegalHoldTable, Schema } from './schema.ts'

export interface NewHold {
  readonly id: string
  readonly userId: string | null
  readonly userName: string | null
  readonly reason: string
  readonly by: { readonly id: string; readonly name: string }
}

export async function insertHold(c: Change, hold: NewHold): Promise<void> {
  await c.tx
    .insertInto('legal_hold')
    .values({
      hold_id: hold.id,
      user_id: hold.userId,
      user_name: hold.userName,
      reason: hold.reason,
      placed_by_id: hold.by.id,
      placed_by_name: hold.by.name,
      placed_at: c.at,
      released_by_id: null,
      released_by_name: null,
      release_reason: null,
      released_at: null,
    })
    .execute()
}

export async function lockHold(c: Change, id: string): Promise<LegalHold | null> {
  const row = await c.tx
    .selectFrom('legal_hold')
    .selectAll()
    .where('hold_id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? null : holdOf(row)
}

export async function closeHold(
  c: Change,
  id: string,
  release: { readonly reason: string; readonly by: NewHold['by'] },
): Promise<void> {
  await c.tx
    .updateTable('legal_hold')
    .set({
      released_by_id: release.by.id,
      released_by_name: release.by.name,
      release_reason: release.reason,
      released_at: c.at,
    })
    .where('hold_id', '=', id)
    .execute()
}

/** Newest first; one more than the limit, so that the caller knows of more. */
export async function listHolds(
  db: Kysely<Schema>,
  page: { readonly limit: number; readonly after: { at: Date; id: string } | null },
): Promise<LegalHold[]> {
  let query = db.selectFrom('legal_hold').selectAll()
  if (page.after !== null) {
    const { at, id } = page.after
    query = query.where(sql<boolean>`(placed_at, hold_id) < (${at}, ${id}::uuid)`)
  }
  const rows = await query
    .orderBy('placed_at', 'desc')
    .orderBy('hold_id', 'desc')
    .limit(page.limit + 1)
    .execute()
  return rows.map(holdOf)
}

/**
 * From here to the end of the transaction no hold is placed: whoever erases has seen them all, and
 * a hold that is placed a moment later finds what is left.
 */
export async function keepHoldsAsTheyAre(tx: Transaction<Schema>): Promise<void> {
  await sql`lock table legal_hold in share mode`.execute(tx)
}

export interface OpenHolds {
  /** Somebody holds everything. */
  readonly all: boolean
  readonly userIds: readonly string[]
}

export async function openHolds(tx: Kysely<Schema>): Promise<OpenHolds> {
  const rows = await tx
    .selectFrom('legal_hold')
    .select('user_id')
    .distinct()
    .where('released_at', 'is', null)
    .execute()
  const userIds = rows.flatMap(({ user_id }) => (user_id === null ? [] : [user_id]))
  return { all: userIds.length < rows.length, userIds }
}

function holdOf(row: Selectable<LegalHoldTable>): LegalHold {
  const { user_id: userId, user_name: userName } = row
  const { released_at: at, released_by_id: by, released_by_name: name, release_reason: why } = row
  return {
    id: row.hold_id,
    person: userId === null || userName === null ? null : { userId, userName },
    reason: row.reason,
    placedBy: { userId: row.placed_by_id, userName: row.placed_by_name },
    placedAt: row.placed_at.toISOString(),
    // Told whole or not at all: a constraint of the table.
    released:
      at === null || by === null || name === null || why === null
        ? null
        : { by: { userId: by, userName: name }, at: at.toISOString(), reason: why },
  }
}
