/** The ledger of keys and intents, and the grants on them: all that the engine reads and writes. */
import { type Kysely, type Selectable, sql, type Transaction } from 'kysely'
import type { AccountId, Key, PermissionSetArn, RequestId, UserId } from '#core/ids.ts'
import type { Belief, GrantStatus, PlannedGrant, PlannedKey } from '#core/plan.ts'
import { rowsOfPrepared } from './prepared.ts'
import type { IntentState, LedgerKeyTable, Schema } from './schema.ts'

type Db = Kysely<Schema> | Transaction<Schema>

export interface LedgerGrant extends PlannedGrant {
  readonly requestId: RequestId
  readonly immediate: boolean
  readonly durationMinutes: number
  readonly hardEnd: Date | null
  readonly startsAt: Date | null
  readonly endState: 'ended' | 'revoked' | 'cancelled' | 'failed' | null
  readonly breakGlass: boolean
}

export interface LedgerIntent {
  readonly intentId: number
  readonly kind: 'create' | 'delete'
  readonly state: 'written' | 'accepted'
  readonly awsRequestId: string | null
  readonly acceptedAt: Date | null
}

export interface LedgerKey {
  readonly keyId: number
  readonly key: Key
  readonly held: boolean
  readonly attempts: number
  readonly lastError: string | null
  readonly nudges: number
  readonly belief: Belief
  readonly notBefore: Date | null
  readonly alarmedAt: Date | null
  readonly alarmNotBefore: Date | null
  readonly observedAt: Date | null
  readonly missingSince: Date | null
  readonly unwantedSince: Date | null
  readonly intent: LedgerIntent | null
  /** Kinds of calls of unknown outcome that may still land, newest first. */
  readonly doubts: readonly ('create' | 'delete')[]
  readonly newestIntentIsDoubt: boolean
  readonly grants: readonly LedgerGrant[]
}

/** Keys that the engine must think about, those that may have to lose access first. */
export async function dueKeys(
  db: Db,
  now: Date,
  { limit, except }: { limit: number; except: readonly number[] },
): Promise<number[]> {
  const rows = await db
    .selectFrom('ledger_key')
    .select('key_id')
    .where('next_at', '<=', now)
    .where('key_id', '<>', sql<number>`all(${[...except]}::bigint[])`)
    .orderBy((eb) =>
      eb.not(
        eb.or([
          eb.exists(
            eb
              .selectFrom('access_grant')
              .select(sql`1`.as('one'))
              .whereRef('access_grant.key_id', '=', 'ledger_key.key_id')
              .where('over_at', 'is', null)
              .where((g) => g.or([g('stopped_at', 'is not', null), g('ends_at', '<=', now)])),
          ),
          eb('watched_until', 'is not', null),
        ]),
      ),
    )
    .orderBy('next_at')
    .orderBy('key_id')
    .limit(limit)
    .execute()
  return rows.map((row) => row.key_id)
}

/** When the next of the other keys is due; null if none is. */
export async function nextDueAt(db: Db, except: readonly number[]): Promise<Date | null> {
  const row = await db
    .selectFrom('ledger_key')
    .select('next_at')
    .where('next_at', 'is not', null)
    .where('key_id', '<>', sql<number>`all(${[...except]}::bigint[])`)
    .orderBy('next_at')
    .limit(1)
    .executeTakeFirst()
  return row?.next_at ?? null
}

/**
 * The safety net under `next_at`: every key with an open grant, an assignment or a watch is thought
 * about again, whatever its row says.
 */
export async function wakeEveryOpenKey(db: Db, now: Date): Promise<number> {
  const result = await db
    .updateTable('ledger_key')
    .set({ next_at: now, nudges: sql`nudges + 1` })
    .where((eb) =>
      eb.or([
        eb('held', '=', true),
        eb('watched_until', 'is not', null),
        eb.exists(
          eb
            .selectFrom('access_grant')
            .select(sql`1`.as('one'))
            .whereRef('access_grant.key_id', '=', 'ledger_key.key_id')
            .where('over_at', 'is', null),
        ),
      ]),
    )
    .where((eb) => eb.or([eb('next_at', 'is', null), eb('next_at', '>', now)]))
    .executeTakeFirst()
  return Number(result.numUpdatedRows)
}

