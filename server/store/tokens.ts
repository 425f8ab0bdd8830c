import { type Kysely, type Selectable, sql } from 'kysely'
import type { UserId } from '#core/ids.ts'
import type { TokenKind } from '#core/token.ts'
import type { Change } from './change.ts'
import type { ApiTokenTable, Schema } from './schema.ts'

/** What everybody who may see a token may know of it. */
export interface StoredToken {
  readonly id: string
  readonly kind: TokenKind
  readonly owner: { readonly userId: UserId; readonly userName: string }
  readonly name: string
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly addresses: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly lastUsedAt: Date | null
  readonly lastUsedAddress: string | null
}

/** For authentication alone. */
export interface TokenToCheck extends StoredToken {
  readonly secretHash: Buffer
  readonly isRevoked: boolean
}

export async function insertToken(
  c: Change,
  token: Omit<StoredToken, 'createdAt' | 'lastUsedAt' | 'lastUsedAddress'>,
  secretHash: Buffer,
): Promise<void> {
  await c.tx
    .insertInto('api_token')
    .values({
      token_id: token.id,
      kind: token.kind,
      owner_id: token.owner.userId,
      owner_user_name: token.owner.userName,
      name: token.name,
      scopes: [...token.scopes],
      roles: [...token.roles],
      addresses: [...token.addresses],
      secret_hash: secretHash,
      created_at: c.at,
      expires_at: token.expiresAt,
      last_used_at: null,
      last_used_address: null,
      revoked_at: null,
      revoked_by: null,
      revoked_why: null,
    })
    .execute()
}

export async function findToken(db: Kysely<Schema>, id: string): Promise<TokenToCheck | null> {
  const row = await db
    .selectFrom('api_token')
    .selectAll()
    .where('token_id', '=', id)
    .executeTakeFirst()
  if (row === undefined) return null
  return { ...tokenOf(row), secretHash: row.secret_hash, isRevoked: row.revoked_at !== null }
}

/** One that nobody has revoked, and nobody can while this transaction lasts. */
export async function lockToken(c: Change, id: string): Promise<StoredToken | null> {
  const row = await c.tx
    .selectFrom('api_token')
    .selectAll()
    .where('token_id', '=', id)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined ? null : tokenOf(row)
}

export type RevokedWhy = 'revoked' | 'owner_disabled'

export async function revokeToken(
  c: Change,
  id: string,
  revoked: { readonly by: string; readonly why: RevokedWhy },
): Promise<void> {
  await c.tx
    .updateTable('api_token')
    .set({ revoked_at: c.at, revoked_by: revoked.by, revoked_why: revoked.why })
    .where('token_id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
}

/** The tokens that were still alive, locked. */
export async function lockTokensOf(c: Change, ownerId: UserId): Promise<StoredToken[]> {
  const rows = await c.tx
    .selectFrom('api_token')
    .selectAll()
    .where('owner_id', '=', ownerId)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', c.at)
    .orderBy('token_id')
    .forUpdate()
    .execute()
  return rows.map(tokenOf)
}

/** Counted under a lock of its own, so that two at once are not one too many. */
export async function countLiveTokens(
  c: Change,
  of: { readonly kind: TokenKind; readonly ownerId: UserId },
): Promise<number> {
  const whose = of.kind === 'service' ? 'service' : of.ownerId
  await sql`select pg_advisory_xact_lock(hashtext('api_token'), hashtext(${whose}))`.execute(c.tx)
  let query = c.tx
    .selectFrom('api_token')
    .select(({ fn }) => fn.countAll<string>().as('live'))
    .where('kind', '=', of.kind)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', c.at)
  if (of.kind === 'person') query = query.where('owner_id', '=', of.ownerId)
  return Number((await query.executeTakeFirstOrThrow()).live)
}

/** Activity is written down at most this often, so that a busy program writes no row a request. */
export const tokenTouchSeconds = 300

export async function touchToken(
  db: Kysely<Schema>,
  id: string,
  use: { readonly at: Date; readonly address: string },
): Promise<void> {
  await db
    .updateTable('api_token')
    .set({ last_used_at: use.at, last_used_address: use.address })
    .where('token_id', '=', id)
    .where(({ eb, or }) => or([eb('last_used_at', 'is', null), eb('last_used_at', '<', use.at)]))
    .execute()
}

export interface TokenListQuery {
  readonly ownerId?: UserId
  readonly kind?: TokenKind
  readonly limit: number
  readonly after: readonly [createdAt: string, id: string] | null
}

/** Newest first; revoked ones are in the trail and not here. One more than asked for. */
export async function listTokens(
  db: Kysely<Schema>,
  { ownerId, kind, limit, after }: TokenListQuery,
): Promise<StoredToken[]> {
  let query = db
    .selectFrom('api_token')
    .selectAll()
    .where('revoked_at', 'is', null)
    .orderBy('created_at', 'desc')
    .orderBy('token_id', 'desc')
    .limit(limit + 1)
  if (ownerId !== undefined) query = query.where('owner_id', '=', ownerId)
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (after !== null) {
    const [createdAt, id] = after
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'token_id'), '<', tuple(new Date(createdAt), id)),
    )
  }
  return (await query.execute()).map(tokenOf)
}

function tokenOf(row: Selectable<ApiTokenTable>): StoredToken {
  return {
    id: row.token_id,
    kind: row.kind,
    // Only `insertToken` writes this column, and it takes a UserId.
    owner: { userId: row.owner_id as UserId, userName: row.owner_user_name },
    name: row.name,
    scopes: row.scopes,
    roles: row.roles,
    addresses: row.addresses,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    lastUsedAddress: row.last_used_address,
  }
}
