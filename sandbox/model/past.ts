import { principalOf, targetOf } from './keys.ts'
import { SortedTable } from './sorted-table.ts'
import type { Assignment, AssignmentKey, Instant, Target } from './types.ts'

/** The furthest that reads may lag, and so all of the past that is kept. */
export const readLagMsMax = 10 * 60 * 1000

interface Step {
  at: Instant
  principal: string
  /** What was there before this step; null for nothing. */
  before: Assignment | null
}

/** How the assignments of each target came to be as they are, for reads that lag. */
export class Past {
  readonly #steps = new Map<string, Step[]>()

  record(at: Instant, key: AssignmentKey, before: Assignment | null): void {
    const target = targetOf(key)
    const steps = this.#steps.get(target) ?? []
    while (steps[0] !== undefined && steps[0].at < at - readLagMsMax) steps.shift()
    steps.push({ at, principal: principalOf(key), before })
    this.#steps.set(target, steps)
  }

  /** The assignments of a target as they were then, from what they are now. */
  asOf(then: Instant, target: Target, now: SortedTable<Assignment>): SortedTable<Assignment> {
    const table = new SortedTable<Assignment>()
    for (const [principal, row] of now.entries()) table.set(principal, row)
    for (const { at, principal, before } of (
      this.#steps.get(targetOf(target)) ?? []
    ).toReversed()) {
      if (at <= then) break
      if (before === null) table.delete(principal)
      else table.set(principal, before)
    }
    return table
  }
}
