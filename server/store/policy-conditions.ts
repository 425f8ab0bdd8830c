/** By what a list of policies is narrowed: every condition that is given must hold. */
import { type RawBuilder, sql } from 'kysely'
import { likeContaining } from '#core/text.ts'

/**
 * Of both kinds: the contract offers each kind only what it has, and a table without the column
 * would refuse.
 */
export interface PolicyConditions {
  /** One of these. */
  readonly ids?: readonly string[] | undefined
  readonly enabled?: boolean | undefined
  readonly subjectType?: 'user' | 'group' | undefined
  readonly subjectId?: string | undefined
  /** Text in the name of the user or group. */
  readonly subject?: string | undefined
  readonly approvalRequired?: boolean | undefined
  readonly ticketRequired?: boolean | undefined
  readonly breakGlass?: boolean | undefined
  /** Among those who approve. */
  readonly groupId?: string | undefined
  readonly exclusive?: boolean | undefined
}

type Condition = RawBuilder<boolean>

function given<Value>(value: Value | undefined, condition: (value: Value) => Condition) {
  return value === undefined ? [] : [condition(value)]
}

export function wherePolicy(conditions: PolicyConditions): Condition {
  const wanted = [
    ...given(conditions.ids, (some) => sql`policy_id = any(${[...some]}::uuid[])`),
    ...given(conditions.enabled, (on) => sql`enabled = ${on}`),
    ...given(conditions.subjectType, (type) => sql`subject_type = ${type}`),
    ...given(conditions.subjectId, (id) => sql`subject_id = ${id}`),
    ...given(conditions.subject, subjectNamed),
    ...given(conditions.approvalRequired, (on) => sql`approval_required = ${on}`),
    ...given(conditions.ticketRequired, (on) => sql`ticket_required = ${on}`),
    ...given(conditions.breakGlass, (on) => sql`break_glass = ${on}`),
    ...given(conditions.groupId, (id) => sql`approver_groups @> array[${id}::text]`),
    ...given(conditions.exclusive, (on) => sql`exclusive = ${on}`),
  ]
  return sql<boolean>`${sql.join([sql`true`, ...wanted], sql` and `)}`
}

/**
 * Looked up by id, a policy at a time: there are more users than policies. Width and case make no
 * difference; what is gone from the directory keeps its name.
 */
function subjectNamed(text: string): Condition {
  const pattern = likeContaining(text)
  const named = (column: string) => sql`lower(normalize(${sql.ref(column)}, nfkc)) like ${pattern}`
  return sql`(subject_type = 'user' and exists (select from directory_user u
      where u.user_id = subject_id and (${named('u.display_name')} or ${named('u.user_name')}))
    or subject_type = 'group' and exists (select from directory_group g
      where g.group_id = subject_id and ${named('g.display_name')}))`
}
