/**
 * Biome over what has changed since it was last found well. Its rules look at one file at a time, so
 * a file with the same content, under the same rules, is as well as it was.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { capture, root } from './run.ts'

const remembered = `${root}.cache/lint.json`
const rulesFiles = ['biome.json', 'package-lock.json', '.gitignore']

/** What biome says of the files that are not well; empty: all are. */
export async function lint(): Promise<string[]> {
  const now = await fingerprints()
  const wellBefore = await recall()
  const isKnown = ([path, print]: readonly [string, string]) => wellBefore[path] === print
  const changed = [...now].filter((one) => !isKnown(one)).map(([path]) => path)
  if (changed.length > 0) {
    const ran = await capture(`${root}node_modules/.bin/biome`, [
      'check',
      '--no-errors-on-unmatched',
      ...changed,
    ])
    if (ran.code !== 0) return [ran.output.trim()]
  }
  await mkdir(`${root}.cache`, { recursive: true })
  await writeFile(remembered, JSON.stringify(Object.fromEntries(now)))
  return []
}

/** Of every file that git knows or would take up. */
async function fingerprints(): Promise<ReadonlyMap<string, string>> {
  const { output } = await capture('git', ['ls-files', '-co', '--exclude-standard', '-z'])
  const paths = output.split('\0').filter((path) => path !== '')
  const contents = await Promise.all(paths.map((path) => read(path)))
  const rules = digest(rulesFiles.map((path) => contents[paths.indexOf(path)] ?? ''))
  return new Map(
    paths.flatMap((path, at) => {
      const content = contents[at]
      return content == null ? [] : [[path, digest([rules, content])] as const]
    }),
  )
}

/** Null: it is deleted and git has not heard of it. */
function read(path: string): Promise<Buffer | null> {
  return readFile(root + path).catch(() => null)
}

function digest(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('base64url')
}

async function recall(): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(remembered, 'utf8').catch(() => '{}')
  return JSON.parse(text)
}
