import { type Kysely, sql } from 'kysely'
import type { Schema } from '#server/store/schema.ts'
import { type Bucket, rateOf } from './budget.ts'

export interface BudgetLevel {
  readonly bucket: string
  /** Calls that could be made at once; negative: calls that wait already. */
  readonly tokens: number
  readonly burst: number
  readonly perSecond: number
}

/** What is left of AWS's quotas just now, of every bucket that was ever used. */
export async function readBudgetLevels(db: Kysely<Schema>): Promise<BudgetLevel[]> {
  const { rows } = await sql<{ bucket: Bucket; tokens: number; seconds: number }>`
    select bucket, tokens, extract(epoch from clock_timestamp() - at)::float8 as seconds
    from aws_budget order by bucket`.execute(db)
  return rows.map(({ bucket, tokens, seconds }) => {
    const { perSecond, burst } = rateOf(bucket)
    const filled = Math.min(burst, tokens + Math.max(0, seconds) * perSecond)
    return { bucket, tokens: Math.round(filled * 10) / 10, burst, perSecond }
  })
}
