/**
 * Which of the targets that were ever asked for a person decides on, as numbers that SQL can hold
 * against requests: so lists are filtered and paged in SQL, and who approves what is still said by
 * the rules alone. Asked of the rules once a target for each state of the rules.
 */
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import type { GroupId, PolicyId, Target, UserId } from '#core/ids.ts'
import { requestTargetsFrom } from '#server/store/request-targets.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'

export interface ApprovableTargets {
  idsFor(db: Kysely<Schema>, rules: Rules, person: Person): Promise<number[]>
}

/**
 * Transactions that add a target commit in another order than they took its number, but live two
 * seconds at most; fewer than this many numbers are given out meanwhile.
 */
const unsettledNumbersMax = 1_000
const nobody = '' as UserId

export function createApprovableTargets(): ApprovableTargets {
  let version = ''
  let groupsOf = new Map<number, readonly GroupId[]>()
  let highest = 0

  async function catchUp(db: Kysely<Schema>, rules: Rules): Promise<void> {
    if (version !== rules.version) {
      version = rules.version
      groupsOf = new Map()
      highest = 0
    }
    const known = groupsOf
    const approverGroups = new Map(
      rules.approverPolicies.map((one) => [one.id, one.approverGroups]),
    )
    for (const { targetId, target } of await requestTargetsFrom(
      db,
      highest - unsettledNumbersMax,
    )) {
      if (!known.has(targetId)) known.set(targetId, groupsFor(rules, approverGroups, target))
      if (known === groupsOf) highest = Math.max(highest, targetId)
    }
  }

  return {
    async idsFor(db, rules, person) {
      if (person.groupIds.isDisjointFrom(rules.approverGroupIds)) return []
      await catchUp(db, rules)
      return [...groupsOf]
        .filter(([, groupIds]) => groupIds.some((groupId) => person.groupIds.has(groupId)))
        .map(([targetId]) => targetId)
    },
  }
}

function groupsFor(
  rules: Rules,
  approverGroups: ReadonlyMap<PolicyId, readonly GroupId[]>,
  target: Target,
): GroupId[] {
  const { quorums } = rules.evaluator.approval(target, nobody)
  return [...new Set(quorums.flatMap(({ policyId }) => approverGroups.get(policyId) ?? []))]
}
