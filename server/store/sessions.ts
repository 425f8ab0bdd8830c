import type { Kysely, Selectable } from 'kysely'
import type { UserId } from '#core/ids.ts'
import { type Change, change, systemActor } from './change.ts'
import { type PersonInReplica, personColumns, personFromRow } from './people.ts'
import { preparedOnce } from './prepared.ts'
import { directoryNumber, type RulesNumbers, rulesNumber } from './rules.ts'
import type { Schema, SignInSessionTable } from './schema.ts'

export interface Session {
  readonly idHash: Buffer
  readonly userId: UserId
  readonly csrfToken: string
  readonly createdAt: Date
  readonly lastSeenAt: Date
  readonly expiresAt: Date
  readonly localeHint: string | null
}

/** As it was found, with what says what its holder may do, as it was at that moment. */
export interface FoundSession extends Session {
  /** Null: nobody in the replica. */
  readonly holder: PersonInReplica | null
  readonly rulesNumbers: RulesNumbers
}

export type SessionEndReason = 'signed_out' | 'replaced' | 'disabled' | 'expired' | 'idle'

export interface SessionEnd {
  readonly at: Date
  readonly why: SessionEndReason
}

/** What the audit trail keeps of a sign-in. */
export interface SignIn {
  readonly userId: UserId
  readonly userName: string
  readonly at: Date
  readonly address: string
  readonly assertionId: string
  readonly idpInitiated: boolean
}

export interface SessionStore {
  /** One transaction: the new session, the end of the replaced one, their audit events. */
  start(session: Session, replaced: Buffer | null, signIn: SignIn): Promise<void>
  /** A session that has not been ended; whether it is still in time is the caller's to judge. */
  find(idHash: Buffer): Promise<FoundSession | null>
  touch(idHash: Buffer, at: Date): Promise<void>
  end(idHash: Buffer, end: SessionEnd): Promise<void>
  /** The hashes of the sessions that were ended by this. */
  endAllOf(userId: UserId, end: SessionEnd): Promise<Buffer[]>
  /** False if this assertion was used before, here or in another copy of the server. */
  rememberAssertion(assertionId: string, until: Date): Promise<boolean>
}

export function sessionStore(db: Kysely<Schema>): SessionStore {
  return {
    start: (session, replaced, signIn) =>
      change(db, signIn.at, async (c) => {
        if (replaced !== null) await endSessions(c, { idHash: replaced }, 'replaced')
        await c.tx.insertInto('sign_in_session').values(rowOf(session)).execute()
        const { userId, userName, address, assertionId, idpInitiated } = signIn
        c.event({
          actor: { type: 'user', id: userId, name: userName },
          action: 'sign-in.accept',
          object: { type: 'sign-in', id: userId },
          payload: { address, assertionId, idpInitiated },
        })
      }),
    async find(idHash) {
      const [row] = await sessionsFound(db, idHash)
      return row === undefined ? null : foundSession(row)
    },
    async touch(idHash, at) {
      await db
        .updateTable('sign_in_session')
        .set({ last_seen_at: at })
        .where('id_hash', '=', idHash)
        .where('last_seen_at', '<', at)
        .execute()
    },
    async end(idHash, { at, why }) {
      await change(db, at, (c) => endSessions(c, { idHash }, why))
    },
    endAllOf: (userId, { at, why }) => change(db, at, (c) => endSessions(c, { userId }, why)),
    async rememberAssertion(assertionId, until) {
      const inserted = await db
        .insertInto('saml_assertion_once')
        .values({ assertion_id: assertionId, expires_at: until })
        .onConflict((conflict) => conflict.column('assertion_id').doNothing())
        .returning('assertion_id')
        .executeTakeFirst()
      return inserted !== undefined
    },
  }
}

