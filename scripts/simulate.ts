/**
 * `npm run simulate -- --seeds N [--from S] [--timeline]`: seeded simulations of TEAM
 * (test/simulation). Prints what was found, and for a failing seed its timeline and how to replay it.
 * `--mutants [--only NAME]`: for each deliberate fault the first of these seeds that finds it.
 */
import { parseArgs } from 'node:util'
import { startTestCluster } from '#test/postgres-cluster.ts'
import type { Verdict } from '#test/simulation/run-seed.ts'
import { hunt } from './simulate/hunt.ts'
import { runSeeds } from './simulate/pool.ts'

const failuresMax = 5

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    timeline: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
    only: { type: 'string' },
  },
})
const count = Number(values.seeds)
const from = Number(values.from)
const startedMs = performance.now()
const cluster = await startTestCluster()
const verdicts: Verdict[] = []
try {
  if (values.mutants) await huntMutants()
  else await simulate()
} finally {
  await cluster.stop()
}

async function huntMutants(): Promise<void> {
  const only = values.only ?? null
  const escaped = await hunt({ cluster, seeds: { from, count }, only })
  if (escaped.length === 0) return
  console.log(`not found within ${count} seeds: ${escaped.join(', ')}`)
  process.exitCode = 1
}

async function simulate(): Promise<void> {
  await runSeeds({
    cluster,
    seeds: Array.from({ length: count }, (_, at) => from + at),
    workers: Math.min(count, Number(values.workers)),
    onVerdict(verdict) {
      verdicts.push(verdict)
      if (values.timeline || verdict.violations.length > 0) report(verdict)
      else if (verdicts.length % 10 === 0) console.log(`${verdicts.length} seeds`)
      return failures().length < failuresMax
    },
  })
  summarise()
}

function failures(): Verdict[] {
  return verdicts.filter(({ violations }) => violations.length > 0)
}

function report({ seed, violations, timeline }: Verdict): void {
  console.log(`\nseed ${seed}`)
  for (const line of timeline) console.log(`  ${line}`)
  for (const { promise, told } of violations) console.log(`✘ seed ${seed}: ${promise}: ${told}`)
  console.log(`Replay: npm run simulate -- --seeds 1 --from ${seed}`)
}

function summarise(): void {
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((all, one) => all + of(one), 0)
  const worstSeconds = Math.max(0, ...verdicts.map((one) => one.worstExcessMs)) / 1000
  const seconds = (performance.now() - startedMs) / 1000
  console.log(
    `${verdicts.length} seeds, ${failures().length} with a violation; ` +
      `${sum((one) => one.requests)} requests, ${sum((one) => one.granted)} granted, ` +
      `${sum((one) => one.touches)} touches of the world; ` +
      `at most ${worstSeconds.toFixed(1)} s of access without excuse; ` +
      `${(sum((one) => one.cpuMs) / verdicts.length / 1000).toFixed(1)} s of CPU a seed, ${seconds.toFixed(0)} s in all`,
  )
  if (failures().length > 0) {
    console.log(
      `failing seeds: ${failures()
        .map(({ seed }) => seed)
        .join(' ')}`,
    )
    process.exitCode = 1
  }
}
