/**
 * `npm test`: every test that must hold before a change lands, in parts, each with its seconds.
 * `npm run test:full` runs the same parts without shortening (TEST_FULL=1).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromiumOrInstall } from './chromium.ts'
import { root, show } from './run.ts'

const linesOfAFailure = 12
const slowFilesShown = 5

interface Part {
  readonly name: string
  readonly project: string
  readonly before?: () => Promise<NodeJS.ProcessEnv>
}

const parts: readonly Part[] = [
  { name: 'unit and store', project: 'unit' },
  { name: 'simulation', project: 'simulation' },
  { name: 'whole walk over HTTP', project: 'api' },
  { name: 'killed and started again', project: 'kill' },
  { name: 'several copies', project: 'copies' },
  {
    name: 'browser',
    project: 'browser',
    before: async () => {
      const CHROMIUM_PATH = await chromiumOrInstall()
      const built = await show(`${root}node_modules/.bin/vite`, ['build', 'web', '--logLevel=warn'])
      if (built !== 0) throw new Error('The web application does not build')
      return { CHROMIUM_PATH }
    },
  },
]

/** Vitest's JSON report, what of it is used. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly startTime: number
    readonly endTime: number
    /** Why the file could not be run. */
    readonly message: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

interface Result {
  readonly part: string
  /** The failed tests, each with the first lines of its message. */
  readonly failures: readonly string[]
  readonly slowest: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

const full = process.argv.includes('--full')
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'))
const folder = await mkdtemp(join(tmpdir(), 'team-test-'))
const results: Result[] = []
for (const part of parts) {
  if (wanted.length > 0 && !wanted.includes(part.project)) continue
  results.push(await runPart(part))
}
await rm(folder, { recursive: true, force: true })
summarise()

async function runPart(part: Part): Promise<Result> {
  console.log(`\n── ${part.name} ──`)
  const from = performance.now()
  const report = join(folder, `${part.project}.json`)
  const seconds = () => (performance.now() - from) / 1000
  try {
    const env = { ...process.env, ...(full && { TEST_FULL: '1' }), ...(await part.before?.()) }
    const code = await show(
      `${root}node_modules/.bin/vitest`,
      [
        'run',
        `--project=${part.project}`,
        '--reporter=dot',
        '--reporter=json',
        `--outputFile.json=${report}`,
      ],
      { env },
    )
    const counts: Report = JSON.parse(await readFile(report, 'utf8'))
    const failed = Math.max(counts.numFailedTests + countFailedFiles(counts), code === 0 ? 0 : 1)
    return {
      part: part.name,
      failures: failuresIn(counts),
      slowest: slowestIn(counts),
      passed: counts.numPassedTests,
      failed,
      skipped: counts.numPendingTests,
      seconds: seconds(),
    }
  } catch (error) {
    const failures = [`${part.name}: ${error instanceof Error ? error.message : error}`]
    return {
      part: part.name,
      failures,
      slowest: '',
      passed: 0,
      failed: 1,
      skipped: 0,
      seconds: seconds(),
    }
  }
}

/** A file that cannot even be loaded has no failed test in it. */
function countFailedFiles({ testResults }: Report): number {
  return testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length
}

function failuresIn({ testResults }: Report): string[] {
  return testResults.flatMap((file) => {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    if (failed.length === 0 && file.status === 'failed') return [toFailure(file.name, file.message)]
    return failed.map(({ fullName, failureMessages }) =>
      toFailure(`${file.name} > ${fullName}`, failureMessages[0] ?? ''),
    )
  })
}

function toFailure(name: string, message: string): string {
  const lines = message.split('\n').filter((line) => !line.includes('/node_modules/'))
  return [name.replace(root, ''), ...lines.slice(0, linesOfAFailure)].join('\n    ')
}

function slowestIn({ testResults }: Report): string {
  return testResults
    .map((file) => ({ ...file, seconds: (file.endTime - file.startTime) / 1000 }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, slowFilesShown)
    .map(({ name, seconds }) => `${name.replace(root, '')} ${seconds.toFixed(0)} s`)
    .join(', ')
}

function summarise(): void {
  for (const failure of results.flatMap(({ failures }) => failures)) console.log(`\n✘ ${failure}`)
  console.log('')
  for (const { part, passed, failed, skipped, seconds, slowest } of results) {
    const skips = skipped > 0 ? `, ${skipped} skipped` : ''
    console.log(`${part}: ${passed} passed, ${failed} failed${skips} in ${seconds.toFixed(0)} s`)
    if (slowest) console.log(`    slowest: ${slowest}`)
  }
  const sum = (count: (result: Result) => number) =>
    results.reduce((total, result) => total + count(result), 0)
  const total = `${sum((r) => r.passed)} passed, ${sum((r) => r.failed)} failed`
  const skipped = sum((result) => result.skipped)
  console.log(skipped > 0 ? `${total}, ${skipped} skipped` : total)
  if (sum((result) => result.failed) > 0) process.exitCode = 1
}
