/** When all is over: what AWS holds against what TEAM says, and whether anything was lost. */
import type { House } from '#test/copies/house.ts'
import type { Assignment } from '#test/team-world.ts'
import { countBy } from './figures.ts'
import type { Load } from './soak-load.ts'

/** Upper bounds in seconds. */
const excessBounds = [1, 2, 5, 10, 30, 60, 120, 300]

/** True once every grant is over, nothing is in flight, and AWS holds nothing; until then null. */
export async function quiet(house: House, load: Load): Promise<true | null> {
  const [copy] = house.running()
  if (copy === undefined) throw new Error('No copy runs')
  await load.cancelPending(copy)
  const open = await house.query(
    `select from request where status in ('pending', 'scheduled', 'activating', 'active', 'ending')
     union all select from access_grant where over_at is null
     union all select from intent where state in ('written', 'accepted')
     union all select from notice where state = 'queued'`,
  )
  const assignments = await house.control<Assignment[]>('GET', 'assignments')
  return open.length === 0 && assignments.length === 0 ? true : null
}

export interface Verdict {
  readonly ok: boolean
  readonly [figure: string]: unknown
}

export async function judge(house: House, load: Load): Promise<Verdict> {
  const [copy] = house.running()
  if (copy === undefined) throw new Error('No copy runs')
  const requests = await house.query<{ request_id: string; status: string }>(
    'select request_id, status from request',
  )
  const known = new Set(requests.map((one) => one.request_id))
  const ends = new Set(['ended', 'revoked', 'cancelled', 'failed', 'rejected', 'expired'])
  const lost =
    [...load.accepted].filter((id) => !known.has(id)).length +
    requests.filter(({ status }) => !ends.has(status)).length
  const assignments = await house.control<Assignment[]>('GET', 'assignments')
  const disagreeing = await house.query(
    `select from ledger_key where presence <> 'absent' or (held and watched_until is null)`,
  )
  // What is told of no request (a policy that was changed) is told by what it says.
  const twice = await house.query<{ event: string; told: string }>(
    `select event, count(*) as told from notice
     group by request_id, event, receiver_id, channel, case when request_id is null then facts end
     having count(*) > 1`,
  )
  const { body: chain } = await load.auditor
    .at(copy.url)
    .get<{ ok: boolean; events: number }>('/audit/verify')
  const orphans = assignments.length
  return {
    ok: orphans + lost + disagreeing.length + twice.length === 0 && chain.ok,
    orphans,
    lost,
    disagreeing: disagreeing.length,
    noticesTwice: countBy(twice, ({ event }) => event),
    chain: { ok: chain.ok, events: chain.events },
    accepted: load.accepted.size,
    requests: countBy(requests, ({ status }) => status),
    ...(await figures(house)),
  }
}

async function figures(house: House) {
  const grants = await house.query<{ excess: number | null }>(
    'select excess_seconds::float8 as excess from access_grant',
  )
  const excess = grants.flatMap((one) => (one.excess === null ? [] : [one.excess]))
  const bucket = (seconds: number) => {
    const bound = excessBounds.find((one) => seconds <= one)
    return bound === undefined ? `> ${excessBounds.at(-1)} s` : `<= ${bound} s`
  }
  const intents = await house.query<{ kind: string; state: string }>(
    'select kind, state from intent',
  )
  const failures = await house.query<{ code: string | null }>(
    `select end_reason as code from request where status = 'failed'`,
  )
  const [lead] = await house.query<{ epoch: number }>('select epoch::int from leader')
  const events = await house.query<{ action: string }>(
    `select action from audit_event
     where action in ('access.appeared_unwanted', 'access.removal_late')`,
  )
  return {
    excess: countBy(excess, bucket),
    excessSecondsMax: excess.length === 0 ? null : Math.max(...excess),
    intents: countBy(intents, ({ kind, state }) => `${kind} ${state}`),
    failures: countBy(failures, ({ code }) => code ?? 'none'),
    epochs: lead?.epoch ?? null,
    events: countBy(events, ({ action }) => action),
  }
}
