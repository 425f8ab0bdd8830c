import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { PolicyHistory } from '#contract/policy.ts'
import type { PolicyTargets, WholeDirectory } from '#core/facts.ts'
import type { AccountId, GroupId, OuId, PermissionSetArn, PolicyId, UserId } from '#core/ids.ts'
import { policiesAbout } from '#core/policies-about.ts'
import type { PolicyWarning } from '#core/policy-warnings.ts'
import { type DirectoryExcerpt, loadExcerpt } from '#server/store/directory-excerpt.ts'
import { namesOfUsers } from '#server/store/people.ts'
import type { Stored } from '#server/store/policies.ts'
import type { PolicyConditions } from '#server/store/policy-conditions.ts'
import { listPolicyVersions } from '#server/store/policy-history.ts'
import type { Rules, RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { decodeCursor, pageOf } from './paging.ts'
import type { KindOfPolicy, NamedId } from './policy-kinds.ts'
import { Refused } from './refused.ts'

export interface ReadPolicyPorts {
  readonly db: Kysely<Schema>
  readonly rules: RulesStore
}

export interface AnyPolicy {
  readonly id: PolicyId
  readonly version: number
  readonly targets: PolicyTargets
  readonly permissionSets: readonly string[] | null
}

export interface PolicyListQuery extends Omit<PolicyConditions, 'ids'> {
  readonly limit: number
  readonly cursor?: string | undefined
  readonly accountId?: string | undefined
  readonly permissionSetArn?: string | undefined
}

const Cursor = z.tuple([z.iso.datetime(), z.uuid()])

export async function listPolicies<Policy extends AnyPolicy, Body, Shown>(
  ports: ReadPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  query: PolicyListQuery,
  known?: Rules,
) {
  const rules = known ?? (await ports.rules.load(ports.db))
  const { limit, cursor: from, accountId, permissionSetArn, ...columns } = query
  const cursor = decodeCursor(from, Cursor)
  const after = cursor && { createdAt: new Date(cursor[0]), id: cursor[1] }
  const ids = idsAbout(rules, kind, { accountId, permissionSetArn })
  const found = await kind.store.list(ports.db, { limit, after }, { ...columns, ids })
  const page = pageOf(found, limit, ({ createdAt, policy }) => [createdAt.toISOString(), policy.id])
  const items = await showPolicies(ports.db, rules, kind, page.items)
  return { items, nextCursor: page.nextCursor }
}

/** What a policy covers is the rules' to say, not SQL's. Undefined: nothing was asked about. */
function idsAbout<Policy extends AnyPolicy, Body, Shown>(
  rules: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  about: Pick<PolicyListQuery, 'accountId' | 'permissionSetArn'>,
): string[] | undefined {
  if (about.accountId === undefined && about.permissionSetArn === undefined) return undefined
  // The contract's schemas have parsed both.
  const asked = {
    accountId: about.accountId as AccountId | undefined,
    permissionSetArn: about.permissionSetArn as PermissionSetArn | undefined,
  }
  return policiesAbout(kind.all(rules), asked, rules.directory).map(({ id }) => id)
}

export async function readPolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: ReadPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  id: string,
) {
  const stored = await kind.store.get(ports.db, id)
  const rules = await ports.rules.load(ports.db)
  const [shown] = stored ? await showPolicies(ports.db, rules, kind, [stored]) : []
  if (shown === undefined) throw noSuchPolicy()
  return shown
}

export function noSuchPolicy(): Refused {
  return new Refused('not_found', {
    detail: 'There is no such policy; it may have been deleted. Look at the list.',
  })
}

/** Names and warnings come from the directory as it stands, in a few queries for all of them. */
async function showPolicies<Policy extends AnyPolicy, Body, Shown>(
  db: Kysely<Schema>,
  rules: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  stored: readonly Stored<Policy>[],
) {
  const named = stored.flatMap(({ policy }) => kind.namedIds(policy))
  const excerpt = await loadExcerpt(db, idsByKind(named))
  const nameOfUser = await namesOfUsers(
    db,
    stored.map(({ updatedBy }) => updatedBy),
  )
  return stored.map(({ policy, updatedBy, updatedAt }) => ({
    ...kind.show(policy, excerpt.nameOf),
    id: policy.id as string,
    version: policy.version,
    warnings: showWarnings(rules, excerpt, kind, policy, overlapsOfSaved(rules, kind, policy)),
    updatedBy: { userId: updatedBy, userName: nameOfUser(updatedBy) },
    updatedAt: updatedAt.toISOString(),
  }))
}

