/** Builds the web application when its sources are newer than the bundle. */
import { glob, stat } from 'node:fs/promises'
import { capture, root } from './run.ts'

export const webRoot = `${root}dist/web`

export async function buildWebIfStale(): Promise<void> {
  const builtAt = await mtime(`${webRoot}/index.html`)
  if (builtAt > (await newestSource())) return
  const built = await capture(`${root}node_modules/.bin/vite`, ['build', 'web', '--logLevel=warn'])
  if (built.code !== 0) throw new Error(`The web application does not build:\n${built.output}`)
}

async function newestSource(): Promise<number> {
  let newest = await mtime(`${root}package-lock.json`)
  for await (const file of glob(['web/**/*', 'contract/**/*', 'core/**/*.ts'], { cwd: root })) {
    newest = Math.max(newest, await mtime(root + file))
  }
  return newest
}

async function mtime(path: string): Promise<number> {
  const found = await stat(path).catch(() => null)
  return found?.mtimeMs ?? 0
}
