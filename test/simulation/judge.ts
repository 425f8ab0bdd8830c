/**
 * The promises, judged from AWS's side: what really stood (access-log.ts) against the windows that
 * requests earned. The bound and what excuses more than it are explained in README.md.
 */
import type { Stay } from './access-log.ts'
import type { History, Trouble } from './history.ts'
import type { SimulatedWorld } from './world.ts'

export interface Violation {
  readonly promise: string
  readonly told: string
}

interface Window {
  readonly requestId: string
  readonly fromMs: number
  readonly toMs: number
}

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Beyond AWS's own time, with nothing amiss: a poll (1 s), patience after a conflict with an operation
 * of AWS that has just ended (10 s), and two looks ten seconds apart where an answer said little.
 */
export const boundMs = 30_000
/** A watched key is looked at every three minutes: a call that lands late is seen by then. */
const watchMs = 190_000

const granted = ['activating', 'active']
const over = ['ended', 'revoked', 'cancelled', 'failed', 'rejected', 'expired']

export function keysOf(world: SimulatedWorld): string[] {
  const ofGrants = [...world.history.grants.values()].map((grant) => grant.key)
  return [...new Set([...ofGrants, ...world.log.stays.map((stay) => stay.key)])]
}

/** In AWS's time: from the first intent to its end, by TEAM's clock or by somebody's hand. */
export function windowsOf(history: History, key: string): Window[] {
  return [...history.grants.values()]
    .filter((grant) => grant.key === key)
    .flatMap(({ requestId, endsAt }) => {
      const seen = history.shown.get(requestId) ?? []
      const first = seen.find(({ status }) => granted.includes(status))
      if (!first) return []
      const last = seen.find(
        ({ status, atMs }) => atMs >= first.atMs && (status === 'ending' || over.includes(status)),
      )
      const byClock = endsAt === null ? Infinity : history.firstWhen(endsAt, first.atMs)
      return [{ requestId, fromMs: first.atMs, toMs: Math.min(byClock, last?.atMs ?? Infinity) }]
    })
}

/** The parts of a stay that no window covers. */
export function excessOf(stay: Stay, windows: readonly Window[], nowMs: number): Span[] {
  let left: Span[] = [{ fromMs: stay.fromMs, toMs: stay.toMs ?? nowMs }]
  for (const { fromMs, toMs } of windows) {
    left = left.flatMap((span) => [
      { fromMs: span.fromMs, toMs: Math.min(span.toMs, fromMs) },
      { fromMs: Math.max(span.fromMs, toMs), toMs: span.toMs },
    ])
    left = left.filter((span) => span.toMs > span.fromMs)
  }
  return left
}

export function judgeExcess(world: SimulatedWorld): { violations: Violation[]; worstMs: number } {
  const { history, log, nowMs } = world
  const violations: Violation[] = []
  let worstMs = 0
  for (const key of keysOf(world)) {
    const windows = windowsOf(history, key)
    for (const stay of log.staysOf(key)) {
      if (stay.madeBy === 'hand') continue
      for (const span of excessOf(stay, windows, nowMs)) {
        const unexcusedMs = unexcused(world, key, span)
        worstMs = Math.max(worstMs, unexcusedMs)
        if (unexcusedMs <= boundMs) continue
        violations.push({
          promise: 'no assignment of ours stands outside the union of its windows',
          told: `${key} stood ${seconds(span)} s outside, ${Math.round(unexcusedMs / 1000)} s of it without excuse, from ${clock(span.fromMs)}`,
        })
      }
    }
  }
  return { violations, worstMs }
}

function unexcused(world: SimulatedWorld, key: string, span: Span): number {
  const { excuses, allowanceMs } = troublesAround(world, key, span, { isPlanned: true })
  const accountId = key.split('/')[1]
  for (const operation of world.log.operations) {
    if (operation.accountId !== accountId) continue
    excuses.push({ fromMs: operation.createdAt, toMs: operation.toldAt })
  }
  return lengthBeside(span, excuses) - allowanceMs
}

/**
 * When nothing could be done about the key, and how much longer it may have taken beside that. What
 * is planned for a time on TEAM's clock waits for it when that clock is set back; what is done every
 * so often does not.
 */
export function troublesAround(
  world: SimulatedWorld,
  key: string,
  span: Span,
  { isPlanned }: { isPlanned: boolean },
) {
  const excuses: Span[] = []
  let allowanceMs = 0
  for (const trouble of world.history.troubles) {
    if (trouble.key !== null && !key.includes(trouble.key)) continue
    const reached = reachOf(trouble, world.nowMs)
    if (reached.fromMs > span.toMs || reached.toMs < span.fromMs) continue
    if (trouble.what === 'lost call') allowanceMs = Math.max(allowanceMs, watchMs)
    else if (trouble.what === 'clock back') allowanceMs += isPlanned ? trouble.afterMs : 0
    else excuses.push(reached)
  }
  return { excuses, allowanceMs }
}

function reachOf(trouble: Trouble, nowMs: number): Span {
  const endedMs = trouble.toMs ?? nowMs
  return { fromMs: trouble.fromMs, toMs: endedMs + trouble.afterMs }
}

/** How much of the span none of the others covers. */
export function lengthBeside(span: Span, others: readonly Span[]): number {
  let at = span.fromMs
  let length = 0
  for (const other of [...others].sort((a, b) => a.fromMs - b.fromMs)) {
    if (other.fromMs >= span.toMs) break
    length += Math.max(0, other.fromMs - at)
    at = Math.max(at, other.toMs)
  }
  return length + Math.max(0, span.toMs - at)
}