/** Of a policy that is not saved, too. */
export async function warningsOf<Policy extends AnyPolicy, Body, Shown>(
  db: Kysely<Schema>,
  rules: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  policy: Policy,
) {
  const excerpt = await loadExcerpt(db, idsByKind(kind.namedIds(policy)))
  return showWarnings(rules, excerpt, kind, policy, overlapsOf(rules, kind, policy))
}

function overlapsOf<Policy extends AnyPolicy, Body, Shown>(
  { index, directory }: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  policy: Policy,
): PolicyWarning[] {
  return kind.overlaps(policy, index, directory.enabledMembers)
}

const overlapsKnown = new WeakMap<Rules, Map<string, PolicyWarning[]>>()

/** Each policy is compared with thousands of others once after a change, not once a look at it. */
function overlapsOfSaved<Policy extends AnyPolicy, Body, Shown>(
  rules: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  policy: Policy,
): PolicyWarning[] {
  const known = overlapsKnown.get(rules) ?? new Map<string, PolicyWarning[]>()
  overlapsKnown.set(rules, known)
  const key = `${kind.kind} ${policy.id} ${policy.version}`
  const overlaps = known.get(key) ?? overlapsOf(rules, kind, policy)
  known.set(key, overlaps)
  return overlaps
}

function showWarnings<Policy extends AnyPolicy, Body, Shown>(
  rules: Rules,
  excerpt: DirectoryExcerpt,
  kind: KindOfPolicy<Policy, Body, Shown>,
  policy: Policy,
  overlaps: readonly PolicyWarning[],
) {
  const { accounts, permissionSets } = rules.directory
  const directory: WholeDirectory = { ...excerpt, accounts, permissionSets }
  return [...kind.warnings(policy, directory, rules.settings), ...overlaps].map(
    ({ code, params, field }) => ({ code, params: { ...params }, field }),
  )
}

export function idsByKind(named: readonly NamedId[]) {
  const of = (kind: NamedId['kind']) => named.filter((one) => one.kind === kind).map(({ id }) => id)
  return {
    userIds: of('user') as UserId[],
    groupIds: of('group') as GroupId[],
    ouIds: of('organizationalUnit') as OuId[],
  }
}

export async function readPolicyHistory<Policy extends AnyPolicy, Body, Shown>(
  ports: ReadPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  id: string,
): Promise<PolicyHistory> {
  const versions = await listPolicyVersions(ports.db, kind.kind, id)
  if (versions.length === 0) throw noSuchPolicy()
  const nameOf = await namesOfUsers(
    ports.db,
    versions.map(({ changedBy }) => changedBy),
  )
  const withName = await subjectNamer(
    ports.db,
    versions.flatMap(({ body }) => body ?? []),
  )
  return {
    items: versions.map(({ version, body, changedBy, changedAt }) => ({
      version,
      changedBy: { userId: changedBy, userName: nameOf(changedBy) },
      changedAt: changedAt.toISOString(),
      body: body && withName(body),
    })),
  }
}

const WithSubject = z.looseObject({
  subject: z.object({ type: z.enum(['user', 'group']), id: z.string() }),
})

/** An old version holds its subject's id alone; an approver policy has none. */
async function subjectNamer(db: Kysely<Schema>, bodies: readonly object[]) {
  const subjects = bodies.flatMap((body) => WithSubject.safeParse(body).data?.subject ?? [])
  const named = subjects.map(({ type, id }): NamedId => ({ kind: type, id, field: 'subject.id' }))
  const { nameOf } = await loadExcerpt(db, idsByKind(named))
  return (body: object): Record<string, unknown> => {
    const { data } = WithSubject.safeParse(body)
    if (data === undefined) return { ...body }
    return { ...body, subject: { ...data.subject, name: nameOf(data.subject.id) } }
  }
}
