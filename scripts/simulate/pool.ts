/** Two processes run seeds; each has the process to itself, because a seed takes its timers over. */
import { type ChildProcess, fork } from 'node:child_process'
import { compiledCode } from '#scripts/run.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import type { Verdict } from '#test/simulation/run-seed.ts'

export interface SeedsOrder {
  readonly cluster: TestClusterAddress
  readonly seeds: Iterable<number>
  /** Files of TEAM, by URL, in place of those that are there. */
  readonly inPlaceOf?: Readonly<Record<string, string>>
  readonly workers?: number
  /** Called for each; false: no further seeds. */
  readonly onVerdict: (verdict: Verdict) => boolean
}

type Answer = { verdict: Verdict } | { seed: number; error: string }

export async function runSeeds(order: SeedsOrder): Promise<void> {
  const seeds = order.seeds[Symbol.iterator]()
  let isOver = false
  const next = () => {
    const { done, value } = isOver ? { done: true, value: 0 } : seeds.next()
    return done === true ? null : Number(value)
  }
  const workers = Array.from({ length: order.workers ?? 2 }, () => startWorker(order.inPlaceOf))
  try {
    await Promise.all(
      workers.map(async (worker) => {
        for (let seed = next(); seed !== null; seed = next()) {
          const verdict = await ask(worker, seed, order.cluster)
          if (!order.onVerdict(verdict)) isOver = true
        }
      }),
    )
  } finally {
    for (const worker of workers) worker.disconnect()
  }
}

const here = (file: string) => new URL(file, import.meta.url)

function startWorker(inPlaceOf: SeedsOrder['inPlaceOf']): ChildProcess {
  return fork(here('worker.ts'), {
    execArgv: inPlaceOf === undefined ? [] : ['--import', here('in-place-of.ts').href],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compiledCode,
      SIMULATE_IN_PLACE_OF: JSON.stringify(inPlaceOf ?? {}),
    },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

function ask(worker: ChildProcess, seed: number, cluster: TestClusterAddress): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null) =>
      reject(new Error(`Seed ${seed}: its process died (${code})`))
    worker.once('exit', died)
    worker.once('message', (answer: Answer) => {
      worker.off('exit', died)
      if ('verdict' in answer) resolve(answer.verdict)
      else resolve(verdictOfMishap(answer))
    })
    worker.send({ seed, cluster })
  })
}

/** A seed that could not be carried through is a violation too: of the simulation, or of TEAM. */
function verdictOfMishap({ seed, error }: { seed: number; error: string }): Verdict {
  return {
    seed,
    violations: [{ promise: 'a seed runs to its end', told: error }],
    timeline: [],
    touches: 0,
    requests: 0,
    granted: 0,
    worstExcessMs: 0,
    cpuMs: 0,
  }
}
