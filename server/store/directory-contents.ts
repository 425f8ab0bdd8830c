/** What is inside permission sets: read when one is new and once a day, one by one. */
import type { Kysely, Selectable } from 'kysely'
import type { PermissionSetArn } from '#core/ids.ts'
import { change } from './change.ts'
import { lockReplica, raiseVersion } from './directory.ts'
import type { DirectoryPermissionSetTable, PermissionSetLevel, Schema } from './schema.ts'

export interface PermissionSetContents {
  readonly name: string
  readonly description: string
  readonly sessionMinutes: number | null
  readonly level: PermissionSetLevel
  /** Null: the endpoint does not show all of it. */
  readonly policies: PermissionSetPolicies | null
}

/** The policies that it consists of, by their names. */
export interface PermissionSetPolicies {
  readonly managed: readonly string[]
  readonly customerManaged: readonly string[]
  readonly hasInline: boolean
}

const contentsAgeMaxMs = 24 * 3_600_000

/** Whose turn it is: one that was never read, else the one read longest ago, if that is a day. */
export async function nextPermissionSetToRead(
  db: Kysely<Schema>,
  now: Date,
): Promise<PermissionSetArn | null> {
  const row = await db
    .selectFrom('directory_permission_set')
    .select('permission_set_arn')
    .where('gone_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('content_read_at', 'is', null),
        eb('content_read_at', '<=', new Date(now.getTime() - contentsAgeMaxMs)),
      ]),
    )
    .orderBy('content_read_at', (order) => order.asc().nullsFirst())
    .orderBy('permission_set_arn')
    .limit(1)
    .executeTakeFirst()
  // Ids in the replica came from AWS.
  return (row?.permission_set_arn as PermissionSetArn | undefined) ?? null
}

/** Null contents: they could not be read; asked again tomorrow, until then as it was. */
export function applyContents(
  db: Kysely<Schema>,
  at: Date,
  { arn, contents }: { arn: PermissionSetArn; contents: PermissionSetContents | null },
): Promise<void> {
  return change(db, at, async (c) => {
    await lockReplica(c.tx)
    const old = await c.tx
      .selectFrom('directory_permission_set')
      .selectAll()
      .where('permission_set_arn', '=', arn)
      .executeTakeFirst()
    if (!old) return
    const read = contents ?? {
      name: old.name,
      description: old.description,
      sessionMinutes: old.session_minutes,
      level: old.level,
      policies: policiesOf(old),
    }
    await c.tx
      .updateTable('directory_permission_set')
      .set({
        name: read.name,
        description: read.description,
        session_minutes: read.sessionMinutes,
        level: read.level,
        content_read_at: at,
        managed_policies: read.policies && [...read.policies.managed],
        customer_managed_policies: read.policies && [...read.policies.customerManaged],
        has_inline_policy: read.policies?.hasInline ?? null,
      })
      .where('permission_set_arn', '=', arn)
      .execute()
    const same =
      old.name === read.name &&
      old.description === read.description &&
      old.session_minutes === read.sessionMinutes &&
      old.level === read.level
    if (!same) await raiseVersion(c.tx)
  })
}

export type PolicyColumns = Pick<
  Selectable<DirectoryPermissionSetTable>,
  'managed_policies' | 'customer_managed_policies' | 'has_inline_policy'
>

/** Null: they are not known. */
export function policiesOf(row: PolicyColumns): PermissionSetPolicies | null {
  const { managed_policies: managed, customer_managed_policies: customerManaged } = row
  if (managed === null || customerManaged === null) return null
  return { managed, customerManaged, hasInline: row.has_inline_policy ?? false }
}
