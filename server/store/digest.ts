/** What an administrator should look at today, and who was told of it for which day. */
import { type Kysely, sql, type Transaction } from 'kysely'
import { loadCreationHold } from './creation-hold.ts'
import { heldRefresh } from './directory-refreshes.ts'
import { lateAlarms } from './late-alarms.ts'
import { countUndelivered } from './notices.ts'
import { countWaitingProposals } from './proposals.ts'
import type { Schema } from './schema.ts'

/** Somebody's access to one target. */
export interface DigestLine {
  readonly who: string
  readonly set: string
  readonly account: string
  readonly accountId: string
}

export interface DigestPart {
  readonly count: number
  /** The first of them. */
  readonly lines: readonly DigestLine[]
}

export interface Digest {
  readonly late: DigestPart
  /** Of the last day. */
  readonly failed: DigestPart
  readonly reviews: DigestPart
  readonly proposals: number
  readonly undelivered: number
  readonly isRefreshHeld: boolean
  readonly areCreationsHeld: boolean
}

const dayMs = 86_400_000
const linesMax = 5

export async function loadDigest(db: Kysely<Schema>, now: Date): Promise<Digest> {
  const open = (await lateAlarms(db, { overSince: now })).filter(({ overAt }) => overAt === null)
  return {
    late: {
      count: open.length,
      lines: open.slice(0, linesMax).map((alarm) => ({
        who: alarm.displayName,
        set: alarm.permissionSetName,
        account: alarm.accountName,
        accountId: alarm.accountId,
      })),
    },
    failed: await failedSince(db, new Date(now.getTime() - dayMs)),
    reviews: await reviewsOpen(db),
    proposals: await countWaitingProposals(db, now),
    undelivered: await countUndelivered(db),
    isRefreshHeld: (await heldRefresh(db))?.state === 'held',
    areCreationsHeld: (await loadCreationHold(db)) !== null,
  }
}

export function isEmpty(digest: Digest): boolean {
  const { late, failed, reviews, proposals, undelivered } = digest
  const counts = [late.count, failed.count, reviews.count, proposals, undelivered]
  return counts.every((count) => count === 0) && !digest.isRefreshHeld && !digest.areCreationsHeld
}

const lineColumns = sql`requester_name as who, permission_set_name as set, account_name as account,
  account_id as "accountId", (count(*) over ())::int as count`

type CountedLine = DigestLine & { readonly count: number }

async function failedSince(db: Kysely<Schema>, since: Date): Promise<DigestPart> {
  const { rows } = await sql<CountedLine>`
    select ${lineColumns} from request where status = 'failed' and updated_at > ${since}
    order by updated_at limit ${linesMax}`.execute(db)
  return partOf(rows)
}

/** The longest due first. */
async function reviewsOpen(db: Kysely<Schema>): Promise<DigestPart> {
  const { rows } = await sql<CountedLine>`
    select ${lineColumns} from review join request using (request_id) where outcome is null
    order by due_at limit ${linesMax}`.execute(db)
  return partOf(rows)
}

function partOf(rows: readonly CountedLine[]): DigestPart {
  return { count: rows[0]?.count ?? 0, lines: rows.map(({ count: _, ...line }) => line) }
}

export async function digestDays(db: Kysely<Schema>): Promise<ReadonlyMap<string, string>> {
  const rows = await db.selectFrom('digest_told').selectAll().execute()
  return new Map(rows.map((row) => [row.receiver_id, row.day]))
}

/** Answers whose day it is by this call and was not before. */
export async function beginDigestDays(
  tx: Transaction<Schema>,
  days: ReadonlyMap<string, string>,
): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ receiver_id: string }>`
    insert into digest_told as told (receiver_id, day)
      select * from unnest(${[...days.keys()]}::text[], ${[...days.values()]}::text[])
    on conflict (receiver_id) do update set day = excluded.day where told.day < excluded.day
    returning receiver_id`.execute(tx)
  return new Set(rows.map((row) => row.receiver_id))
}
