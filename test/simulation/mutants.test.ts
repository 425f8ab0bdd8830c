/** That the simulation has teeth: the seed recorded for each mutant still finds it. */
import { expect, inject, test, vi } from 'vitest'
import { makeTree, mutants } from '#scripts/simulate/mutants.ts'
import { runSeeds } from '#scripts/simulate/pool.ts'

vi.setConfig({ maxConcurrency: 2 })
const all = await mutants()

test('each deliberate fault is a patch of a few lines that fits the code as it is', async () => {
  expect(all.length).toBeGreaterThanOrEqual(14)
  for (const { name } of all) {
    const tree = await makeTree(name)
    await tree.remove()
  }
})

for (const { name, what, seed } of all) {
  // Those without a seed have not been hunted: npm run simulate -- --mutants.
  if (seed === null) continue
  test.concurrent(`${name} is found: ${what}`, async () => {
    const tree = await makeTree(name)
    const found: string[] = []
    try {
      await runSeeds({
        cluster: inject('testCluster'),
        seeds: [seed],
        tree: tree.path,
        workers: 1,
        onVerdict({ violations }) {
          found.push(...violations.map(({ promise }) => promise))
          return true
        },
      })
    } finally {
      await tree.remove()
    }
    expect(found).not.toEqual([])
  })
}
