/** Lives a row through, and measures it: from AWS's side what stood, from TEAM's what was shown. */
import { verifyChain } from '#server/audit/verify.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import type { Stay } from '#test/simulation/access-log.ts'
import { excessOf, judgeAgreement, judgeStanding, windowsOf } from '#test/simulation/judge.ts'
import { judgePeople } from '#test/simulation/judge-people.ts'
import { judgeRecords } from '#test/simulation/judge-records.ts'
import { takeOverProcess } from '#test/simulation/virtual-time.ts'
import { FaultWorld, grantMinutes } from './fault-world.ts'
import { everyone, type Role, type Row, type Step } from './row.ts'

export interface Lived {
  readonly status: string | null
  readonly given: boolean
  readonly answers: readonly string[]
  readonly rightAfter: number
  readonly trueExcess: number
  readonly recordedExcess: number | null
  readonly told: ReadonlyMap<string, readonly Role[]>
  /** Promises of the simulation that were broken. */
  readonly broken: readonly string[]
  readonly held: boolean
  /** Grants, intents and keys with which something is still to be done. */
  readonly stuck: readonly string[]
  /** Notices that reached nobody in the end, though there was an address. */
  readonly unsent: readonly string[]
  readonly timeline: readonly string[]
}

const over = ['ended', 'revoked', 'cancelled', 'failed', 'expired', 'rejected']
/** These belong to a life in which nothing goes wrong. */
const ordinary = ['requested', 'approved', 'active', 'ended']
const deadlineMs = 10 * 60_000
/** Beyond every horizon (an hour, of a target that is gone), and each quarter of an hour of patience. */
const afterwardsSeconds = 65 * 60

export async function liveThrough(
  row: Row,
  from: Step['from'],
  cluster: TestClusterAddress,
): Promise<Lived> {
  const chance = FaultWorld.chance()
  const giveBack = takeOverProcess(chance)
  let world: FaultWorld | null = null
  try {
    world = await FaultWorld.open(cluster, chance)
    const agreedMs = await live(world, row)
    return await measure(world, row, { from, agreedMs })
  } finally {
    giveBack()
    await world?.close()
  }
}

/** Answers when the last word was said that it needed to begin. */
async function live(world: FaultWorld, row: Row): Promise<number> {
  const befall = async (when: Row['when']) => {
    if (row.when === when) await row.befalls(world)
  }
  await world.pass(90)
  await befall('first')
  if (row.ask) await row.ask(world)
  else await world.submit()
  // What was read of alice when she asked is too old by then.
  await world.pass(65)
  await befall('asked')
  const agreedMs = world.nowMs
  if (row.agree) await row.agree(world)
  else if (world.status === 'pending') {
    await befall('agreed')
    await world.decide('approve', world.dora)
  }
  await world.pass(120)
  await befall('living')
  await row.live?.(world)
  await passUntilEnd(world)
  await befall('before the end')
  await world.pass(60)
  await world.passAppointments()
  await world.pass(afterwardsSeconds)
  return agreedMs
}

async function passUntilEnd(world: FaultWorld): Promise<void> {
  const untilMs = endMs(world)
  const nearMs = untilMs ?? world.nowMs + grantMinutes * 60_000
  await world.pass(Math.max(1, (nearMs - world.nowMs) / 1_000 - 1))
}

function endMs(world: FaultWorld): number | null {
  const { history } = world.simulated
  const grant = world.requestId === null ? undefined : history.grants.get(world.requestId)
  if (grant?.endsAt == null) return null
  return history.firstWhen(grant.endsAt, world.nowMs)
}

async function measure(
  world: FaultWorld,
  row: Row,
  { from, agreedMs }: { from: Step['from']; agreedMs: number },
): Promise<Lived> {
  const { simulated, requestId } = world
  const { history, log } = simulated
  const seen = requestId === null ? [] : (history.shown.get(requestId) ?? [])
  const grant = requestId === null ? undefined : history.grants.get(requestId)
  const own = log.staysOf(world.keyText).filter((stay) => !(row.standing && stay.isStanding))
  const given = seen.some(({ status }) => status === 'active')
  const endsAt =
    row.clockJumped && grant?.endsAt
      ? new Date(history.firstWhen(grant.endsAt, world.befellMs ?? 0))
      : grant?.endsAt
  const originMs = {
    asked: world.befellMs,
    fault: world.befellMs,
    agreed: agreedMs,
    end: endedMs(seen, endsAt),
  }
  const windows = windowsOf(history, world.keyText).map(({ toMs, ...window }) =>
    // What AWS never confirmed in time has no window beyond the activation deadline.
    given ? { ...window, toMs } : { ...window, toMs: Math.min(toMs, agreedMs + deadlineMs) },
  )
  const trueMs = own
    .filter(({ madeBy }) => madeBy === 'team')
    .flatMap((stay) => excessOf(stay, windows, simulated.nowMs))
    .reduce((sum, span) => sum + span.toMs - span.fromMs, 0)
  return {
    status: seen.at(-1)?.status ?? null,
    given,
    answers: world.answers,
    rightAfter: rightAfter({
      seen,
      stays: own,
      row,
      from,
      originMs: originMs[from] ?? 0,
      untilMs: from === 'asked' ? agreedMs : null,
    }),
    trueExcess: trueMs / 1_000,
    recordedExcess: grant?.excessSeconds ?? null,
    told: await toldOf(world),
    broken: await judgeAll(world),
    held: log.present(world.keyText) !== null,
    stuck: await stuckOf(world),
    unsent: await unsentOf(world),
    timeline: history.lines.map(({ atMs, text }) => `${new Date(atMs).toISOString()} ${text}`),
  }
}