/** One statement, for each request begins with it. */
const sessionsFound = preparedOnce((db, idHash: Buffer) =>
  db
    .selectFrom('sign_in_session as s')
    .leftJoin('directory_user as u', 'u.user_id', 's.user_id')
    .select([
      's.id_hash',
      's.user_id',
      's.csrf_token',
      's.created_at',
      's.last_seen_at',
      's.expires_at',
      's.locale_hint',
      ...personColumns,
      rulesNumber.as('rules'),
      directoryNumber.as('directory'),
    ])
    .where('s.id_hash', '=', idHash)
    .where('s.ended_at', 'is', null),
)

type Which = { readonly idHash: Buffer } | { readonly userId: UserId }

/** What somebody did is an event; that time went by is not. */
const recordedEnds: readonly SessionEndReason[] = ['signed_out', 'replaced', 'disabled']

async function endSessions(c: Change, which: Which, why: SessionEndReason): Promise<Buffer[]> {
  const live = c.tx
    .updateTable('sign_in_session')
    .set({ ended_at: c.at, ended_why: why })
    .where('ended_at', 'is', null)
  const chosen =
    'idHash' in which
      ? live.where('id_hash', '=', which.idHash)
      : live.where('user_id', '=', which.userId)
  const ended = await chosen.returning(['id_hash', 'user_id']).execute()
  if (recordedEnds.includes(why)) {
    for (const { user_id } of ended) await recordEnd(c, user_id, why)
  }
  return ended.map((row) => row.id_hash)
}

async function recordEnd(c: Change, userId: string, why: SessionEndReason): Promise<void> {
  const person = await c.tx
    .selectFrom('directory_user')
    .select('user_name')
    .where('user_id', '=', userId)
    .executeTakeFirst()
  const name = person?.user_name ?? userId
  c.event({
    actor: why === 'disabled' ? systemActor : { type: 'user', id: userId, name },
    action: 'session.end',
    object: { type: 'session', id: userId },
    result: why,
    payload: { userName: name },
  })
}

function rowOf(session: Session): Selectable<SignInSessionTable> {
  return {
    id_hash: session.idHash,
    user_id: session.userId,
    csrf_token: session.csrfToken,
    created_at: session.createdAt,
    last_seen_at: session.lastSeenAt,
    expires_at: session.expiresAt,
    ended_at: null,
    ended_why: null,
    locale_hint: session.localeHint,
  }
}

function foundSession(row: Awaited<ReturnType<typeof sessionsFound>>[number]): FoundSession {
  const { user_name, display_name, enabled, read_at } = row
  const isKnown =
    user_name !== null && display_name !== null && enabled !== null && read_at !== null
  const person = isKnown ? { ...row, user_name, display_name, enabled, read_at } : null
  return {
    idHash: row.id_hash,
    // Only `start` writes this column, and it takes a UserId.
    userId: row.user_id as UserId,
    csrfToken: row.csrf_token,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    localeHint: row.locale_hint,
    holder: person && personFromRow(row.user_id as UserId, person),
    rulesNumbers: { rules: row.rules, directory: row.directory },
  }
}

export const purgeRowsMax = 1000
const endedSessionsKeptHours = 24

export interface Purged {
  readonly sessions: number
  readonly assertions: number
}

/** For a timer, every ten minutes or so: whatever is left over goes the next time. */
export async function purgeSignIns(db: Kysely<Schema>, now: Date): Promise<Purged> {
  const cutoff = new Date(now.getTime() - endedSessionsKeptHours * 3_600_000)
  const sessions = await db
    .deleteFrom('sign_in_session')
    .where('id_hash', 'in', (old) =>
      old
        .selectFrom('sign_in_session')
        .select('id_hash')
        .where('expires_at', '<', cutoff)
        .orderBy('expires_at')
        .limit(purgeRowsMax),
    )
    .executeTakeFirst()
  const assertions = await db
    .deleteFrom('saml_assertion_once')
    .where('assertion_id', 'in', (old) =>
      old
        .selectFrom('saml_assertion_once')
        .select('assertion_id')
        .where('expires_at', '<', now)
        .orderBy('expires_at')
        .limit(purgeRowsMax),
    )
    .executeTakeFirst()
  return {
    sessions: Number(sessions.numDeletedRows),
    assertions: Number(assertions.numDeletedRows),
  }
}
