/** What a policy's organizational units and name patterns match as the directory stands. */
import { withinReach } from './eligibility-preview.ts'
import type { Account, PermissionSet, PolicyTargets } from './facts.ts'
import { countIn, firstIn, intersection } from './masks.ts'
import type { PolicyIndex } from './policy-index.ts'
import { isArn } from './targets.ts'

/** How many there are, and the first of them as they are listed. */
export interface Counted<One> {
  readonly count: number
  readonly items: readonly One[]
}

export interface PolicyMatches {
  readonly accounts: Counted<Account>
  readonly permissionSets: Counted<PermissionSet>
  readonly organizationalUnits: readonly {
    readonly id: string
    readonly scope: 'children' | 'subtree'
    readonly accounts: number
  }[]
  readonly patterns: readonly { readonly pattern: string; readonly sets: Counted<PermissionSet> }[]
}

/** Only what is in TEAM's reach counts; the rest is never offered. */
export function matchesOf(
  index: PolicyIndex,
  policy: { readonly targets: PolicyTargets; readonly permissionSets: readonly string[] | null },
  itemsMax: number,
): PolicyMatches {
  const { numbered } = index
  const whole = withinReach(index, index.maskApprover(policy))
  const setsOf = (entries: readonly string[]): Counted<PermissionSet> => {
    const { permissionSets } = index.maskEligibility({
      targets: noTargets,
      permissionSets: entries,
    })
    const mask = intersection(permissionSets, numbered.permissionSetsInReach)
    return { count: countIn(mask), items: firstIn(numbered.permissionSets, mask, itemsMax) }
  }
  return {
    accounts: {
      count: countIn(whole.accounts),
      items: firstIn(numbered.accounts, whole.accounts, itemsMax),
    },
    permissionSets: {
      count: countIn(whole.permissionSets),
      items: firstIn(numbered.permissionSets, whole.permissionSets, itemsMax),
    },
    organizationalUnits: policy.targets.organizationalUnits.map((unit) => {
      const targets = { ...noTargets, organizationalUnits: [unit] }
      const { accounts } = index.maskEligibility({ targets, permissionSets: [] })
      return { ...unit, accounts: countIn(intersection(accounts, numbered.accountsInReach)) }
    }),
    patterns: (policy.permissionSets ?? [])
      .filter((entry) => !isArn(entry))
      .map((pattern) => ({ pattern, sets: setsOf([pattern]) })),
  }
}

const noTargets: PolicyTargets = { accounts: [], organizationalUnits: [], root: false }