const keyColumns = [
  'user_id',
  'account_id',
  'permission_set_arn',
  'held',
  'attempts',
  'last_error',
  'nudges',
  'presence',
  'absent_seen_at',
  'confirmed_at',
  'watched_since',
  'watched_until',
  'next_look_at',
  'not_before',
  'late_alarm_at',
  'alarm_not_before',
  'observed_at',
  'missing_since',
  'unwanted_since',
] as const

type KeyRow = Pick<Selectable<LedgerKeyTable>, (typeof keyColumns)[number]>

export async function loadKey(
  db: Db,
  keyId: number,
  activationDeadlineMs: number,
): Promise<LedgerKey> {
  const [row] = await rowsOfPrepared(
    db,
    db.selectFrom('ledger_key').select(keyColumns).where('key_id', '=', keyId),
  )
  if (row === undefined) throw new Error(`There is no key ${keyId} in the ledger`)
  const intents = await rowsOfPrepared(
    db,
    db
      .selectFrom('intent')
      .select(['intent_id', 'kind', 'state', 'aws_request_id', 'sent_at'])
      .where('key_id', '=', keyId)
      .orderBy('intent_id', 'desc')
      .limit(20),
  )
  const open = intents.find(isInFlight)
  const watched = row.watched_until !== null
  return {
    keyId,
    key: keyOf(row),
    held: row.held,
    attempts: row.attempts,
    lastError: row.last_error,
    nudges: row.nudges,
    belief: beliefOf(row),
    notBefore: row.not_before,
    alarmedAt: row.late_alarm_at,
    alarmNotBefore: row.alarm_not_before,
    observedAt: row.observed_at,
    missingSince: row.missing_since,
    unwantedSince: row.unwanted_since,
    intent: open
      ? {
          intentId: open.intent_id,
          kind: open.kind,
          state: open.state,
          awsRequestId: open.aws_request_id,
          acceptedAt: open.sent_at,
        }
      : null,
    doubts: watched ? intents.filter((one) => one.state === 'unknown').map((one) => one.kind) : [],
    newestIntentIsDoubt: watched && intents[0]?.state === 'unknown',
    grants: await loadGrants(db, keyId, activationDeadlineMs),
  }
}

function isInFlight<Row extends { state: IntentState }>(
  row: Row,
): row is Row & { state: 'written' | 'accepted' } {
  return row.state === 'written' || row.state === 'accepted'
}

function keyOf(row: KeyRow): Key {
  return {
    userId: row.user_id as UserId,
    accountId: row.account_id as AccountId,
    permissionSetArn: row.permission_set_arn as PermissionSetArn,
  }
}

function beliefOf(row: KeyRow): Belief {
  return {
    presence: row.presence,
    absentSeenAt: row.absent_seen_at,
    confirmedAt: row.confirmed_at,
    watchedSince: row.watched_since,
    watchedUntil: row.watched_until,
    nextLookAt: row.next_look_at,
  }
}

async function loadGrants(
  db: Db,
  keyId: number,
  activationDeadlineMs: number,
): Promise<LedgerGrant[]> {
  const query = db
    .selectFrom('access_grant as g')
    .innerJoin('request as r', 'r.request_id', 'g.request_id')
    .select([
      'g.grant_id',
      'g.request_id',
      'g.due_at',
      'g.activation_deadline',
      'g.ends_at',
      'g.stopped_at',
      'g.immediate',
      'g.duration_minutes',
      'g.hard_end',
      'g.starts_at',
      'g.extends_grant_id',
      'r.status',
      'r.end_state',
      'r.break_glass',
    ])
    .where('g.key_id', '=', keyId)
    .where('g.over_at', 'is', null)
    .orderBy('g.due_at')
    .orderBy('g.grant_id')
  const rows = await rowsOfPrepared(db, query)
  return rows.map((row) => ({
    grantId: row.grant_id,
    requestId: row.request_id as RequestId,
    status: openStatus(row.status, row.request_id),
    dueAt: row.due_at,
    activationDeadline:
      row.activation_deadline ?? new Date(row.due_at.getTime() + activationDeadlineMs),
    endsAt: row.ends_at,
    goneBy: row.status === 'ending' ? earliest(row.stopped_at, row.ends_at) : null,
    immediate: row.immediate,
    durationMinutes: row.duration_minutes,
    hardEnd: row.hard_end,
    startsAt: row.starts_at,
    endState: endStateOf(row.end_state),
    extension: row.extends_grant_id !== null,
    breakGlass: row.break_glass,
  }))
}

