/**
 * Eligibility and approval as the domain page words them, in straight loops over people, accounts,
 * permission sets and policies. It shares no code with the evaluators: what both have wrong in the
 * same way, both were told wrongly. Tests only.
 */
import type { PolicyTargets } from './facts.ts'
import type { Target } from './ids.ts'
import type { World } from './world.fixture.ts'

/** Walks the world's own tree of OUs, not the paths made of it. */
export function oracleCovers(world: World, targets: PolicyTargets, wanted: string): boolean {
  const at = [...world.directory.accounts.values()].find((one) => one.accountId === wanted)
  if (!at) return false
  if (targets.root) return true
  if (targets.accounts.some((one) => one === wanted)) return true
  const home = Number(at.ouPath.at(-1)?.slice('ou-'.length))
  const above: number[] = []
  for (let unit = home; unit > 0; unit = above.at(-1) ?? 0) {
    above.push(world.ouParents[unit - 1] ?? 0)
  }
  return targets.organizationalUnits.some(({ id, scope }) => {
    if (id === `ou-${home}`) return true
    return scope === 'subtree' && above.some((unit) => id === `ou-${unit}`)
  })
}

export function oracleNames(world: World, entries: readonly string[], wanted: string): boolean {
  const known = [...world.directory.permissionSets.values()]
  const one = known.find((each) => each.permissionSetArn === wanted)
  if (!one) return false
  return entries.some((entry) => {
    if (entry.includes(':')) return entry === one.permissionSetArn
    return new RegExp(`^${entry.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(one.name)
  })
}

export function oracleEligibility(
  world: World,
  who: World['people'][number],
  target: Target,
  breakGlass: boolean,
) {
  const at = world.directory.accounts.get(target.accountId)
  const what = world.directory.permissionSets.get(target.permissionSetArn)
  if (!who.enabled) return 'person_disabled'
  const suspended = at !== undefined && at.state !== 'ACTIVE'
  if (at?.isManagement || suspended || what?.inManagementAccount) return 'out_of_reach'
  let longest = 0
  let approval = false
  let ticket = world.settings.ticketRequired
  let justification = world.settings.justificationRequired || breakGlass
  for (const policy of world.eligibilityPolicies) {
    const subject: string = policy.subject.id
    const mine = subject === who.userId || [...who.groupIds].some((id) => id === subject)
    if (!policy.enabled || !mine || (breakGlass && !policy.breakGlass)) continue
    if (!oracleCovers(world, policy.targets, target.accountId)) continue
    if (!oracleNames(world, policy.permissionSets, target.permissionSetArn)) continue
    if (policy.maxDurationMinutes > longest) longest = policy.maxDurationMinutes
    if (policy.approvalRequired) approval = true
    if (policy.ticketRequired) ticket = true
    if (policy.justificationRequired) justification = true
  }
  if (longest === 0) return 'not_eligible'
  if (longest > world.settings.maxDurationMinutes) longest = world.settings.maxDurationMinutes
  if (breakGlass || !world.settings.approvalRequired) approval = false
  return { longest, approval, ticket, justification }
}

function oracleKept(world: World, target: Target) {
  const fitting = world.approverPolicies.filter((policy) => {
    if (!policy.enabled || !oracleCovers(world, policy.targets, target.accountId)) return false
    const entries = policy.permissionSets ?? ['*']
    return oracleNames(world, entries, target.permissionSetArn)
  })
  const someExclusive = fitting.some((policy) => policy.exclusive)
  return fitting.filter((policy) => policy.exclusive || !someExclusive)
}

export function oracleApprovers(world: World, target: Target, requester: string): string[] {
  const groups = oracleKept(world, target).flatMap((policy) => policy.approverGroups)
  return world.people
    .filter((one) => one.enabled && one.userId !== requester)
    .filter((one) => groups.some((group) => one.groupIds.has(group)))
    .map((one) => one.userId)
}

/** Whether these people's approvals carry; each may vote twice, and anybody may vote. */
export function oracleCarries(
  world: World,
  target: Target,
  requester: string,
  voters: readonly string[],
): boolean {
  let anyMultiple = false
  let anyApproval = false
  for (const policy of oracleKept(world, target)) {
    let given = 0
    for (const one of world.people) {
      if (!one.enabled || one.userId === requester || !voters.includes(one.userId)) continue
      if (policy.approverGroups.some((group) => one.groupIds.has(group))) given += 1
    }
    if (given > 0) anyApproval = true
    if (policy.approvalsRequired > 1) anyMultiple = true
    if (policy.approvalsRequired > 1 && given < policy.approvalsRequired) return false
  }
  return anyMultiple || anyApproval
}
