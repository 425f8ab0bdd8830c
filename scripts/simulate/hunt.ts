/** `npm run simulate -- --mutants`: the first seed that finds each mutant, as a table. */
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import type { Verdict } from '#test/simulation/run-seed.ts'
import { faultyFiles, type Mutant, mutants, recordSeed } from './mutants.ts'
import { runSeeds } from './pool.ts'

export interface Hunt {
  readonly cluster: TestClusterAddress
  readonly seeds: { readonly from: number; readonly count: number }
  readonly only: string | null
}

/** Answers the names of those that no seed found. */
export async function hunt({ cluster, seeds, only }: Hunt): Promise<string[]> {
  const escaped: string[] = []
  for (const mutant of await mutants()) {
    if (only !== null && only !== mutant.name) continue
    const found = await firstCatch(cluster, mutant, seeds)
    if (found === null) escaped.push(mutant.name)
    else await recordSeed(mutant.name, found.seed)
    const [violation] = found?.violations ?? []
    const by = found === null ? 'NOT FOUND' : `seed ${found.seed}`
    console.log(`${mutant.name.padEnd(28)} ${by.padEnd(10)} ${violation?.promise ?? ''}`)
  }
  return escaped
}

async function firstCatch(
  cluster: TestClusterAddress,
  mutant: Mutant,
  { from, count }: Hunt['seeds'],
): Promise<Verdict | null> {
  const ordered = Array.from({ length: count }, (_, at) => from + at)
  const caught: Verdict[] = []
  await runSeeds({
    cluster,
    seeds: mutant.seed === null ? ordered : [mutant.seed, ...ordered],
    inPlaceOf: await faultyFiles(mutant.name),
    onVerdict(verdict) {
      if (verdict.violations.length > 0) caught.push(verdict)
      return caught.length === 0
    },
  })
  return caught.toSorted((one, other) => one.seed - other.seed)[0] ?? null
}