/** What ends late, because nobody was there to end it, had to be gone by its end all the same. */
function earliest(stoppedAt: Date | null, endsAt: Date | null): Date | null {
  if (stoppedAt === null || endsAt === null) return stoppedAt ?? endsAt
  return stoppedAt < endsAt ? stoppedAt : endsAt
}

function openStatus(status: string, requestId: string): GrantStatus {
  switch (status) {
    case 'scheduled':
    case 'activating':
    case 'active':
    case 'ending':
      return status
    default:
      throw new Error(`The grant of request ${requestId} is open, but the request is ${status}`)
  }
}

function endStateOf(state: string | null): LedgerGrant['endState'] {
  return state === 'ended' || state === 'revoked' || state === 'cancelled' || state === 'failed'
    ? state
    : null
}

export function plannedKey(key: LedgerKey, nextPollAt: Date): PlannedKey {
  const { belief, intent } = key
  return {
    presence: belief.presence,
    confirmedAt: belief.confirmedAt,
    absentSeenAt: belief.absentSeenAt,
    watchedSince: belief.watchedSince,
    watchedUntil: belief.watchedUntil,
    nextLookAt: belief.nextLookAt,
    notBefore: key.notBefore,
    alarmedAt: key.alarmedAt,
    alarmNotBefore: key.alarmNotBefore,
    observedAt: key.observedAt,
    missingSince: key.missingSince,
    unwantedSince: key.unwantedSince,
    inFlight: intent === null ? null : { kind: intent.kind, state: intent.state, nextPollAt },
  }
}

export interface KeyUpdate {
  readonly belief?: Belief
  readonly held?: boolean
  readonly notBefore?: Date | null
  readonly attempts?: number
  readonly lastError?: string | null
  readonly alarmedAt?: Date | null
  readonly alarmNotBefore?: Date | null
  readonly observedAt?: Date
  readonly missingSince?: Date | null
  readonly unwantedSince?: Date | null
}

export async function updateKey(
  db: Db,
  keyId: number,
  update: KeyUpdate,
  now: Date,
): Promise<void> {
  const { belief } = update
  await db
    .updateTable('ledger_key')
    .set({
      updated_at: now,
      ...(belief && {
        presence: belief.presence,
        absent_seen_at: belief.absentSeenAt,
        confirmed_at: belief.confirmedAt,
        watched_since: belief.watchedSince,
        watched_until: belief.watchedUntil,
        next_look_at: belief.nextLookAt,
      }),
      ...(update.held !== undefined && { held: update.held }),
      ...(update.notBefore !== undefined && { not_before: update.notBefore }),
      ...(update.attempts !== undefined && { attempts: update.attempts }),
      ...(update.lastError !== undefined && { last_error: update.lastError }),
      ...(update.alarmedAt !== undefined && { late_alarm_at: update.alarmedAt }),
      ...(update.alarmNotBefore !== undefined && { alarm_not_before: update.alarmNotBefore }),
      ...(update.observedAt !== undefined && { observed_at: update.observedAt }),
      ...(update.missingSince !== undefined && { missing_since: update.missingSince }),
      ...(update.unwantedSince !== undefined && { unwanted_since: update.unwantedSince }),
    })
    .where('key_id', '=', keyId)
    .execute()
}

/** Unless somebody nudged meanwhile: then the key stays due. */
export async function restUntil(db: Db, key: LedgerKey, until: Date | null): Promise<void> {
  await db
    .updateTable('ledger_key')
    .set({ next_at: until })
    .where('key_id', '=', key.keyId)
    .where('nudges', '=', key.nudges)
    .execute()
}

/** Whether the key is still TEAM's, and stays so until this transaction ends: it may be released. */
export async function lockHeld(tx: Transaction<Schema>, keyId: number): Promise<boolean> {
  const row = await tx
    .selectFrom('ledger_key')
    .select('held')
    .where('key_id', '=', keyId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return row.held
}
