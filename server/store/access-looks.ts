/**
 * Looks at standing access that somebody asked for, and how far each has come. All that a look still
 * has to do is in its row, so whoever leads goes on where the last one stopped.
 */
import { randomUUID } from 'node:crypto'
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { AccountId, PermissionSetArn, UserId } from '#core/ids.ts'
import { engineChannel } from './change.ts'
import type { AccessLookTable, Schema } from './schema.ts'

type Db = Kysely<Schema> | Transaction<Schema>

export type LookSubject =
  | { readonly type: 'account'; readonly id: AccountId }
  | { readonly type: 'user'; readonly id: UserId }

export interface AccessLook {
  readonly lookId: string
  readonly subject: LookSubject
  readonly state: AccessLookTable['state']
  readonly askedAt: Date
  readonly begunAt: Date | null
  readonly finishedAt: Date | null
  readonly accountsLeft: readonly AccountId[]
  /** The account being read: when its sets were listed, which they are, and which are left. */
  readonly account: {
    readonly id: AccountId
    readonly at: Date
    readonly sets: readonly PermissionSetArn[]
    readonly setsLeft: readonly PermissionSetArn[]
  } | null
  readonly accountsTotal: number
  readonly accountsDone: number
  readonly targetsDone: number
  readonly attempts: number
  readonly failure: string | null
}

function lookOf(row: Selectable<AccessLookTable>): AccessLook {
  // The ids were parsed when the look was asked for, or are AWS's own.
  return {
    lookId: row.look_id,
    subject: { type: row.subject_type, id: row.subject_id } as LookSubject,
    state: row.state,
    askedAt: row.asked_at,
    begunAt: row.begun_at,
    finishedAt: row.finished_at,
    accountsLeft: row.accounts_left as AccountId[],
    account:
      row.account_id === null || row.account_at === null
        ? null
        : {
            id: row.account_id as AccountId,
            at: row.account_at,
            sets: row.account_sets as PermissionSetArn[],
            setsLeft: row.sets_left as PermissionSetArn[],
          },
    accountsTotal: row.accounts_total,
    accountsDone: row.accounts_done,
    targetsDone: row.targets_done,
    attempts: row.attempts,
    failure: row.failure,
  }
}

export async function loadLookAsked(db: Db, lookId: string): Promise<AccessLook | null> {
  const row = await db
    .selectFrom('access_look')
    .selectAll()
    .where('look_id', '=', lookId)
    .executeTakeFirst()
  return row ? lookOf(row) : null
}

export async function latestLook(db: Db, { type, id }: LookSubject): Promise<AccessLook | null> {
  const row = await db
    .selectFrom('access_look')
    .selectAll()
    .where('subject_type', '=', type)
    .where('subject_id', '=', id)
    .orderBy('asked_at', 'desc')
    .orderBy('look_id')
    .limit(1)
    .executeTakeFirst()
  return row ? lookOf(row) : null
}

