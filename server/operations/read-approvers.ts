import { sql } from 'kysely'
import type { Approvers } from '#contract/request.ts'
import type { GroupId, RequestId } from '#core/ids.ts'
import { loadPeople } from '#server/store/people.ts'
import { loadRequest } from '#server/store/requests.ts'
import type { Actor } from './actor.ts'
import type { ReadPorts } from './read-request.ts'
import { approvalBasisOf, refuseUnlessSeen } from './rights-on-request.ts'

/** Who can decide on it by today's policies, and by which groups. */
export async function readApprovers(
  ports: ReadPorts,
  actor: Actor,
  id: RequestId,
): Promise<Approvers> {
  const rules = await ports.rules.load(ports.db)
  const request = await loadRequest(ports.db, id)
  refuseUnlessSeen(rules, actor, request)
  const basis = approvalBasisOf(rules, request)
  const kept = new Set(basis.quorums.map(({ policyId }) => policyId))
  const groupIds = new Set(
    rules.approverPolicies
      .filter((one) => kept.has(one.id))
      .flatMap((one) => [...one.approverGroups]),
  )
  const people = await loadPeople(ports.db, [...basis.approvers])
  const names = await groupNames(ports, groupIds)
  const approvers = [...people.values()]
    .map((person) => ({
      userId: person.userId,
      userName: person.userName,
      displayName: person.displayName,
      groups: [...person.groupIds.intersection(groupIds)].map((groupId) => ({
        groupId,
        displayName: names.get(groupId) ?? groupId,
      })),
    }))
    .toSorted((a, b) => a.displayName.localeCompare(b.displayName, 'en'))
  return { approvalsRequired: basis.approvalsRequired, approvers }
}

async function groupNames({ db }: ReadPorts, groupIds: ReadonlySet<GroupId>) {
  const rows = await db
    .selectFrom('directory_group')
    .select(['group_id', 'display_name'])
    .where('group_id', '=', sql<string>`any(${[...groupIds]}::text[])`)
    .execute()
  return new Map(rows.map((row) => [row.group_id as GroupId, row.display_name]))
}
