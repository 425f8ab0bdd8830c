/**
 * `npm run bench -- NAME`: a named benchmark; one JSON object a line, the last line the summary.
 * Machines are noisy, so beside times there are counts, which do not depend on them.
 */
import { startTestCluster } from '#test/postgres-cluster.ts'
import { requestLife } from './bench/request-life.ts'

const benchmarks = {
  'request-life': requestLife,
}

const name = process.argv[2] ?? ''
if (!Object.hasOwn(benchmarks, name)) {
  console.error(
    `npm run bench -- NAME, where NAME is one of: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(2)
}
const cluster = await startTestCluster()
try {
  // Checked just above.
  await benchmarks[name as keyof typeof benchmarks](cluster, (line) =>
    console.log(JSON.stringify(line)),
  )
} finally {
  await cluster.stop()
}