/** When everything about it was last read: of a person, in all accounts that a look covers. */
export async function lastReadAt(db: Db, { type, id }: LookSubject): Promise<Date | null> {
  if (type === 'account') {
    const row = await db
      .selectFrom('account_reading')
      .select('read_at')
      .where('account_id', '=', id)
      .executeTakeFirst()
    return row?.read_at ?? null
  }
  const row = await db
    .selectFrom('access_look')
    .select('begun_at')
    .where('subject_type', '=', 'user')
    .where('subject_id', '=', id)
    .where('state', '=', 'done')
    .orderBy('asked_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.begun_at ?? null
}

export async function countOpenLooks(db: Db): Promise<number> {
  const { n } = await db
    .selectFrom('access_look')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('state', '=', 'open')
    .executeTakeFirstOrThrow()
  return Number(n)
}

/** Null: one about it is open already. */
export async function insertLook(
  tx: Transaction<Schema>,
  order: {
    readonly subject: LookSubject
    readonly askedBy: UserId
    readonly at: Date
    readonly accounts: readonly AccountId[]
  },
): Promise<AccessLook | null> {
  const { subject, askedBy, at, accounts } = order
  const row = await tx
    .insertInto('access_look')
    .values({
      look_id: randomUUID(),
      subject_type: subject.type,
      subject_id: subject.id,
      state: 'open',
      asked_by_id: askedBy,
      asked_at: at,
      stepped_at: at,
      accounts_left: [...accounts],
      accounts_total: accounts.length,
    })
    .onConflict((conflict) =>
      conflict.columns(['subject_type', 'subject_id']).where('state', '=', 'open').doNothing(),
    )
    .returningAll()
    .executeTakeFirst()
  await sql`select pg_notify(${engineChannel}, '')`.execute(tx)
  return row ? lookOf(row) : null
}

/** The open one that has waited longest for its next step. */
export async function nextLook(db: Db, now: Date): Promise<AccessLook | null> {
  const row = await db
    .selectFrom('access_look')
    .selectAll()
    .where('state', '=', 'open')
    .where((eb) => eb.or([eb('not_before', 'is', null), eb('not_before', '<=', now)]))
    .orderBy('stepped_at')
    .orderBy('look_id')
    .limit(1)
    .executeTakeFirst()
  return row ? lookOf(row) : null
}

export type LookStep = Partial<
  Pick<
    AccessLook,
    'accountsLeft' | 'account' | 'accountsDone' | 'targetsDone' | 'attempts' | 'failure' | 'state'
  >
> & { readonly notBefore?: Date | null }

/** Of an open one only: what was decided meanwhile stands. */
export async function recordStep(
  tx: Transaction<Schema>,
  look: AccessLook,
  { at, ...step }: LookStep & { readonly at: Date },
): Promise<void> {
  const { accountsLeft, account, accountsDone, targetsDone, attempts, failure, state } = step
  const over = state !== undefined && state !== 'open'
  await tx
    .updateTable('access_look')
    .set({
      stepped_at: at,
      begun_at: look.begunAt ?? at,
      not_before: step.notBefore ?? null,
      ...(accountsLeft && { accounts_left: [...accountsLeft] }),
      ...(account !== undefined && {
        account_id: account?.id ?? null,
        account_at: account?.at ?? null,
        account_sets: [...(account?.sets ?? [])],
        sets_left: [...(account?.setsLeft ?? [])],
      }),
      ...(accountsDone !== undefined && { accounts_done: accountsDone }),
      ...(targetsDone !== undefined && { targets_done: targetsDone }),
      attempts: attempts ?? 0,
      ...(failure !== undefined && { failure }),
      ...(over && { state, finished_at: at }),
    })
    .where('look_id', '=', look.lookId)
    .where('state', '=', 'open')
    .execute()
}

export async function accountReadAt(db: Db, accountId: AccountId): Promise<Date | null> {
  return lastReadAt(db, { type: 'account', id: accountId })
}

/** Every target of the account has been read, none of them before `readAt`. */
export async function saveAccountReading(
  tx: Transaction<Schema>,
  reading: {
    readonly accountId: AccountId
    readonly readAt: Date
    readonly sets: readonly PermissionSetArn[]
  },
): Promise<void> {
  const read = { read_at: reading.readAt, permission_set_arns: [...reading.sets] }
  await tx
    .insertInto('account_reading')
    .values({ account_id: reading.accountId, ...read })
    .onConflict((conflict) =>
      conflict
        .column('account_id')
        .doUpdateSet(read)
        .where('account_reading.read_at', '<', reading.readAt),
    )
    .execute()
}

const keptDays = 90

export async function purgeLooks(db: Kysely<Schema>, now: Date): Promise<void> {
  await db
    .deleteFrom('access_look')
    .where('state', '<>', 'open')
    .where('finished_at', '<', new Date(now.getTime() - keptDays * 86_400_000))
    .execute()
}
