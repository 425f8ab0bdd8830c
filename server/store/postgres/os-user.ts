import { execFile, type SpawnOptions } from 'node:child_process'
import { promisify } from 'node:util'
import { EmbeddedPostgresError } from './error.ts'

/**
 * PostgreSQL refuses to run as root, so under root its programs are started as another user: the
 * one who owns the data already, else `postgres`, else `team-postgres` (made if need be), else
 * `nobody`.
 *
 * That user may be unable to reach the programs or the data: a clone under /root, or in a folder
 * of mode 0700. Then the programs keep one capability that lets them pass (first the one that only
 * reads, then, where files are closed to others altogether, the one that ignores modes). It is
 * handed over by `setpriv` as an ambient capability, which outlives the change of user. The secure
 * bit beside it is for access(2), by which PostgreSQL looks for its own programs: without that bit
 * the kernel ignores the capabilities of anybody but root there.
 *
 * Where `setpriv` exists it also asks the kernel to stop the server when TEAM dies, however it
 * dies. The next start does not rely on that.
 */
export interface Launcher {
  uid: number | null
  gid: number | null
  userName: string | null
  command(program: string, args: readonly string[], whenTeamDies: DeathSignal): Command
}

export interface Command {
  file: string
  args: string[]
  options: Pick<SpawnOptions, 'uid' | 'gid'>
}

type DeathSignal = 'INT' | 'KILL'

interface OsUser {
  uid: number
  gid: number
  name: string
}

const run = promisify(execFile)
const capabilities = ['dac_read_search', 'dac_override'] as const

export interface Needs {
  dataOwnerUid: number | null
  /** Ours, with the data in it. */
  folder: string
  program: string
  sampleConfig: string
}

export async function chooseLauncher(needs: Needs): Promise<Launcher> {
  const setpriv = await hasSetpriv()
  if (process.getuid?.() !== 0) return ownUserLauncher(setpriv)
  const user = await chooseUser(needs.dataOwnerUid)
  if (!setpriv) {
    const plain = plainLauncher(user)
    if ((await whyNot(plain, needs)) === null) return plain
    throw new EmbeddedPostgresError(
      `PostgreSQL may not run as root, and the user ${user.name} cannot reach ${needs.folder} or ` +
        'node_modules: install setpriv (package util-linux), move both out of private folders, ' +
        'or set DATABASE_URL.',
    )
  }
  let reason: string | null = null
  for (const capability of [null, ...capabilities]) {
    const launcher = setprivLauncher(user, capability)
    reason = await whyNot(launcher, needs)
    if (reason === null) return launcher
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL may not run as root, and it could not be started as the user ${user.name} in ` +
      `${needs.folder} (${reason}): start TEAM as an ordinary user, or set DATABASE_URL.`,
  )
}

function ownUserLauncher(setpriv: boolean): Launcher {
  return {
    uid: null,
    gid: null,
    userName: null,
    command(program, args, whenTeamDies) {
      if (!setpriv) return { file: program, args: [...args], options: {} }
      return { file: 'setpriv', args: ['--pdeathsig', whenTeamDies, program, ...args], options: {} }
    },
  }
}

function plainLauncher(user: OsUser): Launcher {
  const { uid, gid, name } = user
  return {
    uid,
    gid,
    userName: name,
    command: (program, args) => ({ file: program, args: [...args], options: { uid, gid } }),
  }
}

function setprivLauncher(user: OsUser, capability: string | null): Launcher {
  const { uid, gid, name } = user
  const identity = ['--reuid', String(uid), '--regid', String(gid), '--clear-groups']
  const kept =
    capability === null
      ? []
      : [
          '--securebits=+no_setuid_fixup',
          `--inh-caps=+${capability}`,
          `--ambient-caps=+${capability}`,
        ]
  return {
    uid,
    gid,
    userName: name,
    command(program, args, whenTeamDies) {
      const dying = ['--pdeathsig', whenTeamDies]
      return {
        file: 'setpriv',
        args: [...identity, ...kept, ...dying, program, ...args],
        options: {},
      }
    },
  }
}

/**
 * Tries it, rather than reading modes: there are also ACLs, mount options and security modules.
 * The server prints one setting and ends; by then it has found itself, its libraries, its share
 * folder and ours, in the way that it will when it starts in earnest.
 */
async function whyNot(launcher: Launcher, needs: Needs): Promise<string | null> {
  const words = ['-C', 'port', '-D', needs.folder, '-c', `config_file=${needs.sampleConfig}`]
  const script = 'cd "$1" && shift && exec "$@"'
  const shell = ['-c', script, 'sh', needs.folder, needs.program, ...words]
  const { file, args, options } = launcher.command('/bin/sh', shell, 'KILL')
  return run(file, args, { ...options, cwd: '/' }).then(
    () => null,
    (error: { stderr?: string; message: string }) =>
      (error.stderr || error.message).trim().replaceAll('\n', ' | '),
  )
}

async function hasSetpriv(): Promise<boolean> {
  if (process.platform !== 'linux') return false
  return run('setpriv', ['--help']).then(
    ({ stdout }) => stdout.includes('--pdeathsig') && stdout.includes('--ambient-caps'),
    () => false,
  )
}

async function chooseUser(dataOwnerUid: number | null): Promise<OsUser> {
  if (dataOwnerUid !== null && dataOwnerUid !== 0) {
    const owner = await lookUp(String(dataOwnerUid))
    if (owner !== null) return owner
    throw new EmbeddedPostgresError(
      `The database belongs to user number ${dataOwnerUid}, whom this machine does not know: ` +
        'change the owner of the folder, or set TEAM_DATA_DIR to another one.',
    )
  }
  return (
    (await lookUp('postgres')) ??
    (await lookUp('team-postgres')) ??
    (await createUser('team-postgres')) ??
    (await lookUp('nobody')) ??
    noUser()
  )
}

function noUser(): never {
  throw new EmbeddedPostgresError(
    'PostgreSQL may not run as root, and no other user was found or could be made: ' +
      'run "useradd --system team-postgres", start TEAM as an ordinary user, or set DATABASE_URL.',
  )
}

async function lookUp(nameOrNumber: string): Promise<OsUser | null> {
  const ask = async (option: string) =>
    (await run('id', [...option.split(' '), '--', nameOrNumber])).stdout.trim()
  try {
    const [uid, gid, name] = [await ask('-u'), await ask('-g'), await ask('-u -n')]
    return { uid: Number(uid), gid: Number(gid), name }
  } catch {
    return null
  }
}

async function createUser(name: string): Promise<OsUser | null> {
  const options = ['--system', '--user-group', '--no-create-home', '--home-dir', '/nonexistent']
  await run('useradd', [...options, '--shell', '/usr/sbin/nologin', name]).catch(() => undefined)
  return lookUp(name)
}
