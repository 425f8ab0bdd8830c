/**
 * Which of the targets that were ever asked for a person decides on, as numbers that SQL can hold
 * against requests: so lists are filtered and paged in SQL, and who approves what is still said by
 * the rules alone. Asked of the rules once a target, and again when policies match otherwise; a change
 * of members alone costs nothing. For each group a bit a target; a person's are those of their groups.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import type { GroupId } from '#core/ids.ts'
import { addAll, countIn, emptyMask, has, type Mask, numbersIn, set } from '#core/masks.ts'
import type { TargetChoice } from '#server/store/request-list.ts'
import { requestTargetsBeyond } from '#server/store/request-targets.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'

export interface ApprovableTargets {
  choiceFor(db: Kysely<Schema>, rules: Rules, person: Person): Promise<TargetChoice>
}

/**
 * Transactions that add a target commit in another order than they took its number, but live two
 * seconds at most; fewer than this many numbers are given out meanwhile. What comes later still is in
 * nobody's list until policies match otherwise.
 */
const unsettledNumbersMax = 1_000

/** Asked in portions, so that other requests are answered in between. */
const targetsAtOnce = 100
/** Told by their numbers, for which there is an index. */
const amongMax = 500
const choicesKeptMax = 1_000

interface Limits {
  readonly unsettledNumbersMax: number
  readonly amongMax: number
}

interface Known {
  readonly version: string
  readonly byGroup: Map<GroupId, Mask>
  readonly choices: Map<string, TargetChoice>
  /** The numbers that were asked about. */
  targets: Mask
  highest: number
}

const nothingYet = (version: string): Known => ({
  version,
  byGroup: new Map(),
  choices: new Map(),
  targets: emptyMask(0),
  highest: 0,
})

export function createApprovableTargets(
  limits: Limits = { unsettledNumbersMax, amongMax },
): ApprovableTargets {
  let known = nothingYet('')
  let turn: Promise<unknown> = Promise.resolve()

  async function catchUp(db: Kysely<Schema>, rules: Rules): Promise<Known> {
    const version = rules.matchesVersion
    if (known.version !== version) known = nothingYet(version)
    const { byGroup, choices, highest } = known
    const from = highest - limits.unsettledNumbersMax
    const missing = [...numbersMissing(known.targets, from, highest)]
    const added = await requestTargetsBeyond(db, highest, missing)
    if (added.length > 0) choices.clear()
    for (const [position, { targetId, target }] of added.entries()) {
      if (position % targetsAtOnce === targetsAtOnce - 1) await nextTurn()
      for (const { approverGroups } of rules.evaluator.approverPoliciesFor(target)) {
        for (const groupId of approverGroups) {
          byGroup.set(groupId, withNumber(byGroup.get(groupId) ?? emptyMask(0), targetId))
        }
      }
      known.targets = withNumber(known.targets, targetId)
      known.highest = Math.max(known.highest, targetId)
    }
    return known
  }

  return {
    async choiceFor(db, rules, person) {
      const groupIds = [...person.groupIds.intersection(rules.approverGroupIds)].toSorted()
      if (groupIds.length === 0) return { among: [] }
      const mine = turn.then(() => catchUp(db, rules))
      turn = mine.catch(() => undefined)
      return choiceOf(await mine, groupIds, limits)
    },
  }
}

function choiceOf(
  { byGroup, choices }: Known,
  groupIds: readonly GroupId[],
  limits: Limits,
): TargetChoice {
  const key = groupIds.join(' ')
  const before = choices.get(key)
  if (before) return before
  const masks = groupIds.flatMap((groupId) => byGroup.get(groupId) ?? [])
  const all = new Uint32Array(Math.max(0, ...masks.map(({ length }) => length)))
  for (const mask of masks) addAll(all, mask)
  const choice =
    countIn(all) <= limits.amongMax
      ? { among: numbersIn(all) }
      : { bits: Buffer.from(bytesOf(all)) }
  const [oldest] = choices.keys()
  if (choices.size >= choicesKeptMax && oldest !== undefined) choices.delete(oldest)
  choices.set(key, choice)
  return choice
}

/** As PostgreSQL's get_bit counts them: from the lowest bit of the first byte. */
function bytesOf(mask: Mask): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(mask.byteLength))
  for (const [at, word] of mask.entries()) bytes.setUint32(at * 4, word, true)
  return new Uint8Array(bytes.buffer)
}

/** Mostly none: what was rolled back, or is not committed yet. */
function* numbersMissing(targets: Mask, from: number, highest: number): Generator<number> {
  for (let number = Math.max(1, from); number <= highest; number += 1) {
    if (!has(targets, number)) yield number
  }
}

/** The mask itself, or a longer one in its place. */
function withNumber(mask: Mask, number: number): Mask {
  const words = (number >>> 5) + 1
  const whole = words <= mask.length ? mask : new Uint32Array(Math.max(words, mask.length * 2))
  if (whole !== mask) whole.set(mask)
  set(whole, number)
  return whole
}
