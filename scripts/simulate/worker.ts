/** Runs the seeds that its parent names, one after another. */
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { runSeed } from '#test/simulation/run-seed.ts'

process.on('message', (order: { seed: number; cluster: TestClusterAddress }) => {
  runSeed(order.seed, order.cluster).then(
    (verdict) => process.send?.({ verdict }),
    (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      process.send?.({ seed: order.seed, error: text })
    },
  )
})
process.on('disconnect', () => process.exit())
