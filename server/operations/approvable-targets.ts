/**
 * Which of the targets that were ever asked for a person decides on, as numbers that SQL can hold
 * against requests: so lists are filtered and paged in SQL, and who approves what is still said by
 * the rules alone. Asked of the rules once a target, and again when policies match otherwise; a change
 * of members alone costs nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import type { GroupId, PolicyId, Target, UserId } from '#core/ids.ts'
import type { TargetChoice } from '#server/store/request-list.ts'
import { requestTargetsFrom } from '#server/store/request-targets.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'

export interface ApprovableTargets {
  choiceFor(db: Kysely<Schema>, rules: Rules, person: Person): Promise<TargetChoice>
}

/**
 * Transactions that add a target commit in another order than they took its number, but live two
 * seconds at most; fewer than this many numbers are given out meanwhile.
 */
const usuallyUnsettledMax = 1_000
const nobody = '' as UserId

/** Asked in portions, so that other requests are answered in between. */
const targetsAtOnce = 100

interface Known {
  readonly version: string
  readonly groupsOf: Map<number, readonly GroupId[]>
  highest: number
}

export function createApprovableTargets(
  unsettledNumbersMax: number = usuallyUnsettledMax,
): ApprovableTargets {
  let known: Known = { version: '', groupsOf: new Map(), highest: 0 }
  let turn: Promise<unknown> = Promise.resolve()

  async function catchUp(db: Kysely<Schema>, rules: Rules): Promise<Known> {
    const version = rules.matchesVersion
    if (known.version !== version) known = { version, groupsOf: new Map(), highest: 0 }
    const { groupsOf, highest } = known
    const from = highest - unsettledNumbersMax
    const added = await requestTargetsFrom(db, from, [...numbersFrom(groupsOf, from, highest)])
    const approverGroups = new Map(
      rules.approverPolicies.map((one) => [one.id, one.approverGroups]),
    )
    for (const [position, { targetId, target }] of added.entries()) {
      if (position % targetsAtOnce === targetsAtOnce - 1) await nextTurn()
      groupsOf.set(targetId, groupsFor(rules, approverGroups, target))
      known.highest = Math.max(known.highest, targetId)
    }
    return known
  }

  return {
    async choiceFor(db, rules, person) {
      if (person.groupIds.isDisjointFrom(rules.approverGroupIds)) return { among: [], allBut: null }
      const mine = turn.then(() => catchUp(db, rules))
      turn = mine.catch(() => undefined)
      const { groupsOf, highest } = await mine
      return shorter(groupsOf, highest - unsettledNumbersMax, person)
    },
  }
}

/** Up to the settled number every target is known, so there the others may be told instead. */
function shorter(groupsOf: Known['groupsOf'], upTo: number, { groupIds }: Person): TargetChoice {
  const recent: number[] = []
  const settled: number[] = []
  const except: number[] = []
  for (const [targetId, deciding] of groupsOf) {
    const decides = deciding.some((groupId) => groupIds.has(groupId))
    if (targetId > upTo) {
      if (decides) recent.push(targetId)
    } else {
      const list = decides ? settled : except
      list.push(targetId)
    }
  }
  return except.length < settled.length
    ? { among: recent, allBut: { upTo, except } }
    : { among: [...settled, ...recent], allBut: null }
}

function* numbersFrom(
  groupsOf: ReadonlyMap<number, unknown>,
  from: number,
  highest: number,
): Generator<number> {
  for (let number = from; number <= highest; number += 1) if (groupsOf.has(number)) yield number
}

function groupsFor(
  rules: Rules,
  approverGroups: ReadonlyMap<PolicyId, readonly GroupId[]>,
  target: Target,
): GroupId[] {
  const { quorums } = rules.evaluator.approval(target, nobody)
  return [...new Set(quorums.flatMap(({ policyId }) => approverGroups.get(policyId) ?? []))]
}
