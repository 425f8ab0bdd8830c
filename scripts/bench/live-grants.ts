/**
 * Grants that are alive, put into database and sandbox as a morning of requests would have left
 * them: asking for a thousand by the API would take AWS's limits some minutes.
 */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import type { Sandbox } from '#sandbox/start.ts'
import { withTransaction } from '#server/store/database.ts'
import type { TestDatabase } from '#test/database.ts'

export interface PlantedGrant {
  readonly userId: string
  readonly userName: string
  readonly accountId: string
  readonly permissionSetArn: string
  readonly endsAt: Date
}

/** Rows of one statement, so that none of them has too many parameters. */
const rowsAtOnce = 200

export async function plantGrants(
  { sandbox, database }: { sandbox: Sandbox; database: TestDatabase },
  grants: readonly PlantedGrant[],
  { grantedAt, durationMinutes }: { grantedAt: Date; durationMinutes: number },
): Promise<void> {
  const { world } = sandbox
  world.commit(
    ...grants.map((grant) => ({
      type: 'assignment' as const,
      value: {
        accountId: grant.accountId,
        permissionSetArn: grant.permissionSetArn,
        principalType: 'USER' as const,
        principalId: grant.userId,
        createdAt: grantedAt.getTime(),
        roleSuffix: world.ids.roleSuffix(),
      },
    })),
  )
  for (let from = 0; from < grants.length; from += rowsAtOnce) {
    await plantRows(database, grants.slice(from, from + rowsAtOnce), { grantedAt, durationMinutes })
  }
}

async function plantRows(
  { database }: TestDatabase,
  grants: readonly PlantedGrant[],
  { grantedAt, durationMinutes }: { grantedAt: Date; durationMinutes: number },
): Promise<void> {
  const rows = grants.map((grant) => ({ ...grant, requestId: randomUUID() }))
  const observedAt = new Date()
  await withTransaction(database.long, async (tx) => {
    await tx
      .insertInto('request')
      .values(rows.map((row) => requestOf(row, { grantedAt, durationMinutes })))
      .execute()
    // The database holds the legal moves too.
    for (const status of ['activating', 'active'] as const) {
      await tx
        .updateTable('request')
        .set({ status })
        .where(
          'request_id',
          'in',
          rows.map((row) => row.requestId),
        )
        .execute()
    }
    const keys = await tx
      .insertInto('ledger_key')
      .values(
        rows.map((row) => ({
          user_id: row.userId,
          account_id: row.accountId,
          permission_set_arn: row.permissionSetArn,
          held: true,
          presence: 'present' as const,
          confirmed_at: grantedAt,
          // Live targets are looked at every five minutes: these just now.
          observed_at: observedAt,
          next_at: row.endsAt,
          updated_at: grantedAt,
        })),
      )
      .returning(['key_id', 'user_id', 'account_id', 'permission_set_arn'])
      .execute()
    const nameOf = (one: readonly string[]) => one.join(' ')
    const keyIds = new Map(
      keys.map((key) => [
        nameOf([key.user_id, key.account_id, key.permission_set_arn]),
        key.key_id,
      ]),
    )
    await tx
      .insertInto('intent')
      .values(
        keys.map((key) => ({
          key_id: key.key_id,
          kind: 'create' as const,
          state: 'succeeded' as const,
          epoch: 1,
          written_at: grantedAt,
          sent_at: grantedAt,
          aws_request_id: randomUUID(),
          settled_at: grantedAt,
          reason: null,
        })),
      )
      .execute()
    await tx
      .insertInto('access_grant')
      .values(
        rows.map((row) => ({
          grant_id: randomUUID(),
          request_id: row.requestId,
          key_id: keyIds.get(nameOf([row.userId, row.accountId, row.permissionSetArn])) ?? 0,
          due_at: grantedAt,
          immediate: true,
          duration_minutes: durationMinutes,
          intent_at: grantedAt,
          hard_end: row.endsAt,
          activation_deadline: new Date(grantedAt.getTime() + 600_000),
          granted_at: grantedAt,
          starts_at: grantedAt,
          ends_at: row.endsAt,
          session_minutes: 60,
        })),
      )
      .execute()
  })
}

function requestOf(
  row: PlantedGrant & { requestId: string },
  { grantedAt, durationMinutes }: { grantedAt: Date; durationMinutes: number },
) {
  return {
    request_id: row.requestId,
    version: 3,
    submission_id: randomUUID(),
    status: 'scheduled' as const,
    end_state: null,
    requester_id: row.userId,
    requester_user_name: row.userName,
    requester_name: row.userName,
    requester_email: `${row.userName}@example.com`,
    account_id: row.accountId,
    account_name: row.accountId,
    permission_set_arn: row.permissionSetArn,
    permission_set_name: 'Bench',
    requested_starts_at: null,
    duration_minutes: durationMinutes,
    justification: 'A morning of work',
    ticket: null,
    break_glass: false,
    extends_request_id: null,
    approval_required: false,
    approvals_required: 0,
    approval_needs: '[]',
    explanation: '{}',
    end_reason: null,
    failure: null,
    created_at: grantedAt,
    expires_at: new Date(grantedAt.getTime() + 3 * 3_600_000),
    updated_at: grantedAt,
  }
}

/** Grants that TEAM does not yet show as over. */
export async function grantsLeft({ db }: TestDatabase): Promise<number> {
  const { left } = await db
    .selectFrom('access_grant')
    .select(sql<number>`count(*)`.as('left'))
    .where('over_at', 'is', null)
    .executeTakeFirstOrThrow()
  return left
}

/** Assignments of people that stand in AWS. */
export function assignmentsLeft({ world }: Sandbox): number {
  let left = 0
  for (const { principalType } of world.state.assignments.values()) {
    if (principalType === 'USER') left += 1
  }
  return left
}
