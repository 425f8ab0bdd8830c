/**
 * An installation as it would run: the real server in a process of its own, its PostgreSQL, and AWS
 * (the sandbox, with AWS's limits) in this one, on the machine's clock. So what is measured of the
 * server is the server's alone.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import type { Call, Settings } from '#sandbox/model/types.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { Person } from '#test/person.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { freePort, registerTeam } from '#test/team-world.ts'
import { until } from './figures.ts'
import type { ProbeReport } from './server-probe.ts'

export interface Installation<Shape> {
  readonly sandbox: Sandbox
  readonly database: TestDatabase
  readonly shape: Shape
  readonly server: ServerProcess
  /** One address has a limit of its own: many people come from many. */
  person(userName: string, address?: string): Promise<Person>
  /** What AWS was asked since the list was last cleared. */
  calls(): readonly Call[]
  clearCalls(): void
  settings(settings: Partial<Settings>): void
  /** Ends the server as a stopped machine would have: by SIGTERM, in order. */
  stopServer(): Promise<void>
  /** Begins another one on the same database; answers when it listens, and was seeded. */
  startServer(): Promise<void>
  close(): Promise<void>
}

export interface InstallationOptions<Shape> {
  readonly cluster: TestClusterAddress
  /** Makes the organisation larger before TEAM reads it. */
  readonly shape: (sandbox: Sandbox) => Shape
  readonly settings?: Partial<Settings>
  /** As founded; the small organisation by default. */
  readonly size?: 'small' | 'large'
}

/** Mails are not what is measured: Amazon SES as an installation of this size would have it. */
const wideMail = { sesProductionAccess: true, sesPerSecond: 500, sesPerDay: 1_000_000 }

export async function createInstallation<Shape>(
  options: InstallationOptions<Shape>,
): Promise<Installation<Shape>> {
  const database = await createTestDatabase({ cluster: options.cluster })
  const sandbox = await startSandbox({
    port: 0,
    seed: 11,
    size: options.size ?? 'small',
    settings: { ...wideMail, ...options.settings },
  })
  const shape = options.shape(sandbox)
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  await registerTeam(sandbox, url)
  const environment = environmentOf({ port, sandbox, database })
  let server = await startServer(environment)
  // Their slow reading would use the quota; it is not what is measured.
  await database.owner.query(
    'update directory_permission_set set content_read_at = clock_timestamp()',
  )
  return {
    sandbox,
    database,
    shape,
    get server() {
      return server
    },
    async person(userName, address) {
      const from = address === undefined ? {} : { address }
      const person = new Person({ teamUrl: url, sandboxUrl: sandbox.url, ...from })
      await person.signIn(userName)
      return person
    },
    calls: () => sandbox.world.state.calls,
    clearCalls: () => sandbox.world.commit({ type: 'calls-cleared' }),
    settings(settings) {
      sandbox.world.commit({
        type: 'settings',
        value: { ...sandbox.world.settings, ...settings },
      })
    },
    stopServer: () => server.stop(),
    async startServer() {
      server = await startServer(environment)
    },
    async close() {
      await server.stop()
      await sandbox.close()
      await database.drop()
    },
  }
}

function environmentOf({
  port,
  sandbox,
  database,
}: {
  port: number
  sandbox: Sandbox
  database: TestDatabase
}): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    PORT: String(port),
    DATABASE_URL: database.url,
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_ACCESS_KEY_ID: delegatedAdministrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: delegatedAdministrator.secretAccessKey,
    TEAM_ADMIN_GROUP: 'TEAM admins',
    TEAM_AUDITOR_GROUP: 'TEAM auditors',
    IDC_LOGIN_URL: `${sandbox.url}/start`,
    EMAIL_SOURCE: 'team@example.net',
    SAML_METADATA_URL: `${sandbox.url}/saml/metadata/team`,
    SAML_AUDIENCE: 'urn:team:test',
    // So that people may come from addresses of their own: one address has a limit of its own.
    TEAM_TRUSTED_PROXIES: '127.0.0.1',
    TEAM_SECRET: 'a secret of the benchmarks, thirty-two bytes and more',
    LOG_LEVEL: process.env.BENCH_LOG ?? 'error',
  }
}

export interface ServerProcess {
  /** When the process was begun, by the machine's clock. */
  readonly startedAtMs: number
  readonly pid: number | undefined
  report(): Promise<ProbeReport>
  resetProbe(): void
  stop(): Promise<void>
}

const readyWithinMs = 300_000

async function startServer(env: NodeJS.ProcessEnv): Promise<ServerProcess> {
  const startedAtMs = Date.now()
  const child = fork(new URL('../../server/main.ts', import.meta.url), {
    env,
    execArgv: ['--import', new URL('./server-probe.ts', import.meta.url).href, ...profiling()],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  await untilReady(child)
  return {
    startedAtMs,
    pid: child.pid,
    report: () =>
      new Promise((done) => {
        // The probe answers nothing else.
        child.once('message', (report) => done(report as ProbeReport))
        child.send('report')
      }),
    resetProbe: () => void child.send('reset'),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
    },
  }
}

/** BENCH_PROFILE names a folder: what the server did with its processor is written there. */
function profiling(): string[] {
  const folder = process.env.BENCH_PROFILE
  return folder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${folder}`]
}

async function untilReady(child: ChildProcess): Promise<void> {
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    const text = chunk.toString()
    if (process.env.BENCH_LOG) process.stderr.write(text)
    if (said.length < 10_000) said += text
  })
  await until(
    'the server is ready',
    () => {
      if (child.exitCode !== null) throw new Error(`The server ended: ${said}`)
      return said.includes('TEAM is ready') ? true : null
    },
    { withinMs: readyWithinMs },
  )
}

/** Everybody in TEAM users may ask for everything, and TEAM approvers decide. */
export async function makePolicies(
  { sandbox }: { sandbox: Sandbox },
  admin: Person,
  { approvalRequired = true }: { approvalRequired?: boolean } = {},
): Promise<void> {
  const group = (name: string) => sandbox.world.state.groupByName(name)?.groupId ?? ''
  const everywhere = { accounts: [], organizationalUnits: [], root: true }
  const answers = [
    await admin.post('/eligibility-policies', {
      subject: { type: 'group', id: group('TEAM users') },
      targets: everywhere,
      permissionSets: ['*'],
      maxDurationMinutes: 480,
      approvalRequired,
    }),
    await admin.post('/approver-policies', {
      targets: everywhere,
      approverGroups: [group('TEAM approvers')],
    }),
  ]
  for (const { status, body } of answers) {
    if (status !== 201) throw new Error(`A policy was refused: ${JSON.stringify(body)}`)
  }
}
