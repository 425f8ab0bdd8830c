/**
 * Somebody's machine from which TEAM is set up: a folder with the configuration, AWS profiles of the
 * management account and of TEAM's, and an organisation at the end of the wire.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { delegatedAdministrator, managementAccount } from '#sandbox/model/principals.ts'
import { type Sandbox, startSandbox } from '#sandbox/start.ts'
import { idsOf } from '#sandbox/test-kit.ts'
import type { Finding } from '#server/set-up/finding.ts'
import { control } from './aws-clients.ts'
import { runInFolder, type Said } from './command-line.ts'

export interface SetUpWorld {
  readonly sandbox: Sandbox
  readonly folder: string
  readonly ids: ReturnType<typeof idsOf>
  /** What the AWS SDK reads; also in this process's environment. */
  readonly awsEnv: Record<string, string>
  readonly env: Record<string, string>
  writeConfig(config: Readonly<Record<string, unknown>>): Promise<void>
  readConfig(): Promise<Record<string, unknown>>
  team(...args: string[]): Promise<Said>
  doctor(): Promise<{ code: number; findings: Finding[] }>
  close(): Promise<void>
}

export interface SetUpOptions {
  /** Nothing has been set up in the organisation. */
  readonly bare?: boolean
  readonly wallClock?: () => Date
}

export async function createSetUpWorld(options: SetUpOptions = {}): Promise<SetUpWorld> {
  const sandbox = await startSandbox({ port: 0, settings: { callsPerSecond: 10_000 }, ...options })
  const folder = await mkdtemp(join(tmpdir(), 'team-set-up-'))
  const profiles = join(folder, 'aws-config')
  await writeFile(
    profiles,
    [
      profile('org-master', managementAccount),
      profile('team-account', delegatedAdministrator),
      profile('stale', { accessKeyId: 'AKIAOFNOBODY', secretAccessKey: 'nothing' }),
    ].join('\n'),
  )
  const awsEnv = {
    AWS_CONFIG_FILE: profiles,
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    AWS_ENDPOINT_URL: sandbox.url,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
  Object.assign(process.env, awsEnv)
  const env: Record<string, string> = { ...awsEnv }
  const configPath = join(folder, 'team.config.json')
  const team = (...args: string[]) => runInFolder(folder, args, env)
  return {
    sandbox,
    folder,
    ids: idsOf(sandbox.world),
    awsEnv,
    env,
    writeConfig: (config) => writeFile(configPath, JSON.stringify(config)),
    readConfig: async () => JSON.parse(await readFile(configPath, 'utf8')),
    team,
    async doctor() {
      const { code, out } = await team('doctor', '--json')
      return { code, findings: JSON.parse(out).findings }
    },
    async close() {
      for (const name of Object.keys(awsEnv)) delete process.env[name]
      await sandbox.close()
      await rm(folder, { recursive: true })
    },
  }
}

const profile = (name: string, keys: { accessKeyId: string; secretAccessKey: string }) =>
  `[profile ${name}]
region = us-east-1
aws_access_key_id = ${keys.accessKeyId}
aws_secret_access_key = ${keys.secretAccessKey}`

/** What AWS's support and the owners of DNS and of permission sets decide. */
export async function grantWishes({ sandbox }: Pick<SetUpWorld, 'sandbox'>): Promise<void> {
  await control(sandbox, 'POST', 'email-identities', { identity: 'example.net' })
  await control(sandbox, 'PATCH', 'settings', { sesProductionAccess: true, sesPerDay: 50_000 })
  for (const name of ['PowerUserAccess', 'ReadOnlyAccess']) {
    await control(sandbox, 'POST', 'permission-sets', { name, sessionDuration: 'PT1H' })
  }
}

/** The form of the console, filled in by hand with what `team integration` printed. */
export async function registerByHand(
  { sandbox }: Pick<SetUpWorld, 'sandbox'>,
  printed: string,
): Promise<void> {
  const said = (name: string) => new RegExp(`^${name}:\\s+(\\S+)$`, 'm').exec(printed)?.[1] ?? ''
  const answer = await fetch(`${sandbox.url}/console/applications`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({
      name: 'TEAM',
      startUrl: said('applicationStartURL'),
      acsUrl: said('applicationACSURL'),
      audience: said('applicationSAMLAudience'),
      subject: '${user:subject}',
      subjectFormat: 'persistent',
      email: '${user:email}',
      emailFormat: 'basic',
      groups: 'TEAM admins\nTEAM auditors\nTEAM users',
    }),
  })
  if (answer.status !== 303) throw new Error(`The application was refused: ${answer.status}`)
}