export function judgeStanding(world: SimulatedWorld): Violation[] {
  return world.log.stays
    .filter((stay) => stay.isStanding && stay.endedBy === 'team')
    .map((stay) => ({
      promise: 'standing access is not touched',
      told: `${stay.key}, which stood since ${clock(stay.fromMs)}, was removed by TEAM at ${clock(stay.toMs ?? 0)}`,
    }))
}

/** `active` is shown when AWS has it, and an end when it is gone: from the first moment of showing. */
export function judgeShowing(world: SimulatedWorld): Violation[] {
  const { history, log } = world
  const promise = 'a state is shown when it is so, not before'
  return [...history.grants].flatMap(([requestId, { key, coveredBy }]) => {
    const seen = history.shown.get(requestId) ?? []
    const active = seen.find(({ status }) => status === 'active')
    const begun = seen.some(({ status }) => granted.includes(status) || status === 'ending')
    const ended = begun ? seen.find(({ status }) => over.includes(status)) : undefined
    const found: Violation[] = []
    if (active && !isExcused(world, key, active.atMs) && !stoodAt(log.staysOf(key), active.atMs)) {
      found.push({ promise, told: `request ${requestId} was shown active with nothing in AWS` })
    }
    if (!ended || coveredBy !== null) return found
    const others = windowsOf(history, key).some(
      (window) =>
        window.requestId !== requestId && window.fromMs <= ended.atMs && window.toMs >= ended.atMs,
    )
    const ours = log
      .staysOf(key)
      .filter((stay) => stay.madeBy === 'team' && stay.fromMs < ended.atMs)
    if (!others && !isExcused(world, key, ended.atMs) && stoodAt(ours, ended.atMs + 1)) {
      found.push({
        promise,
        told: `request ${requestId} was shown ${ended.status} with access in AWS`,
      })
    }
    return found
  })
}

/** What a removal of TEAM's took away of a grant that went on. */
export function judgeKeeping(world: SimulatedWorld): Violation[] {
  const { history, log } = world
  return [...history.grants].flatMap(([requestId, { key }]) =>
    activeSpans(world, requestId).flatMap((span) =>
      log
        .staysOf(key)
        .filter(({ endedBy, toMs }) => endedBy === 'team' && toMs !== null && isWithin(span, toMs))
        .filter(({ toMs }) => !mayLand(history, key, toMs ?? 0))
        .map(({ toMs }) => ({
          promise: 'no grant loses its access to the end of another',
          told: `request ${requestId} was active, and ${key} was removed by TEAM at ${clock(toMs ?? 0)}`,
        })),
    ),
  )
}

export function activeSpans(world: SimulatedWorld, requestId: string): Span[] {
  const seen = world.history.shown.get(requestId) ?? []
  return seen.flatMap(({ status, atMs }, at) => {
    const next = seen.slice(at + 1).find((one) => one.status !== 'active')
    const before = seen[at - 1]?.status
    if (status !== 'active' || before === 'active') return []
    return [{ fromMs: atMs, toMs: next?.atMs ?? world.nowMs }]
  })
}

const isWithin = ({ fromMs, toMs }: Span, ms: number) => ms > fromMs && ms < toMs

function stoodAt(stays: readonly Stay[], ms: number): boolean {
  return stays.some((stay) => stay.fromMs <= ms && (stay.toMs === null || stay.toMs >= ms))
}

/** Something of which TEAM cannot know yet: a call that lands now, another's hand. */
function isExcused({ history }: SimulatedWorld, key: string, ms: number): boolean {
  if (history.organisationChanged || history.handsOff.some((one) => one.key === key)) return true
  return mayLand(history, key, ms)
}

function mayLand(history: History, key: string, ms: number): boolean {
  return history.troubles.some(
    (one) =>
      one.what === 'lost call' && one.key === key && one.fromMs <= ms && (one.toMs ?? ms) >= ms,
  )
}

/** AWS's longest time, drawn 30 % longer, twice: somebody's may end just before anybody looks. */
const settlesWithinMs = 2 * 39_000 + boundMs

/** Faults are over and time has passed: what is shown is what AWS has. */
export function judgeAgreement(world: SimulatedWorld): Violation[] {
  const { history, log } = world
  const promise = 'what is shown agrees with AWS in the end'
  const violations: Violation[] = []
  const wanted = new Set<string>()
  for (const [requestId, { key }] of history.grants) {
    const { status, atMs } = history.shown.get(requestId)?.at(-1) ?? { status: '', atMs: 0 }
    const isSettling = world.nowMs - atMs <= settlesWithinMs
    if (status === 'active' || isSettling) wanted.add(key)
    if (isSettling) continue
    if (status === 'activating' || status === 'ending') {
      violations.push({ promise, told: `request ${requestId} is still ${status}` })
    }
    if (status === 'active' && log.present(key) === null) {
      violations.push({ promise, told: `request ${requestId} is shown active; ${key} has nothing` })
    }
  }
  for (const key of keysOf(world)) {
    const stay = log.present(key)
    if (stay === null || stay.madeBy === 'hand' || wanted.has(key)) continue
    violations.push({ promise, told: `${key} stands, and no request is active` })
  }
  return violations
}

const seconds = ({ fromMs, toMs }: Span) => Math.round((toMs - fromMs) / 1000)
export const clock = (ms: number) => new Date(ms).toISOString().slice(11, 23)