type Seen = readonly { atMs: number; status: string }[]

function endedMs(seen: Seen, endsAt: Date | null | undefined): number | null {
  if (endsAt) return endsAt.getTime()
  return seen.find(({ status }) => status === 'ending')?.atMs ?? null
}

/**
 * Right is: what is shown is what AWS has, and nothing is on its way. Answers the seconds from the
 * origin to the end of the last moment at which that was not so. Before the end, how the end went
 * is not looked at.
 */
function rightAfter(lived: {
  seen: Seen
  stays: readonly Stay[]
  row: Row
  from: Step['from']
  originMs: number
  untilMs: number | null
}): number {
  const { seen, stays, row, from, originMs } = lived
  const moments = [originMs, ...seen.map(({ atMs }) => atMs)]
  for (const { fromMs, toMs } of stays) moments.push(fromMs, toMs ?? Infinity)
  const sorted = [...new Set(moments)].sort((a, b) => a - b)
  const untilMs = lived.untilMs ?? (from === 'end' || row.endsIt ? Infinity : normalEnd(seen))
  let lastWrongMs = originMs
  for (const [at, ms] of sorted.entries()) {
    if (ms < originMs || ms >= untilMs) continue
    const status = seen.findLast(({ atMs }) => atMs <= ms)?.status ?? 'none'
    const held = stays.some(({ fromMs, toMs }) => fromMs <= ms && (toMs ?? Infinity) > ms)
    if (!isRight(status, held, row, from)) lastWrongMs = sorted[at + 1] ?? Infinity
  }
  return (lastWrongMs - originMs) / 1_000
}

function isRight(status: string, held: boolean, row: Row, from: Step['from']): boolean {
  if (from === 'asked') return (status !== 'none' || row.ends === null) && !held
  if (over.includes(status)) return !held
  if (row.endsIt) return false
  if (status === 'active') return held
  return (status === 'pending' || status === 'none') && !held
}

/** When an active grant began to end. */
function normalEnd(seen: Seen): number {
  const at = seen.findIndex(
    ({ status }, index) => status === 'ending' && seen[index - 1]?.status === 'active',
  )
  return seen[at]?.atMs ?? Infinity
}

async function toldOf(world: FaultWorld): Promise<Map<string, Role[]>> {
  const { admin, auditor } = world.simulated.organisation
  const { rows } = await world.simulated.admin.query<{
    event: string
    receiver_id: string
    state: string
  }>(
    `select distinct event, receiver_id, state::text from notice
     where event <> all($1) and state <> 'dropped' order by event, receiver_id`,
    [ordinary],
  )
  const told = new Map<string, Role[]>()
  for (const { event, receiver_id: id, state } of rows) {
    const role: Role =
      id === world.alice.userId
        ? 'requester'
        : id === admin.userId
          ? 'administrators'
          : id === auditor.userId
            ? 'auditors'
            : 'approvers'
    const name = state === 'sent' ? event : `${event} (${state})`
    const roles = new Set(told.get(name)).add(role)
    told.set(
      name,
      everyone.filter((one) => roles.has(one)),
    )
  }
  return told
}

async function stuckOf(world: FaultWorld): Promise<string[]> {
  const { rows } = await world.simulated.admin.query<{ what: string }>(
    `select 'grant of ' || request_id as what from access_grant where over_at is null
     union all select kind || ' ' || state from intent where state in ('written', 'accepted')
     union all select 'key: held ' || held || ', ' || presence || ', watched until ' || coalesce(watched_until::text, '-')
       from ledger_key where held or watched_until is not null or presence <> 'absent'`,
  )
  return rows.map(({ what }) => what)
}

async function unsentOf(world: FaultWorld): Promise<string[]> {
  const { rows } = await world.simulated.admin.query<{ told: string }>(
    `select event || ' ' || state::text as told from notice
     where state not in ('sent', 'dropped', 'folded')`,
  )
  return rows.map(({ told }) => told)
}

async function judgeAll(world: FaultWorld): Promise<string[]> {
  const { simulated } = world
  const copy = simulated.leader
  if (copy === null) return ['no copy of TEAM is there at the end']
  const verdict = await simulated.touches.drive(verifyChain(copy.database.db))
  const violations = [
    ...judgeStanding(simulated),
    ...judgeAgreement(simulated),
    ...judgePeople(simulated),
    ...(await judgeRecords(simulated)),
  ]
  return [
    ...(verdict.ok ? [] : [`the chain breaks at event ${verdict.firstBroken}`]),
    ...violations.map(({ promise, told }) => `${promise}: ${told}`),
  ]
}
