/** Promises about people: who decided, who lost access, and who did not (promises 6 and 7). */
import { activeSpans, lengthBeside, troublesAround, type Violation } from './judge.ts'
import type { SimulatedWorld } from './world.ts'

/** Nobody acts this long after AWS says that they left. */
const actsAfterMs = 60_000
/** And this long after it their grants are ending. */
const grantsEndMs = 120_000
/** The step in which they do. */
const slackMs = 10_000

export function judgePeople(world: SimulatedWorld): Violation[] {
  return [...judgeVotes(world), ...judgeLeavers(world), ...judgeActivations(world)]
}

/** Asked again when access is about to be created: is the person still there? */
function judgeActivations(world: SimulatedWorld): Violation[] {
  const { history } = world
  if (history.clockWentBack) return []
  return [...history.shown].flatMap(([requestId, seen]) => {
    const begun = seen.find(({ status }) => status === 'activating' || status === 'active')
    const userId = history.requesters.get(requestId)
    if (!begun || userId === undefined) return []
    const span = { fromMs: begun.atMs - actsAfterMs - 1_000, toMs: begun.atMs }
    if (belongedWithin(world, userId, [null], span)) return []
    return [
      {
        promise: 'nobody is given access who has been disabled for a minute',
        told: `request ${requestId} began when its holder had long been disabled`,
      },
    ]
  })
}

/** Enabled, and in the group (any approvers' group if none is named), at some moment of the span. */
function belongedWithin(
  world: SimulatedWorld,
  userId: string,
  groupIds: readonly (string | null)[],
  span: { fromMs: number; toMs: number },
): boolean {
  const moments = [
    span.fromMs,
    ...world.history.standings
      .filter(({ atMs }) => atMs > span.fromMs && atMs <= span.toMs)
      .map(({ atMs }) => atMs),
  ]
  return moments.some(
    (ms) =>
      isIn(world, userId, null, ms) &&
      groupIds.some((groupId) => groupId === null || isIn(world, userId, groupId, ms)),
  )
}

function isIn(world: SimulatedWorld, userId: string, groupId: string | null, ms: number): boolean {
  const changes = world.history.standings.filter(
    (one) => one.userId === userId && one.groupId === groupId,
  )
  const last = changes.findLast(({ atMs }) => atMs <= ms)
  if (last) return last.isIn
  const first = changes[0]
  // Nothing changed it up to then: it was as the first change found it, or as it is now.
  if (first) return !first.isIn
  if (groupId === null) return world.aws.state.users.get(userId)?.status === 'ENABLED'
  return world.aws.state.membership(userId, groupId) !== undefined
}

function judgeVotes(world: SimulatedWorld): Violation[] {
  const { history, organisation } = world
  const groups = [organisation.groups.approvers, organisation.groups.seconds]
  const violations: Violation[] = []
  for (const [requestId, seen] of history.shown) {
    const grantedAt = seen.find((one, at) => one.status === 'scheduled' && at > 0)
    const votes = history.votes.filter(
      (vote) => vote.requestId === requestId && vote.verb === 'approve' && mayCount(vote.result),
    )
    const requesterId = history.requesters.get(requestId)
    if (votes.some(({ voterId, result }) => voterId === requesterId && result === 'done')) {
      violations.push({
        promise: 'nobody approves their own',
        told: `request ${requestId} was approved by who asked`,
      })
    }
    if (!grantedAt || history.clockWentBack) continue
    const span = { fromMs: grantedAt.atMs - actsAfterMs - 1_000, toMs: grantedAt.atMs }
    const there = votes.filter(
      ({ voterId }) => voterId !== requesterId && belongedWithin(world, voterId, groups, span),
    )
    if (there.length >= history.approvalsRequired) continue
    violations.push({
      promise: 'votes of people who have left do not count',
      told: `request ${requestId} was granted with ${there.length} of ${history.approvalsRequired} votes, and those of others who had left`,
    })
  }
  return violations
}

/** Who gave a vote may not have been told that it was written. */
function mayCount(result: string): boolean {
  return result === 'done' || result === 'no answer' || result.startsWith('failed')
}

function judgeLeavers(world: SimulatedWorld): Violation[] {
  const { history } = world
  const violations: Violation[] = []
  for (const left of history.standings) {
    if (left.isIn || left.groupId !== null) continue
    const back = history.standings.find(
      (one) => one.userId === left.userId && one.isIn && !one.groupId && one.atMs > left.atMs,
    )
    const untilMs = back?.atMs ?? world.nowMs
    for (const [requestId, { key }] of history.grants) {
      if (!key.startsWith(left.userId)) continue
      for (const span of activeSpans(world, requestId)) {
        const both = {
          fromMs: Math.max(span.fromMs, left.atMs),
          toMs: Math.min(span.toMs, untilMs),
        }
        if (both.toMs <= both.fromMs) continue
        const { excuses, allowanceMs } = troublesAround(world, key, both, { isPlanned: false })
        const heldMs = lengthBeside(both, excuses) - allowanceMs
        if (heldMs <= grantsEndMs + slackMs) continue
        violations.push({
          promise: 'a person who is disabled loses their access within two minutes',
          told: `request ${requestId} was active for ${heldMs / 1000} s after its holder was disabled`,
        })
      }
    }
  }
  return violations
}
