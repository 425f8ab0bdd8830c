/** Promises about what is written down: events, notices, seconds of excess, ends with a reason. */
import type { History } from './history.ts'
import { excessOf, type Violation, windowsOf } from './judge.ts'
import type { SimulatedWorld } from './world.ts'

export async function judgeRecords(world: SimulatedWorld): Promise<Violation[]> {
  return [
    ...(await judgeEvents(world)),
    ...(await judgeNotices(world)),
    ...(await judgeReasons(world)),
    ...judgeSeconds(world),
  ]
}

async function judgeEvents(world: SimulatedWorld): Promise<Violation[]> {
  const { rows } = await world.admin.query<{ request_id: string; version: number }>(`
    select r.request_id, r.version from request r where r.version is distinct from
      (select max(f.version) from change_feed f
        where f.object_type = 'request' and f.object_id = r.request_id::text)`)
  const counted = await world.admin.query<{ request_id: string; to_state: string }>(`
    select s.request_id, s.to_state from request_state_change s
    where not exists (select 1 from audit_event e
      where e.object_type = 'request' and e.object_id = s.request_id::text and e.at = s.at)`)
  const promise = 'every transition has its event'
  return [
    ...rows.map(({ request_id: id, version }) => ({
      promise,
      told: `nothing tells of version ${version} of request ${id}, at which it is`,
    })),
    ...counted.rows.map(({ request_id: id, to_state: state }) => ({
      promise,
      told: `request ${id} became ${state} without an event`,
    })),
  ]
}

const eventOfState: Readonly<Record<string, string>> = {
  pending: 'requested',
  active: 'active',
  rejected: 'rejected',
  cancelled: 'cancelled',
  expired: 'expired',
  ended: 'ended',
  revoked: 'revoked',
  failed: 'failed',
}
/** About one request each of these is told to one person once. */
const toldOnce = [...Object.values(eventOfState), 'approved']

async function judgeNotices(world: SimulatedWorld): Promise<Violation[]> {
  const promise = 'every notice is queued exactly once for each who is told'
  const { rows } = await world.admin.query<{ request_id: string; event: string; told: number }>(
    `select request_id, event, count(*)::int as told from notice
      where event = any($1) group by request_id, event, receiver_id, channel having count(*) > 1`,
    [toldOnce],
  )
  const missing = await world.admin.query<{
    request_id: string
    event: string
    requester_id: string
  }>(
    `select distinct s.request_id, m.event, r.requester_id
      from request_state_change s join request r using (request_id)
      join unnest($1::text[], $2::text[]) as m(state, event) on m.state = s.to_state
      where not exists (select 1 from notice n where n.request_id = s.request_id
        and n.event = m.event and n.receiver_id = r.requester_id)`,
    [Object.keys(eventOfState), Object.values(eventOfState)],
  )
  const everLeft = new Set(world.history.standings.map(({ userId }) => userId))
  return [
    ...rows.map((row) => ({
      promise,
      told: `${row.event} of request ${row.request_id} was queued ${row.told} times for one person`,
    })),
    ...missing.rows
      .filter((row) => !everLeft.has(row.requester_id))
      .map((row) => ({
        promise,
        told: `whoever asked was never told of request ${row.request_id}: ${row.event}`,
      })),
  ]
}

export async function judgeQueue(world: SimulatedWorld): Promise<Violation[]> {
  const { rows } = await world.admin.query<{ n: number; events: string }>(
    `select count(*)::int as n, string_agg(distinct event, ', ') as events
       from notice where state = 'queued'`,
  )
  const [waiting] = rows
  if (waiting === undefined || waiting.n === 0) return []
  const told = `${waiting.n} notices are still queued at the end: ${waiting.events}`
  return [{ promise: 'no notice is left in the queue', told }]
}

const lost = ['person_disabled', 'lost_eligibility', 'target_gone']

/** A bad reading of the directory, or another grant's end, ends nobody's grant: something true must stand behind each loss. */
async function judgeReasons(world: SimulatedWorld): Promise<Violation[]> {
  const { history } = world
  const { rows } = await world.admin.query<{
    request_id: string
    requester_id: string
    end_reason: string
  }>('select request_id, requester_id, end_reason from request where end_reason = any($1)', [
    [...lost, 'revoked_outside', 'time_up'],
  ])
  return rows.flatMap(({ request_id: id, requester_id: userId, end_reason: reason }) => {
    const key = history.grants.get(id)?.key
    const isTrue =
      reason === 'time_up'
        ? timeWasUp(history, id)
        : reason === 'revoked_outside'
          ? history.handsOff.some((one) => one.key === key) || history.organisationChanged
          : history.organisationChanged || history.standings.some((one) => one.userId === userId)
    if (isTrue) return []
    const told = `request ${id} ended as ${reason}, and nothing of that kind had happened`
    return [{ promise: 'nobody loses a grant without a true reason', told }]
  })
}

/** Recorded seconds are an upper bound; TEAM's clock must not have jumped to compare them. */
function judgeSeconds(world: SimulatedWorld): Violation[] {
  const { history, log, nowMs } = world
  if (history.offsets.length > 1) return []
  const violations: Violation[] = []
  for (const { requestId, key, excessSeconds, coveredBy } of history.grants.values()) {
    if (excessSeconds === null || coveredBy !== null) continue
    const windows = windowsOf(history, key)
    const own = windows.find((window) => window.requestId === requestId)
    if (!own) continue
    let trueMs = 0
    for (const stay of log.staysOf(key)) {
      if (stay.madeBy === 'hand') continue
      for (const span of excessOf(stay, windows, nowMs)) {
        if (span.fromMs === own.toMs) trueMs += span.toMs - span.fromMs
      }
    }
    if (trueMs <= excessSeconds * 1000 + 1_000) continue
    const told = `request ${requestId} recorded ${excessSeconds} s, and it was ${trueMs / 1000} s`
    violations.push({ promise: 'recorded excess is an upper bound', told })
  }
  return violations
}

function timeWasUp(history: History, requestId: string): boolean {
  const seen = history.shown.get(requestId) ?? []
  const ending = seen.find(({ status }) => status === 'ending' || status === 'ended')
  const endsAt = history.grants.get(requestId)?.endsAt
  if (!ending || !endsAt) return true
  return history.firstWhen(endsAt, seen[0]?.atMs ?? 0) <= ending.atMs
}
