/**
 * TEAM and its AWS as a person who installs them has them: the server, the sandbox and PostgreSQL as
 * processes, one folder, fixed ports. They can be killed and started again.
 */
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import { databaseName, ownerUser } from '#server/store/postgres/embedded.ts'
import { findRunning } from '#server/store/postgres/leftover.ts'
import { sendSignal } from '#server/store/postgres/process-table.ts'
import { socketPort } from '#server/store/postgres/socket-folder.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { Person } from '#test/person.ts'
import { buildGates, Gate, type PlaceName } from './gates.ts'
import { Program } from './program.ts'
import { until } from './until.ts'

/**
 * Who dies. With `everything` PostgreSQL is the embedded one, TEAM's child; else it is a server of
 * its own, because the embedded one ends with its TEAM.
 */
export type Casualties = 'the server' | 'everything'

export interface Mail {
  readonly to: string[]
  readonly subject: string
}
export interface Call {
  readonly operation: string
  readonly status: number
}

/** Which assignments there are, for whom, and when they end, must not depend on chance. */
const sandboxSettings = {
  createDelayMs: 200,
  deleteDelayMs: 200,
  delayJitter: 0,
  callsPerSecond: 1_000,
  sesPerSecond: 1_000,
  sesPerDay: 100_000,
}
const audience = 'urn:team:kill'
const testName = 'kill test'

// In memory where there is some, for speed: what is killed here is processes, not the machine. And
// a short path: a socket's must fit in a hundred bytes.
const base = existsSync('/dev/shm') ? '/dev/shm' : '/tmp'

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(base, 'team-kill-'))
  // PostgreSQL does not run as root, and its user has to pass.
  await chmod(folder, 0o755)
  return folder
}

/** Not one that the system hands out by itself: it must still be free after a kill. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((settle) => {
      server.once('error', () => settle(false))
      server.listen(port, '127.0.0.1', () => settle(true))
    })
    if (!isFree) continue
    await new Promise((done) => server.close(done))
    return port
  }
}

export interface Places {
  readonly folder: string
  readonly port: number
  readonly sandboxUrl: string
  /** Null: the embedded PostgreSQL. */
  readonly databaseUrl: string | null
}

/** As `npm run demo` makes it. */
export function serverEnvironment(places: Places): Record<string, string> {
  const { folder, port, sandboxUrl, databaseUrl } = places
  return {
    PORT: String(port),
    TEAM_DATA_DIR: folder,
    ...(databaseUrl !== null && { DATABASE_URL: databaseUrl }),
    AWS_ENDPOINT_URL: sandboxUrl,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: delegatedAdministrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: delegatedAdministrator.secretAccessKey,
    TEAM_ADMIN_GROUP: 'TEAM admins',
    TEAM_AUDITOR_GROUP: 'TEAM auditors',
    IDC_LOGIN_URL: `${sandboxUrl}/start`,
    EMAIL_SOURCE: 'team@example.net',
    SAML_METADATA_URL: `${sandboxUrl}/saml/metadata/team`,
    SAML_AUDIENCE: audience,
    TEAM_SECRET: 'a secret of the tests, thirty-two bytes and more',
  }
}

export async function startSandbox(folder: string, port: number): Promise<Program> {
  const program = new Program('sandbox/main.ts', {
    TEAM_DATA_DIR: folder,
    SANDBOX_PORT: String(port),
  })
  await program.says(/sandbox is ready at/)
  return program
}

export async function postgresPids(folder: string): Promise<number[]> {
  return (await runningPostgres(folder)).map(({ pid }) => pid)
}

async function runningPostgres(folder: string) {
  const directory = await realpath(join(folder, 'postgres', 'data')).catch(() => null)
  return directory === null ? [] : findRunning(directory)
}

async function postmasterOf(folder: string) {
  return (await runningPostgres(folder)).find(({ argv }) => argv.includes('-D')) ?? null
}

/** `kill -9` would leave its shared memory, which only the next start on the same data takes away. */
export async function stopPostgres(folder: string): Promise<void> {
  const postmaster = await postmasterOf(folder)
  if (postmaster !== null) sendSignal(postmaster.pid, 'SIGINT')
  await until('PostgreSQL has stopped', async () => (await postgresPids(folder)).length === 0)
}

export const readyLine: RegExp = /TEAM is ready at/

export class Installation {
  readonly casualties: Casualties
  readonly folder: string
  readonly teamUrl: string
  readonly sandboxUrl: string
  readonly #port: number
  readonly #sandboxPort: number
  readonly #database: TestDatabase | null
  readonly #owner: pg.Pool
  readonly #gates: Gate[] = []
  /** Sessions of the server as it was when it was killed. */
  #bereaved: number[] = []
  #sandbox: Program | null = null
  #server: Program | null = null
  #postmasterPid: number | null = null

