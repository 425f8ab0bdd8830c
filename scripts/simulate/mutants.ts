/**
 * Deliberate faults in TEAM, each a patch of a few lines (test/simulation/mutants). The simulation
 * must find each: what it does not find, it does not prove.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { capture, root } from '../run.ts'

const folder = join(root, 'test/simulation/mutants')
const seedsFile = join(folder, 'seeds.json')
const linesMax = 5

export interface Mutant {
  readonly name: string
  /** What the fault is, in a sentence. */
  readonly what: string
  /** The seed that has been seen to find it; null: none yet. */
  readonly seed: number | null
}

export async function mutants(): Promise<Mutant[]> {
  const seeds = await recordedSeeds()
  const files = (await readdir(folder)).filter((file) => file.endsWith('.patch')).toSorted()
  return Promise.all(
    files.map(async (file) => {
      const name = file.replace(/\.patch$/, '')
      const patch = await readFile(join(folder, file), 'utf8')
      const lines = patch.split('\n')
      for (const sign of ['+', '-']) {
        const changed = lines.filter(
          (line) => line.startsWith(sign) && !line.startsWith(sign.repeat(3)),
        )
        if (changed.length > linesMax)
          throw new Error(`${file} changes more than ${linesMax} lines`)
      }
      return { name, what: lines[0] ?? name, seed: seeds[name] ?? null }
    }),
  )
}

async function recordedSeeds(): Promise<Record<string, number>> {
  const text = await readFile(seedsFile, 'utf8').catch(() => '{}')
  return JSON.parse(text) as Record<string, number>
}

export async function recordSeed(name: string, seed: number): Promise<void> {
  const seeds = { ...(await recordedSeeds()), [name]: seed }
  const sorted = Object.fromEntries(Object.entries(seeds).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  await writeFile(seedsFile, `${JSON.stringify(sorted, null, 2)}\n`)
}

/**
 * The files that the fault is in, by URL, with it. Throws if the patch no longer fits: then the patch
 * is to be mended.
 */
export async function faultyFiles(name: string): Promise<Record<string, string>> {
  const patch = join(folder, `${name}.patch`)
  const files = [...(await readFile(patch, 'utf8')).matchAll(/^\+\+\+ b\/(.+)$/gm)].map(
    ([, file]) => file ?? '',
  )
  const path = await mkdtemp(join(tmpdir(), `team-mutant-${name}-`))
  try {
    for (const file of files) await cp(join(root, file), join(path, file), { recursive: true })
    const applied = await capture('git', ['-C', path, 'apply', '--recount', '-C1', patch])
    if (applied.code !== 0) {
      throw new Error(`The mutant ${name} fits the code no longer: ${applied.output.trim()}`)
    }
    const read = files.map(async (file) => [
      pathToFileURL(join(root, file)).href,
      await readFile(join(path, file), 'utf8'),
    ])
    return Object.fromEntries(await Promise.all(read))
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}
