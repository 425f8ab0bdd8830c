/** That the simulation has teeth: the seed recorded for each mutant still finds it. */
import { describe, expect, inject, test } from 'vitest'
import { makeTree, mutants } from '#scripts/simulate/mutants.ts'
import { runSeeds } from '#scripts/simulate/pool.ts'

describe('a deliberate fault is found', async () => {
  for (const { name, what, seed } of await mutants()) {
    test(`${name}: ${what}`, async () => {
      expect(seed, 'npm run simulate -- --mutants finds and records one').not.toBeNull()
      const tree = await makeTree(name)
      const found: string[] = []
      try {
        await runSeeds({
          cluster: inject('testCluster'),
          seeds: seed === null ? [] : [seed],
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
})
