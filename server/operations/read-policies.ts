import type { Kysely } from 'kysely'
import { z } from 'zod'
import type { PolicyHistory } from '#contract/policy.ts'
import type { WholeDirectory } from '#core/facts.ts'
import type { GroupId, OuId, PolicyId, UserId } from '#core/ids.ts'
import { type DirectoryExcerpt, loadExcerpt } from '#server/store/directory-excerpt.ts'
import { namesOfUsers } from '#server/store/people.ts'
import type { Stored } from '#server/store/policies.ts'
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

type AnyPolicy = { id: PolicyId; version: number }

const Cursor = z.tuple([z.iso.datetime(), z.uuid()])

export async function listPolicies<Policy extends AnyPolicy, Body, Shown>(
  ports: ReadPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  query: { limit: number; cursor?: string | undefined },
) {
  const cursor = decodeCursor(query.cursor, Cursor)
  const after = cursor && { createdAt: new Date(cursor[0]), id: cursor[1] }
  const found = await kind.store.list(ports.db, { limit: query.limit, after })
  const page = pageOf(found, query.limit, ({ createdAt, policy }) => [
    createdAt.toISOString(),
    policy.id,
  ])
  return { items: await showPolicies(ports, kind, page.items), nextCursor: page.nextCursor }
}

export async function readPolicy<Policy extends AnyPolicy, Body, Shown>(
  ports: ReadPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  id: string,
) {
  const stored = await kind.store.get(ports.db, id)
  const [shown] = stored ? await showPolicies(ports, kind, [stored]) : []
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
  ports: ReadPolicyPorts,
  kind: KindOfPolicy<Policy, Body, Shown>,
  stored: readonly Stored<Policy>[],
) {
  const rules = await ports.rules.load(ports.db)
  const named = stored.flatMap(({ policy }) => kind.namedIds(policy))
  const excerpt = await loadExcerpt(ports.db, idsByKind(named))
  const nameOfUser = await namesOfUsers(
    ports.db,
    stored.map(({ updatedBy }) => updatedBy),
  )
  return stored.map(({ policy, updatedBy, updatedAt }) => ({
    ...kind.show(policy, excerpt.nameOf),
    id: policy.id as string,
    version: policy.version,
    warnings: showWarnings(rules, excerpt, kind, policy),
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
  return showWarnings(rules, excerpt, kind, policy)
}

function showWarnings<Policy extends AnyPolicy, Body, Shown>(
  rules: Rules,
  excerpt: DirectoryExcerpt,
  kind: KindOfPolicy<Policy, Body, Shown>,
  policy: Policy,
) {
  const { accounts, permissionSets } = rules.directory
  const directory: WholeDirectory = { ...excerpt, accounts, permissionSets }
  return [
    ...kind.warnings(policy, directory, rules.settings),
    ...kind.overlaps(policy, rules.index, rules.directory.enabledMembers),
  ].map(({ code, params, field }) => ({ code, params: { ...params }, field }))
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
  return {
    items: versions.map(({ version, body, changedBy, changedAt }) => ({
      version,
      changedBy: { userId: changedBy, userName: nameOf(changedBy) },
      changedAt: changedAt.toISOString(),
      body: body && { ...body },
    })),
  }
}
