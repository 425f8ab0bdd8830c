/** That the simulation has teeth: the seed recorded for each mutant still finds it. */
import { readFile } from 'node:fs/promises'
import { expect, inject, test, vi } from 'vitest'
import { faultyFiles, mutants } from '#scripts/simulate/mutants.ts'
import { runSeeds } from '#scripts/simulate/pool.ts'

vi.setConfig({ maxConcurrency: 2 })
const all = await mutants()

test('each deliberate fault is a patch of a few lines that fits the code as it is', async () => {
  expect(all.length).toBeGreaterThanOrEqual(14)
  for (const { name } of all) {
    const faulty = Object.entries(await faultyFiles(name))
    expect(faulty.length).toBeGreaterThanOrEqual(1)
    for (const [url, source] of faulty) {
      expect(await readFile(new URL(url), 'utf8')).not.toBe(source)
    }
  }
})

for (const { name, what, seed } of all) {
  // Those without a seed have not been hunted: npm run simulate -- --mutants.
  if (seed === null) continue
  test.concurrent(`${name} is found: ${what}`, async () => {
    const found: string[] = []
    await runSeeds({
      cluster: inject('testCluster'),
      seeds: [seed],
      inPlaceOf: await faultyFiles(name),
      workers: 1,
      onVerdict({ violations }) {
        found.push(...violations.map(({ promise }) => promise))
        return true
      },
    })
    expect(found).not.toEqual([])
  })
}