  private constructor(
    casualties: Casualties,
    made: { folder: string; port: number; sandboxPort: number; database: TestDatabase | null },
  ) {
    this.casualties = casualties
    this.folder = made.folder
    this.#port = made.port
    this.#sandboxPort = made.sandboxPort
    this.#database = made.database
    this.teamUrl = `http://127.0.0.1:${made.port}`
    this.sandboxUrl = `http://127.0.0.1:${made.sandboxPort}`
    this.#owner = new pg.Pool({
      connectionString: this.#connection(),
      application_name: testName,
      max: 2,
    })
    this.#owner.on('connect', (client) => client.on('error', () => undefined))
    this.#owner.on('error', () => undefined)
  }

  /** Running, with TEAM known to the access portal. Whoever makes one removes it. */
  static async create(
    casualties: Casualties,
    onCreated: (installation: Installation) => void,
  ): Promise<Installation> {
    const installation = new Installation(casualties, {
      folder: await newFolder(),
      port: await freePort(),
      sandboxPort: await freePort(),
      database: casualties === 'everything' ? null : await createTestDatabase(),
    })
    onCreated(installation)
    await installation.#startSandbox()
    await installation.control('PATCH', 'settings', sandboxSettings)
    await installation.control('POST', 'applications', {
      name: 'TEAM',
      startUrl: `${installation.teamUrl}/auth/login`,
      acsUrl: `${installation.teamUrl}/auth/saml/acs`,
      audience,
      attributes: {
        Subject: { value: '${user:subject}', format: 'persistent' },
        Email: { value: '${user:email}', format: 'basic' },
      },
      groups: ['TEAM admins', 'TEAM auditors', 'TEAM users', 'TEAM approvers'],
    })
    await installation.start()
    await buildGates(installation.#owner)
    return installation
  }

  /**
   * What does not run is started, in the same folder and on the same ports; as somebody would, at
   * once, while PostgreSQL may still have transactions of the killed server.
   */
  async start(): Promise<void> {
    await this.#startSandbox()
    const { folder, sandboxUrl } = this
    const databaseUrl = this.#database?.url ?? null
    this.#server = new Program(
      'server/main.ts',
      serverEnvironment({ folder, port: this.#port, sandboxUrl, databaseUrl }),
    )
    await this.#server.says(readyLine)
    this.#postmasterPid = (await postmasterOf(folder))?.pid ?? null
    await this.#openGates()
  }

  /**
   * `kill -9`, all at once and without a question before, so that the point that was reached is not
   * left again; answers when the processes are gone.
   */
  async kill(): Promise<void> {
    if (this.casualties === 'everything') {
      if (this.#postmasterPid !== null) sendSignal(this.#postmasterPid, 'SIGKILL')
      this.#sandbox?.kill()
    }
    this.#server?.kill()
    await this.#server?.ended
    this.#server = null
    if (this.casualties === 'the server') {
      this.#bereaved = await this.#sessions()
      return
    }
    for (const pid of await postgresPids(this.folder)) sendSignal(pid, 'SIGKILL')
    await this.#sandbox?.ended
    this.#sandbox = null
    const isGone = async () => (await postgresPids(this.folder)).length === 0
    await until('PostgreSQL is gone', isGone)
  }

  person(): Person {
    return new Person({ teamUrl: this.teamUrl, sandboxUrl: this.sandboxUrl })
  }

  async closeGate(name: PlaceName): Promise<Gate> {
    const gate = await Gate.close(this.#connection(), name)
    this.#gates.push(gate)
    return gate
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.#owner.query<Row>(text, values)).rows
  }

  /** A control path of the sandbox. */
  async control<Body>(method: string, path: string, body?: object): Promise<Body> {
    const answer = await fetch(`${this.sandboxUrl}/_sandbox/${path}`, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text === '' ? null : JSON.parse(text)) as Body
  }

  lastWords(): string {
    return this.#server?.lastWords() ?? 'the server does not run'
  }

  async remove(): Promise<void> {
    for (const program of [this.#server, this.#sandbox]) {
      program?.kill()
      await program?.ended
    }
    await stopPostgres(this.folder)
    this.#bereaved = []
    await this.#openGates()
    await this.#owner.end()
    await this.#database?.drop()
    await rm(this.folder, { recursive: true, force: true })
  }

  async #startSandbox(): Promise<void> {
    this.#sandbox ??= await startSandbox(this.folder, this.#sandboxPort)
  }

  /**
   * Not while a transaction of the killed server waits there in its COMMIT: PostgreSQL, which has
   * not noticed that nobody is there, would carry it out.
   */
  async #openGates(): Promise<void> {
    if (this.#bereaved.length > 0)
      await until('the killed server is forgotten', async () => {
        const present = new Set(await this.#sessions())
        return !this.#bereaved.some((pid) => present.has(pid))
      })
    for (const gate of this.#gates.splice(0)) await gate.open()
  }

  /** PostgreSQL's processes for connections of the server. */
  async #sessions(): Promise<number[]> {
    const rows = await this.query<{ pid: number }>(
      `select pid from pg_stat_activity where datname = current_database()
         and application_name like 'team%'`,
    )
    return rows.map(({ pid }) => pid)
  }

  #connection(): string {
    if (this.#database !== null) return this.#database.url
    const host = join(this.folder, 'postgres', 'run')
    const query = new URLSearchParams({ host, port: String(socketPort), user: ownerUser })
    return `postgresql:///${databaseName}?${query}`
  }
}
