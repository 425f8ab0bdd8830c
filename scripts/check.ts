/** `npm run check`: format, lint, types, import arrows, generated files, lock file. Seconds. */
import { readFile } from 'node:fs/promises'
import { brokenArrows } from './arrows.ts'
import { staleFiles } from './generate.ts'
import { lint } from './lint.ts'
import { capture, root } from './run.ts'

interface Part {
  readonly name: string
  /** Empty: all is well. */
  readonly run: () => Promise<string[]>
}

const parts: readonly Part[] = [
  { name: 'format and lint', run: lint },
  { name: 'types', run: () => types('tsconfig.json', 2) },
  { name: 'types of the web application', run: () => types('web/tsconfig.json', 1) },
  { name: 'types of the infrastructure', run: () => types('infra/tsconfig.json', 1) },
  { name: 'import arrows', run: brokenArrows },
  { name: 'generated files', run: staleFiles },
  { name: 'lock file', run: lockFile },
]

/**
 * What was checked the last time and has not changed since is not checked again. By itself tsc
 * takes four checkers, each of which works out the same types anew: too many where all parts run
 * side by side.
 */
function types(project: string, checkers: number): Promise<string[]> {
  const checked = `${root}.cache/${project.replaceAll('/', '-')}.tsbuildinfo`
  const incremental = ['--incremental', '--tsBuildInfoFile', checked]
  return program('tsc', ['-p', project, ...incremental, '--checkers', String(checkers)])
}

async function program(name: string, args: readonly string[]): Promise<string[]> {
  const ran = await capture(`${root}node_modules/.bin/${name}`, args)
  return ran.code === 0 ? [] : [ran.output.trim()]
}

async function lockFile(): Promise<string[]> {
  const lock = await readFile(`${root}package-lock.json`, 'utf8')
  const manifest = JSON.parse(await readFile(`${root}package.json`, 'utf8'))
  const versions = Object.entries<string>({ ...manifest.dependencies, ...manifest.devDependencies })
  return [
    ...(lock.includes('"resolved": "http') ? ['package-lock.json records download addresses'] : []),
    ...versions
      .filter(([, version]) => !/^\d/.test(version))
      .map(([name, version]) => `package.json does not pin ${name} exactly (${version})`),
  ]
}

const results = await Promise.all(
  parts.map(async (part) => {
    const from = performance.now()
    const wrong = await part.run().catch((error: Error) => [error.message])
    return { part, wrong, seconds: (performance.now() - from) / 1000 }
  }),
)
for (const { part, wrong, seconds } of results) {
  console.log(`${wrong.length === 0 ? '✔' : '✘'} ${part.name} (${seconds.toFixed(1)} s)`)
  for (const line of wrong) console.log(line)
}
if (results.some(({ wrong }) => wrong.length > 0)) process.exitCode = 1
