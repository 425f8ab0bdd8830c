import { chmod, chown, lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedPostgresError } from './error.ts'

export const socketPort = 5432

export interface SocketFolder {
  path: string
  /** Removes a folder outside the data folder; the other stays for the next start. */
  discard(): Promise<void>
}

interface Owner {
  uid: number | null
  gid: number | null
}

// sockaddr_un holds 108 bytes with the final zero on Linux, 104 on macOS and the BSDs.
const socketPathBytesMax = process.platform === 'linux' ? 107 : 103

/**
 * A private folder for the server's socket: beside the data, or, where that path is too long for a
 * socket, a short one in the system's temporary folder, whose name is remembered so that killed
 * runs do not leave one each.
 */
export async function prepareSocketFolder(folder: string, owner: Owner): Promise<SocketFolder> {
  const near = join(folder, 'run')
  if (fits(near)) {
    await rm(near, { recursive: true, force: true })
    await mkdir(near)
    await makePrivate(near, owner)
    return { path: near, discard: async () => undefined }
  }
  return prepareFarFolder(join(folder, 'socket-folder'), owner)
}

async function prepareFarFolder(memory: string, owner: Owner): Promise<SocketFolder> {
  const remembered = await readFile(memory, 'utf8').catch(() => null)
  if (remembered !== null && (await isOurs(remembered, owner))) {
    await rm(remembered, { recursive: true, force: true })
  }
  const base = [tmpdir(), '/tmp'].find((path) => fits(join(path, 'team-postgres-XXXXXX')))
  if (base === undefined) {
    throw new EmbeddedPostgresError(
      `${tmpdir()} is too long a path for PostgreSQL's socket: set TMPDIR to a short one.`,
    )
  }
  const path = await mkdtemp(join(base, 'team-postgres-'))
  await makePrivate(path, owner)
  await writeFile(memory, path, { mode: 0o600 })
  return {
    path,
    async discard() {
      await rm(path, { recursive: true, force: true })
      await rm(memory, { force: true })
    },
  }
}

function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${socketPort}.lock`)) <= socketPathBytesMax
}

async function makePrivate(path: string, { uid, gid }: Owner): Promise<void> {
  await chmod(path, 0o700)
  if (uid !== null && gid !== null) await chown(path, uid, gid)
}

/** A temporary folder is anybody's: the name may meanwhile stand for somebody else's folder. */
async function isOurs(path: string, owner: Owner): Promise<boolean> {
  const uid = owner.uid ?? process.getuid?.()
  const found = await lstat(path).catch(() => null)
  return found?.isDirectory() === true && found.uid === uid
}
