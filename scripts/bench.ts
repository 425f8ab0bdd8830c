/**
 * `npm run bench -- NAME [CASE …]`: a named benchmark, or only some of its cases; one JSON object a
 * line, the last line the summary. Machines are noisy, so beside times there are counts, which do
 * not depend on them. docs/performance.md says what each measures.
 */
import { usualSharedBuffers } from '#server/store/postgres/embedded.ts'
import { startTestCluster } from '#test/postgres-cluster.ts'
import { approvalBurst } from './bench/approval-burst.ts'
import { companyBenchmark } from './bench/company/company.ts'
import { endingStorm } from './bench/ending-storm.ts'
import { exportBenchmark } from './bench/export.ts'
import { footprint } from './bench/footprint.ts'
import { leaderHandover } from './bench/leader-handover.ts'
import { lifecycleCalls } from './bench/lifecycle-calls.ts'
import { recover } from './bench/recover.ts'
import { requestLife } from './bench/request-life.ts'
import { sideBySide } from './bench/side-by-side.ts'
import { soak } from './bench/soak.ts'
import { timeToGrant } from './bench/time-to-grant.ts'
import { trail } from './bench/trail.ts'
import { web } from './bench/web.ts'

const benchmarks = {
  'request-life': requestLife,
  'lifecycle-calls': lifecycleCalls,
  'time-to-grant': timeToGrant,
  'approval-burst': approvalBurst,
  'ending-storm': endingStorm,
  recover,
  'leader-handover': leaderHandover,
  soak,
  trail,
  export: exportBenchmark,
  footprint,
  web,
  'side-by-side': sideBySide,
  directory: companyBenchmark('directory'),
  forms: companyBenchmark('forms'),
  lists: companyBenchmark('lists'),
  decisions: companyBenchmark('decisions'),
  company: companyBenchmark('directory', 'forms', 'lists', 'decisions'),
}

const [name = '', ...cases] = process.argv.slice(2)
if (!Object.hasOwn(benchmarks, name)) {
  console.error(
    `npm run bench -- NAME, where NAME is one of: ${Object.keys(benchmarks).join(', ')}`,
  )
  process.exit(2)
}
// As an installation has it, which is measured, and no test.
const cluster = await startTestCluster({ sharedBuffers: usualSharedBuffers() })
try {
  // Checked just above.
  await benchmarks[name as keyof typeof benchmarks](
    cluster,
    (line) => console.log(JSON.stringify(line)),
    cases,
  )
} finally {
  await cluster.stop()
}
