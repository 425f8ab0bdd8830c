/**
 * Loaded before `server/main.ts` in the process that a benchmark starts: counts what the program
 * itself does not count, and tells the benchmark when it is asked.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import pg from 'pg'
import { round } from './figures.ts'

export interface SeenStatement {
  readonly text: string
  /** Of the slowest time that it was said. */
  readonly values: readonly unknown[]
}

export interface ProbeReport {
  /** By the name under which the connection was opened. */
  readonly queries: Record<string, number>
  /** Most frequent first. */
  readonly statements: readonly { text: string; count: number; waitedMs: number }[]
  readonly cpuMs: number
  readonly rssMb: number
  readonly heapMb: number
  readonly loopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Whole, those that waited longest first: for their plans. */
  readonly slowest: readonly SeenStatement[]
}

const statementsShown = 12
const slowestShown = 12
const megabyte = 1024 ** 2

const byConnection: Record<string, number> = {}
const byStatement = new Map<string, { count: number; waitedMs: number }>()
const slowest = new Map<string, SeenStatement & { readonly waitedMs: number }>()
const loop = monitorEventLoopDelay({ resolution: 10 })
loop.enable()
let cpuBefore = process.cpuUsage()

const query: (...given: unknown[]) => unknown = pg.Client.prototype.query
function countedQuery(this: pg.Client, ...given: unknown[]): unknown {
  const name = nameOf(this)
  byConnection[name] = (byConnection[name] ?? 0) + 1
  const text = textOf(given[0])
  const startedMs = performance.now()
  const answer = query.apply(this, given)
  const counted = byStatement.get(text) ?? { count: 0, waitedMs: 0 }
  counted.count += 1
  byStatement.set(text, counted)
  const waited = () => {
    const waitedMs = performance.now() - startedMs
    counted.waitedMs += waitedMs
    const whole = wholeTextOf(given[0])
    if ((slowest.get(whole)?.waitedMs ?? 0) < waitedMs) {
      slowest.set(whole, { text: whole, values: valuesOf(given), waitedMs })
    }
  }
  if (answer instanceof Promise) answer.then(waited, waited)
  return answer
}
Object.assign(pg.Client.prototype, { query: countedQuery })

function nameOf(client: pg.Client): string {
  const parameters: unknown = Reflect.get(client, 'connectionParameters')
  if (typeof parameters !== 'object' || parameters === null) return 'unknown'
  return String(Reflect.get(parameters, 'application_name') ?? 'unnamed')
}

function textOf(given: unknown): string {
  return wholeTextOf(given).replaceAll(/\s+/g, ' ').slice(0, 100)
}

function wholeTextOf(given: unknown): string {
  const isObject = typeof given === 'object' && given !== null && 'text' in given
  return typeof given === 'string' ? given : isObject ? String(given.text) : 'other'
}

function valuesOf([first, second]: readonly unknown[]): readonly unknown[] {
  if (Array.isArray(second)) return second
  const isObject = typeof first === 'object' && first !== null && 'values' in first
  return isObject && Array.isArray(first.values) ? first.values : []
}

function report(): ProbeReport {
  const { user, system } = process.cpuUsage(cpuBefore)
  const { rss, heapUsed } = process.memoryUsage()
  const milliseconds = (nanoseconds: number) => round(nanoseconds / 1e6)
  return {
    queries: { ...byConnection },
    statements: [...byStatement]
      .map(([text, { count, waitedMs }]) => ({ text, count, waitedMs: round(waitedMs) }))
      .sort((a, b) => b.count - a.count)
      .slice(0, statementsShown),
    cpuMs: round((user + system) / 1000),
    rssMb: round(rss / megabyte),
    heapMb: round(heapUsed / megabyte),
    loopDelayMs: {
      p50: milliseconds(loop.percentile(50)),
      p99: milliseconds(loop.percentile(99)),
      max: milliseconds(loop.max),
    },
    slowest: [...slowest.values()]
      .sort((a, b) => b.waitedMs - a.waitedMs)
      .slice(0, slowestShown)
      .map(({ text, values }) => ({ text, values })),
  }
}

function reset(): void {
  for (const name of Object.keys(byConnection)) delete byConnection[name]
  byStatement.clear()
  slowest.clear()
  loop.reset()
  cpuBefore = process.cpuUsage()
}

process.on('message', (message) => {
  if (message === 'reset') reset()
  if (message === 'report') process.send?.(report())
})
// A benchmark that was killed is no longer there to stop it.
const startedBy = process.ppid
setInterval(() => {
  if (process.ppid !== startedBy) process.kill(process.pid, 'SIGKILL')
}, 1_000).unref()
