import { sql } from 'kysely'
import { z } from 'zod'
import type { Approvers } from '#contract/request.ts'
import type { GroupId, RequestId } from '#core/ids.ts'
import { loadPeople, pageOfPeople } from '#server/store/people.ts'
import { loadRequest } from '#server/store/requests.ts'
import { type Actor, rulesFor } from './actor.ts'
import { decodeCursor, pageOf } from './paging.ts'
import type { ReadPorts } from './read-request.ts'
import { approvalBasisOf, refuseUnlessSeen } from './rights-on-request.ts'

const Cursor = z.tuple([z.string(), z.string()])

/** Who can decide on it by today's policies, and by which groups. */
export async function readApprovers(
  ports: ReadPorts,
  actor: Actor,
  { id, limit, cursor }: { id: RequestId; limit: number; cursor?: string | undefined },
): Promise<Approvers> {
  const after = decodeCursor(cursor, Cursor)
  const rules = await rulesFor(ports, actor)
  const request = await loadRequest(ports.db, id)
  refuseUnlessSeen(rules, actor, request)
  const basis = approvalBasisOf(rules, request)
  const kept = new Set(basis.quorums.map(({ policyId }) => policyId))
  const groupIds = new Set(
    rules.approverPolicies
      .filter((one) => kept.has(one.id))
      .flatMap((one) => [...one.approverGroups]),
  )
  const found = await pageOfPeople(ports.db, [...basis.approvers], {
    limit,
    after: after && { sortName: after[0], userId: after[1] },
  })
  const page = pageOf(found, limit, ({ sortName, userId }) => [sortName, userId])
  const people = await loadPeople(
    ports.db,
    page.items.map(({ userId }) => userId),
  )
  const names = await groupNames(ports, groupIds)
  const approvers = page.items.flatMap(({ userId }) => {
    const person = people.get(userId)
    if (person === undefined) return []
    const groups = [...person.groupIds.intersection(groupIds)].map((groupId) => ({
      groupId,
      displayName: names.get(groupId) ?? groupId,
    }))
    return [{ userId, userName: person.userName, displayName: person.displayName, groups }]
  })
  return {
    approvalsRequired: basis.approvalsRequired,
    approverCount: basis.approvers.size,
    approvers,
    nextCursor: page.nextCursor,
  }
}

async function groupNames({ db }: ReadPorts, groupIds: ReadonlySet<GroupId>) {
  const rows = await db
    .selectFrom('directory_group')
    .select(['group_id', 'display_name'])
    .where('group_id', '=', sql<string>`any(${[...groupIds]}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.group_id as GroupId, row.display_name]))
}
