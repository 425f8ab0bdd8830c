/**
 * What became of many removals, seen from both sides: AWS's operations, with the times at which
 * they took effect, and TEAM's ledger. And the bound that AWS's own limits set.
 */
import type { Operation } from '#sandbox/model/types.ts'
import { countBy, round, spread } from './figures.ts'
import type { Installation } from './installation.ts'
import { assignmentsLeft } from './live-grants.ts'
import type { ProbeReport } from './server-probe.ts'

const awsCallsPerSecond = 20

/** max(N ÷ 20 a second, most grants on one account × AWS's delay) + one AWS delay. */
export function boundSeconds(storm: {
  grants: number
  mostOnOneAccount: number
  delaySeconds: number
}): number {
  const { grants, mostOnOneAccount, delaySeconds } = storm
  return Math.max(grants / awsCallsPerSecond, mostOnOneAccount * delaySeconds) + delaySeconds
}

/** The same with the delays that AWS happened to draw: the slowest account has the last word. */
function drawnBoundSeconds(deletions: readonly Operation[]): number {
  const onAccount = new Map<string, { busyUntil: number; sumMs: number; firstMs: number }>()
  for (const one of deletions.toSorted((a, b) => a.dueAt - b.dueAt)) {
    const before = onAccount.get(one.accountId)
    const startsAt = Math.max(one.createdAt, before?.busyUntil ?? 0)
    const tookMs = one.dueAt - startsAt
    onAccount.set(one.accountId, {
      busyUntil: one.dueAt,
      sumMs: (before?.sumMs ?? 0) + tookMs,
      firstMs: before?.firstMs ?? tookMs,
    })
  }
  const slowestMs = Math.max(...[...onAccount.values()].map((one) => one.sumMs))
  const lastMs = deletions.at(-1)
  const lastTookMs = lastMs === undefined ? 0 : lastMs.dueAt - lastMs.createdAt
  const byCalls = deletions.length / awsCallsPerSecond
  return Math.max(slowestMs / 1000, byCalls + Math.min(lastTookMs, slowestMs) / 1000)
}

interface LedgerRow {
  readonly key: string
  readonly endsAt: Date
  readonly confirmedAt: Date | null
  readonly excessSeconds: number | null
}

export interface Removals {
  readonly lastInAwsAtMs: number
  readonly lastConfirmedAtMs: number
  readonly firstInAwsAtMs: number
  readonly figures: object
}

export async function removalsSeen<Shape>(installation: Installation<Shape>): Promise<Removals> {
  const operations = [...installation.sandbox.world.state.operations.values()]
  const deletions = operations.filter(({ kind }) => kind === 'delete')
  const done = deletions.filter(({ status }) => status === 'SUCCEEDED')
  const ledger = await readLedger(installation)
  const doneOf = new Map(done.map((one) => [keyOf(one), one]))
  const acceptedAfter: number[] = []
  const confirmedAfter: number[] = []
  for (const { key, endsAt, confirmedAt } of ledger) {
    const operation = doneOf.get(key)
    if (operation === undefined || confirmedAt === null) continue
    acceptedAfter.push((operation.createdAt - endsAt.getTime()) / 1000)
    confirmedAfter.push((confirmedAt.getTime() - operation.dueAt) / 1000)
  }
  const calls = installation.calls().filter(({ service }) => service === 'sso-admin')
  const dueTimes = done.map(({ dueAt }) => dueAt)
  const confirmed = ledger.map(({ confirmedAt }) => confirmedAt?.getTime() ?? Number.NaN)
  return {
    firstInAwsAtMs: Math.min(...dueTimes),
    lastInAwsAtMs: Math.max(...dueTimes),
    lastConfirmedAtMs: Math.max(...confirmed),
    figures: {
      drawnBoundSeconds: round(drawnBoundSeconds(deletions)),
      excessSeconds: spread(ledger.map(({ excessSeconds }) => excessSeconds ?? Number.NaN)),
      endToAcceptedSeconds: spread(acceptedAfter),
      awsToConfirmedSeconds: spread(confirmedAfter),
      callsByOperation: countBy(calls, ({ operation }) => operation),
      callsRefused: countBy(
        calls.filter(({ error }) => error !== undefined),
        ({ error }) => error ?? '',
      ),
      callsInTheFullestSecond: fullestSecond(calls.map(({ at }) => at)),
      deletionsFailed: deletions.length - done.length,
      leftInAws: assignmentsLeft(installation.sandbox),
    },
  }
}

const keyOf = (one: { principalId: string; accountId: string; permissionSetArn: string }) =>
  `${one.principalId} ${one.accountId} ${one.permissionSetArn}`

async function readLedger<Shape>({ database }: Installation<Shape>): Promise<LedgerRow[]> {
  const rows = await database.db
    .selectFrom('access_grant')
    .innerJoin('ledger_key', 'ledger_key.key_id', 'access_grant.key_id')
    .select(['user_id', 'account_id', 'permission_set_arn', 'ends_at'])
    .select(['removal_confirmed_at', 'excess_seconds'])
    .execute()
  return rows.map((row) => ({
    key: `${row.user_id} ${row.account_id} ${row.permission_set_arn}`,
    endsAt: row.ends_at ?? new Date(Number.NaN),
    confirmedAt: row.removal_confirmed_at,
    excessSeconds: row.excess_seconds === null ? null : Number(row.excess_seconds),
  }))
}

function fullestSecond(times: readonly number[]): number {
  let most = 0
  let from = 0
  for (const [at, time] of times.entries()) {
    while ((times[from] ?? time) <= time - 1000) from += 1
    most = Math.max(most, at - from + 1)
  }
  return most
}

/** What one removal cost the server itself. */
export function costOfEach(report: ProbeReport, removals: number): object {
  const { queries, statements, cpuMs, rssMb, heapMb, loopDelayMs } = report
  return {
    queriesEach: Object.fromEntries(
      Object.entries(queries).map(([name, count]) => [name, round(count / removals, 1)]),
    ),
    cpuMsEach: round(cpuMs / removals),
    rssMb,
    heapMb,
    loopDelayMs,
    statements: statements.map(({ text, count, waitedMs }) => ({
      each: round(count / removals),
      waitedMs: round(waitedMs / count),
      text,
    })),
  }
}
