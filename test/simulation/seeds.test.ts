/** What this is, and what to do when a seed fails: README.md. */
import { expect, inject, test } from 'vitest'
import { runSeeds } from '#scripts/simulate/pool.ts'

const count = process.env.TEST_FULL === '1' ? 2_000 : 30

test(`in ${count} seeded worlds every promise about access is kept`, async () => {
  const broken: string[] = []
  await runSeeds({
    cluster: inject('testCluster'),
    seeds: Array.from({ length: count }, (_, at) => at + 1),
    onVerdict({ seed, violations, timeline }) {
      if (violations.length === 0) return true
      broken.push(
        `seed ${seed} (npm run simulate -- --seeds 1 --from ${seed})`,
        ...timeline,
        ...violations.map(({ promise, told }) => `✘ ${promise}: ${told}`),
      )
      return false
    },
  })
  expect(broken.join('\n')).toBe('')
})

test('a seed replays exactly, whoever else runs beside it', async () => {
  const told: string[][] = []
  await runSeeds({
    cluster: inject('testCluster'),
    seeds: [102, 102],
    onVerdict({ timeline, touches }) {
      told.push([...timeline, `${touches} touches of the world`])
      return true
    },
  })
  expect(told).toHaveLength(2)
  expect(told[0]).toEqual(told[1])
})
