/**
 * The first reading of a large directory against the bound that AWS's page sizes and rates leave,
 * and what the later ones cost when little has changed.
 */
import type { Call } from '#sandbox/model/types.ts'
import { countBy, loadNow, type Print, round, until } from '../figures.ts'
import type { Company } from './company.ts'

interface Status {
  readonly appliedAt: string | null
  readonly latest: { readonly state: string } | null
}

const withinMs = 600_000

export async function directory(company: Company, print: Print): Promise<object> {
  const { installation, people, readySeconds, firstCalls: first } = company
  const bound = boundOf(first)
  const line = { readySeconds, ...bound, timesBound: round(readySeconds / bound.boundSeconds) }
  print({ directory: 'first', ...line, callsByOperation: byOperation(first) })

  const status = async () => (await people.admin.get<Status>('/directory/status')).body
  await until(
    'no reading goes on',
    async () => ((await status()).latest?.state === 'running' ? null : true),
    { withinMs, everyMs: 250 },
  )
  installation.clearCalls()
  installation.server.resetProbe()
  const startedMs = performance.now()
  const { appliedAt } = await status()
  const begun = await people.admin.post('/directory/refresh')
  if (begun.status !== 202) throw new Error(`Refused: ${JSON.stringify(begun.body)}`)
  await until(
    'the directory is read again',
    async () => ((await status()).appliedAt === appliedAt ? null : true),
    { withinMs, everyMs: 250 },
  )
  const again = installation.calls()
  const seconds = round((performance.now() - startedMs) / 1_000)
  const { cpuMs, queries } = await installation.server.report()
  print({
    directory: 'again',
    seconds,
    calls: again.length,
    cpuMs,
    queries,
    callsByOperation: byOperation(again),
  })
  return {
    first: { seconds: readySeconds, calls: first.length, ...bound },
    again: { seconds, calls: again.length, cpuMs },
    callsRatio: round(first.length / Math.max(1, again.length)),
    load: loadNow(),
  }
}

function byOperation(calls: readonly Call[]): Record<string, number> {
  return countBy(calls, ({ service, operation }) => `${service}:${operation}`)
}

/**
 * The quotas that docs/decisions/0013 names: each Identity Store API 20 a second, Organizations'
 * lists 4, sso-admin 20 of which 5 are anybody's but the engine's. The slowest of them is the bound.
 */
function boundOf(calls: readonly Call[]) {
  const count = (fits: (call: Call) => boolean) => calls.filter(fits).length
  const ofStore = countBy(
    calls.filter(({ service }) => service === 'identitystore'),
    ({ operation }) => operation,
  )
  const seconds = {
    identityStore: Math.max(0, ...Object.values(ofStore)) / 20,
    organizations: count(({ service }) => service === 'organizations') / 4,
    ssoAdmin: count(({ service }) => service === 'sso-admin') / 5,
  }
  return { boundSeconds: round(Math.max(...Object.values(seconds))), bounds: seconds }
}
