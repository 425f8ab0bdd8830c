/**
 * The seconds of what somebody types at a desk: setting up from an organisation in which nothing is
 * (docs/operate/install.md), deploying, changing and removing the stack, and moving over from AWS's
 * sample. Each is a process of its own against the sandbox. Beside the seconds that it took are those
 * that it, and what it started, had the processor: they depend less on who else uses the machine.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { leastConfig } from '#infra/installation.fixture.ts'
import { control } from '#test/aws-clients.ts'
import { createTestDatabase } from '#test/database.ts'
import { createWorld } from '#test/factory.ts'
import type { TestClusterAddress } from '#test/postgres-cluster.ts'
import { sampleInstallation } from '#test/sample-installation.ts'
import {
  createSetUpWorld,
  grantWishes,
  registerByHand,
  type SetUpWorld,
} from '#test/set-up-world.ts'
import { compiledCode, root } from '../run.ts'
import { round } from './figures.ts'

interface Desk {
  readonly world: SetUpWorld
  readonly cluster: TestClusterAddress
  /** Timed under `command`; what it said. */
  team(command: string, more?: { values?: string[]; databaseUrl?: string }): Promise<string>
}

interface Took {
  readonly seconds: number
  readonly processor: number
}

export async function secondsOfCommands(
  cluster: TestClusterAddress,
): Promise<{ commandSeconds: Readonly<Record<string, Took>> }> {
  const world = await createSetUpWorld({ bare: true })
  const commandSeconds: Record<string, Took> = {}
  const desk: Desk = {
    world,
    cluster,
    async team(command, { values = [], databaseUrl } = {}) {
      const program = [process.execPath, `${root}server/team.ts`, ...command.split(' '), ...values]
      const options = {
        cwd: world.folder,
        env: { ...environmentOf(world), DATABASE_URL: databaseUrl },
      }
      const startedMs = performance.now()
      const { stdout } = await run('sh', ['-c', '"$@" && times', 'sh', ...program], options)
      commandSeconds[command] = {
        seconds: round((performance.now() - startedMs) / 1_000, 1),
        processor: processorSeconds(stdout),
      }
      return stdout
    },
  }
  try {
    await setUp(desk)
    await deploy(desk)
    await moveFromTheSample(desk)
    return { commandSeconds }
  } finally {
    await world.close()
  }
}

const run = promisify(execFile)

/** Of what the shell has waited for, in user and system mode: the last line that `times` says. */
function processorSeconds(said: string): number {
  const spent = [...(said.trimEnd().split('\n').at(-1) ?? '').matchAll(/(\d+)m([\d.,]+)s/g)]
  const each = spent.map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds?.replace(',', '.')),
  )
  return round(
    each.reduce((sum, one) => sum + one, 0),
    1,
  )
}

const environmentOf = (world: SetUpWorld): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  ...world.env,
  TEAM_SECRET: 'thirty-two bytes and more of a secret',
  NODE_COMPILE_CACHE: compiledCode,
})

async function setUp({ world, cluster, team }: Desk): Promise<void> {
  const { url } = world.sandbox
  const database = await createTestDatabase({ cluster, empty: true })
  try {
    await world.writeConfig({
      region: 'us-east-1',
      publicUrl: 'http://127.0.0.1:8080',
      teamAccount: world.ids.account('Audit'),
      orgMasterProfile: 'org-master',
      teamAccountProfile: 'team-account',
      teamAdminGroup: 'TEAM admins',
      teamAuditorGroup: 'TEAM auditors',
      idcLoginUrl: `${url}/start`,
      emailSource: 'team@example.net',
    })
    await grantWishes(world)
    await team('--help')
    await team('init')
    await registerByHand(world, await team('integration'))
    await team('idp', { values: ['--metadata-url', `${url}/saml/metadata/team`] })
    await team('doctor', { databaseUrl: database.url })
  } finally {
    await database.drop()
  }
}

/** The sandbox takes one second for a change set and three to carry it out; AWS takes many minutes. */
async function deploy({ world, team }: Desk): Promise<void> {
  const configure = (more: object = {}) =>
    world.writeConfig({
      ...leastConfig,
      teamAccountProfile: 'team-account',
      deploy: { ...leastConfig.deploy, ...more },
    })
  await configure()
  await team('deploy --diff')
  await team('deploy')
  await configure({ copies: 3 })
  await team('update')
  await team('destroy --unasked')
}

async function moveFromTheSample({ world, cluster, team }: Desk): Promise<void> {
  const installation = await createWorld({ cluster })
  try {
    for (const [name, items] of Object.entries(sampleInstallation)) {
      await control(world.sandbox, 'POST', 'tables', { name: `${name}-abc123-main`, items })
    }
    const databaseUrl = installation.database.url
    await team('import --from-sample', { databaseUrl })
    await team('import --from-sample --write', { values: ['--as', 'ada@example.com'], databaseUrl })
  } finally {
    await installation.close()
  }
}
