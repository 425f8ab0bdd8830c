import { type Kysely, type Selectable, sql } from 'kysely'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import { type SavedRequestKind, savedRequestsMax } from '#core/saved-request.ts'
import type { Change } from './change.ts'
import type { SavedRequestTable, Schema } from './schema.ts'

export interface SavedTarget {
  readonly accountId: AccountId
  readonly accountName: string
  readonly permissionSetArn: PermissionSetArn
  readonly permissionSetName: string
}

export interface StoredSavedRequest {
  readonly id: string
  readonly kind: SavedRequestKind
  readonly owner: { readonly userId: UserId; readonly userName: string }
  readonly name: string
  readonly targets: readonly SavedTarget[]
  readonly durationMinutes: number
  readonly justification: string | null
  readonly createdAt: Date
}

/** One's own and every template, by name: as few as the limits allow. */
export async function savedRequestsFor(
  db: Kysely<Schema>,
  ownerId: UserId,
): Promise<StoredSavedRequest[]> {
  const rows = await db
    .selectFrom('saved_request')
    .selectAll()
    .where(({ eb, and, or }) =>
      or([
        and([eb('kind', '=', 'own'), eb('owner_id', '=', ownerId)]),
        eb('kind', '=', 'template'),
      ]),
    )
    .orderBy('name')
    .orderBy('saved_request_id')
    .limit(savedRequestsMax.own + savedRequestsMax.template)
    .execute()
  return rows.map(savedRequestOf)
}

/** Counted under a lock of its own, so that two at once are not one too many. */
export async function countSavedRequests(
  c: Change,
  of: { readonly kind: SavedRequestKind; readonly ownerId: UserId },
): Promise<number> {
  const whose = of.kind === 'template' ? 'template' : of.ownerId
  await sql`select pg_advisory_xact_lock(hashtext('saved_request'), hashtext(${whose}))`.execute(
    c.tx,
  )
  let query = c.tx
    .selectFrom('saved_request')
    .select(({ fn }) => fn.countAll<string>().as('saved'))
    .where('kind', '=', of.kind)
  if (of.kind === 'own') query = query.where('owner_id', '=', of.ownerId)
  return Number((await query.executeTakeFirstOrThrow()).saved)
}

export async function insertSavedRequest(
  c: Change,
  saved: Omit<StoredSavedRequest, 'createdAt'>,
): Promise<void> {
  await c.tx
    .insertInto('saved_request')
    .values({
      saved_request_id: saved.id,
      kind: saved.kind,
      owner_id: saved.owner.userId,
      owner_user_name: saved.owner.userName,
      name: saved.name,
      targets: JSON.stringify(saved.targets),
      duration_minutes: saved.durationMinutes,
      justification: saved.justification,
      created_at: c.at,
    })
    .execute()
}

export async function findSavedRequest(c: Change, id: string): Promise<StoredSavedRequest | null> {
  const row = await c.tx
    .selectFrom('saved_request')
    .selectAll()
    .where('saved_request_id', '=', id)
    .executeTakeFirst()
  return row === undefined ? null : savedRequestOf(row)
}

/** False: somebody else deleted it first. It never changes, so there is nothing to lock. */
export async function deleteSavedRequest(c: Change, id: string): Promise<boolean> {
  const { numDeletedRows } = await c.tx
    .deleteFrom('saved_request')
    .where('saved_request_id', '=', id)
    .executeTakeFirst()
  return numDeletedRows === 1n
}

function savedRequestOf(row: Selectable<SavedRequestTable>): StoredSavedRequest {
  return {
    id: row.saved_request_id,
    kind: row.kind,
    // Only `insertSavedRequest` writes these columns, and it takes ids.
    owner: { userId: row.owner_id as UserId, userName: row.owner_user_name },
    name: row.name,
    targets: row.targets.map((target) => ({
      ...target,
      accountId: target.accountId as AccountId,
      permissionSetArn: target.permissionSetArn as PermissionSetArn,
    })),
    durationMinutes: row.duration_minutes,
    justification: row.justification,
    createdAt: row.created_at,
  }
}
