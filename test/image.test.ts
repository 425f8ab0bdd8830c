/** The Dockerfile against `.dockerignore` and the sources: nothing that a stage uses is left out. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, posix } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const textOf = (path: string) => readFile(join(root, path), 'utf8')

interface Stage {
  readonly name: string
  /** Taken from the folder in which the image is built. */
  readonly copied: string[]
  /** Given from one stage to another: `stage path`. */
  readonly taken: string[]
}

function stagesOf(dockerfile: string): Stage[] {
  const stages: Stage[] = []
  for (const line of dockerfile.replaceAll('\\\n', ' ').split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'FROM') stages.push({ name: rest.at(-1) ?? '', copied: [], taken: [] })
    if (word !== 'COPY') continue
    const from = rest.find((one) => one.startsWith('--from='))?.slice('--from='.length)
    const sources = rest.filter((one) => !one.startsWith('--')).slice(0, -1)
    if (from === undefined) stages.at(-1)?.copied.push(...sources)
    else stages.at(-1)?.taken.push(...sources.map((source) => `${from} ${source}`))
  }
  return stages
}

/** The `extends` of its tsconfig, and theirs. */
async function extended(path: string): Promise<string[]> {
  const { extends: parent } = JSON.parse(await textOf(path)) as { extends?: string }
  if (parent === undefined) return []
  const next = posix.join(dirname(path), parent)
  return [next, ...(await extended(next))]
}

const stages = stagesOf(await textOf('Dockerfile'))
const allowed = (await textOf('.dockerignore'))
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1))

test('what is copied into the image is there, and .dockerignore lets it in', () => {
  const copied = [...new Set(stages.flatMap((stage) => stage.copied))]
  expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([])
  expect(copied.filter((path) => !allowed.includes(path))).toEqual([])
})

test('each stage has the settings of TypeScript that those it copies are made from', async () => {
  const missing: string[] = []
  for (const { name, copied } of stages) {
    for (const folder of copied.filter((one) => existsSync(join(root, one, 'tsconfig.json')))) {
      const needed = await extended(`${folder}/tsconfig.json`)
      missing.push(...needed.filter((one) => !copied.includes(one)).map((one) => `${name} ${one}`))
    }
  }
  expect(missing).toEqual([])
})

test('TEAM’s own user may write the folder for intents, and owns nothing else', async () => {
  expect(stages.at(-1)?.taken).toContain('packages /data')
  const owned = (await textOf('Dockerfile')).match(/COPY --.*chown.*/g)
  expect(owned).toEqual(['COPY --from=packages --chown=65532:65532 /data /data'])
})
