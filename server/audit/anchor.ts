import type { Kysely } from 'kysely'
import type { Schema } from '#server/store/schema.ts'
import type { Anchor } from './walk.ts'

export interface AnchorLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/**
 * Where else an anchor goes, such as a signed webhook: a place that the database's administrators
 * cannot write. It is told each minute; what it does not take is said in the log, and stops no other.
 */
export interface AnchorPlace {
  readonly name: string
  keep(anchor: AnchorAt): Promise<void>
}

export type AnchorAt = Anchor & { readonly at: Date }

/** How often a copy of the server does this, in production. */
export const anchorEveryMs = 60_000

/**
 * The head of the trail goes to the log, which leaves the machine: whoever rewrites the database
 * afterwards cannot rewrite that. Said each minute even if nothing happened, so that silence in the
 * log means that nobody anchored, not that there was nothing to anchor.
 */
export async function anchorHead(
  db: Kysely<Schema>,
  log: AnchorLog,
  now: Date,
  places: readonly AnchorPlace[] = [],
): Promise<Anchor> {
  const head = await db.selectFrom('audit_head').select(['seq', 'hash']).executeTakeFirstOrThrow()
  const anchor = { seq: head.seq, hash: head.hash.toString('hex') }
  log.info({ auditHead: { ...anchor, at: now.toISOString() } }, 'Head of the audit trail')
  const told = await Promise.allSettled(places.map((place) => place.keep({ ...anchor, at: now })))
  for (const [index, { status, ...result }] of told.entries()) {
    if (status === 'fulfilled' || !('reason' in result)) continue
    log.warn({ err: result.reason, place: places[index]?.name }, 'An anchor was not taken')
  }
  return anchor
}
