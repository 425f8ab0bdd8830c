/**
 * Files and folders that the settings name, looked at before anybody is served: a creation whose
 * intent cannot be written outside the database is never sent, and nobody signs in without the
 * metadata. That is told at the start, a line each, and the server goes on: access that was given
 * must end, be a disk full or broken.
 */
import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '#server/config.ts'
import { anchorFile, ifMissing, newest } from '#server/recover/intent-log.ts'

/** What is wrong with them. */
export async function checkPlaces({
  dataDir,
  saml: { metadata },
}: Pick<Config, 'dataDir' | 'saml'>): Promise<string[]> {
  const user = `user ${process.getuid?.() ?? 'TEAM'}`
  const lines: string[] = []
  await tryIt(dataDir).catch((error) =>
    lines.push(
      `TEAM_DATA_DIR cannot be written (${wordsOf(error)}): make it a folder that ${user} may read and write. Example: TEAM_DATA_DIR=/var/lib/team`,
    ),
  )
  if (metadata.kind === 'file') {
    await access(metadata.path, constants.R_OK).catch((error) =>
      lines.push(
        `SAML_METADATA_FILE cannot be read (${wordsOf(error)}): make it a file that ${user} may read. Example: SAML_METADATA_FILE=/etc/team/identity-center.xml`,
      ),
    )
  }
  return lines
}

/** Leaves nothing behind but the folder. */
async function tryIt(dataDir: string): Promise<void> {
  // As the embedded PostgreSQL makes it: as root, its own user has to pass through.
  await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  // Copies that share the folder may start at one time, each as process 1 of its container.
  const probe = join(dataDir, `.writable-${randomUUID()}`)
  await (await open(probe, 'wx', 0o600)).close()
  await rm(probe)
  // Perhaps left by a command that ran as another user.
  for (const name of [newest, anchorFile]) {
    const file = await open(join(dataDir, name), 'r+').catch(ifMissing)
    await file?.close()
  }
}

const wordsOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
