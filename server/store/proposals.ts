import { type Kysely, type Selectable, sql } from 'kysely'
import type { UserId } from '#core/ids.ts'
import type { ProposalState, VoidReason } from '#core/proposal.ts'
import type { EventActor } from '#server/audit/chain.ts'
import type { Change } from './change.ts'
import type { ProposalTable, Schema } from './schema.ts'

export interface ProposedChange {
  readonly object: { readonly type: ProposalTable['object_type']; readonly id: string }
  readonly verb: ProposalTable['verb']
  readonly baseVersion: number
  /** As it was sent; null: to be deleted. */
  readonly body: object | null
  readonly confirmEnding: number | null
  readonly before: object | null
  readonly after: object | null
  readonly changed: readonly string[]
  readonly widens: readonly string[]
}

export interface NewProposal extends ProposedChange {
  readonly id: string
  readonly author: { readonly userId: UserId; readonly userName: string }
  readonly authorActor: EventActor
  readonly byServiceToken: string | null
  readonly expiresAt: Date
}

export interface StoredProposal extends NewProposal {
  readonly version: number
  readonly proposedAt: Date
  readonly state: ProposalState
  readonly voidReason: VoidReason | null
  readonly decided: {
    readonly userId: string
    readonly userName: string
    readonly at: Date
  } | null
  readonly comment: string | null
}

export async function insertProposal(c: Change, proposal: NewProposal): Promise<void> {
  const { object, body, before, after } = proposal
  const json = (value: object | null) => (value === null ? null : JSON.stringify(value))
  await c.tx
    .insertInto('proposal')
    .values({
      proposal_id: proposal.id,
      object_type: object.type,
      object_id: object.id,
      verb: proposal.verb,
      base_version: proposal.baseVersion,
      body: json(body),
      confirm_ending: proposal.confirmEnding,
      before: json(before),
      after: json(after),
      changed: [...proposal.changed],
      widens: [...proposal.widens],
      author_id: proposal.author.userId,
      author_name: proposal.author.userName,
      author_actor: JSON.stringify(proposal.authorActor),
      by_service_token: proposal.byServiceToken,
      proposed_at: c.at,
      expires_at: proposal.expiresAt,
      void_reason: null,
      decided_by: null,
      decided_name: null,
      decided_at: null,
      comment: null,
    })
    .execute()
}

export async function loadProposal(
  db: Kysely<Schema>,
  id: string,
  options: { lock?: boolean } = {},
): Promise<StoredProposal | null> {
  let query = db.selectFrom('proposal').selectAll().where('proposal_id', '=', id)
  if (options.lock === true) query = query.forUpdate()
  const row = await query.executeTakeFirst()
  return row === undefined ? null : proposalOf(row)
}

export interface ProposalsAsked {
  /** Null: all. What is waiting and out of time counts as void. */
  readonly states: readonly ProposalState[] | null
  readonly now: Date
  readonly limit: number
  readonly after: { readonly proposedAt: Date; readonly id: string } | null
}

/** Newest first; one more than asked for, so that the caller knows whether there are more. */
export async function listProposals(
  db: Kysely<Schema>,
  { states, now, limit, after }: ProposalsAsked,
): Promise<StoredProposal[]> {
  let query = db
    .selectFrom('proposal')
    .selectAll()
    .orderBy('proposed_at', 'desc')
    .orderBy('proposal_id', 'desc')
    .limit(limit + 1)
  if (states !== null) {
    query = query.where(
      sql<boolean>`case when state = 'waiting' and expires_at <= ${now} then 'void' else state end
        = any(${[...states]}::text[])`,
    )
  }
  if (after !== null) {
    query = query.where(
      sql<boolean>`(proposed_at, proposal_id) < (${after.proposedAt}, ${after.id}::uuid)`,
    )
  }
  return (await query.execute()).map(proposalOf)
}

export async function countWaitingProposals(db: Kysely<Schema>, now: Date): Promise<number> {
  const { count } = await db
    .selectFrom('proposal')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('state', '=', 'waiting')
    .where('expires_at', '>', now)
    .executeTakeFirstOrThrow()
  return Number(count)
}

export interface ProposalDecision {
  readonly id: string
  readonly state: 'accepted' | 'refused' | 'withdrawn'
  readonly by: { readonly userId: string; readonly userName: string }
  readonly comment: string | null
}

/** Answers the new version. The caller has locked the row and found it waiting. */
export async function decideProposal(c: Change, decision: ProposalDecision): Promise<number> {
  const { id, state, by, comment } = decision
  const { version } = await c.tx
    .updateTable('proposal')
    .set({
      state,
      decided_by: by.userId,
      decided_name: by.userName,
      decided_at: c.at,
      comment,
      version: sql`version + 1`,
    })
    .where('proposal_id', '=', id)
    .where('state', '=', 'waiting')
    .returning('version')
    .executeTakeFirstOrThrow()
  return version
}

export interface Voided {
  readonly id: string
  readonly version: number
  readonly authorId: string
}

/** Those whose object has changed under them. */
export function voidProposalsOf(
  c: Change,
  object: ProposedChange['object'],
): Promise<readonly Voided[]> {
  return c.tx
    .updateTable('proposal')
    .set({ state: 'void', void_reason: 'changed', decided_at: c.at, version: sql`version + 1` })
    .where('state', '=', 'waiting')
    .where('object_type', '=', object.type)
    .where('object_id', '=', object.id)
    .returning(['proposal_id as id', 'version', 'author_id as authorId'])
    .execute()
}

/** Those on which nobody decided in time. */
export async function voidExpiredProposals(c: Change, limit: number): Promise<readonly Voided[]> {
  const { rows } = await sql<Voided>`
    update proposal
    set state = 'void', void_reason = 'expired', decided_at = ${c.at}, version = version + 1
    where proposal_id in (
      select proposal_id from proposal where state = 'waiting' and expires_at <= ${c.at}
      order by expires_at limit ${limit} for update skip locked)
    returning proposal_id as id, version, author_id as "authorId"`.execute(c.tx)
  return rows
}

function proposalOf(row: Selectable<ProposalTable>): StoredProposal {
  const { decided_by: userId, decided_name: userName, decided_at: at } = row
  return {
    id: row.proposal_id,
    version: row.version,
    object: { type: row.object_type, id: row.object_id },
    verb: row.verb,
    baseVersion: row.base_version,
    body: row.body,
    confirmEnding: row.confirm_ending,
    before: row.before,
    after: row.after,
    changed: row.changed,
    widens: row.widens,
    // An id of the directory, and an actor that we wrote.
    author: { userId: row.author_id as UserId, userName: row.author_name },
    authorActor: row.author_actor as EventActor,
    byServiceToken: row.by_service_token,
    proposedAt: row.proposed_at,
    expiresAt: row.expires_at,
    state: row.state,
    voidReason: row.void_reason,
    decided: userId !== null && userName !== null && at !== null ? { userId, userName, at } : null,
    comment: row.comment,
  }
}
