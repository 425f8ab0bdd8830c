/** The work of `team deploy`, `team update` and `team destroy`. */
import { execFile } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { AwsRefused } from '#server/aws/at-a-desk.ts'
import { createStacks } from '#server/aws/stacks.ts'
import type { Asked } from '#server/command-line/command.ts'
import { type Answer, CannotDo, Misuse, type Shell } from '#server/command-line/shell.ts'
import { readConfigFile, withFile } from '#server/config-file/read.ts'
import type { TeamConfig } from '#server/config-file/schema.ts'
import {
  type DeployPorts,
  discard,
  execute,
  finished,
  linesOf,
  losses,
  makeChangeSet,
  type Wanted,
} from './change.ts'
import { endGrants, type GrantsPort, grantsOverHttp } from './live-grants.ts'
import { readyToDestroy } from './ready-to-destroy.ts'

export interface DeployOptions {
  readonly config?: string
  readonly diff?: boolean
  readonly replaceData?: boolean
}

export interface DestroyOptions {
  readonly config?: string
  readonly endGrants?: boolean
  readonly unasked?: boolean
  readonly deleteData?: boolean
  readonly deleteDataOf?: string
}

/** For tests. */
export interface Overrides {
  readonly ports?: Pick<DeployPorts, 'pause' | 'now'>
  readonly grants?: GrantsPort
  /** Of the configuration at this path. */
  readonly template?: (path: string | null) => Promise<string>
}

const run = promisify(execFile)
const synth = fileURLToPath(new URL('../../infra/synth.ts', import.meta.url))

export async function runDeploy(
  kind: 'deploy' | 'update',
  { options, shell, progress }: Pick<Asked<DeployOptions>, 'options' | 'shell' | 'progress'>,
  overrides: Overrides = {},
): Promise<Answer> {
  const { config, path } = await readConfigFile(shell, options.config)
  progress('Making the template')
  const wanted: Wanted = {
    stackName: stackNameOf(config),
    template: await (overrides.template?.(path) ?? templateFor(shell, path)),
    tags: config.tags ?? {},
  }
  return withStacks({ shell, config, progress, overrides }, async (ports) => {
    if (kind === 'update' && (await ports.stacks.describe(wanted.stackName)) === null) {
      throw new CannotDo(`There is no stack ${wanted.stackName} to update: team deploy makes it`)
    }
    const made = await makeChangeSet(ports, wanted)
    if (made === null) return answer('Nothing would change.', { changed: false, changes: [] })
    const shown = linesOf(made.changes)
    if (options.diff === true) {
      await discard(ports, made, wanted.stackName)
      return answer([...shown, `${shown.length} changes; nothing was changed.`].join('\n'), {
        changed: false,
        changes: made.changes,
      })
    }
    const lost = losses(made)
    if (lost.length > 0 && options.replaceData !== true) {
      await discard(ports, made, wanted.stackName)
      throw new CannotDo(
        `Data would be lost with ${lost.join(', ')}. Nothing was changed; --replace-data does it`,
      )
    }
    for (const line of shown) progress(line)
    const { status, outputs } = await execute(ports, made, wanted.stackName)
    const told = Object.entries(outputs).map(([name, value]) => `${name}: ${value}`)
    return answer([`${wanted.stackName}: ${status}`, ...told].join('\n'), {
      changed: true,
      status,
      outputs,
      changes: made.changes,
    })
  })
}

export async function runDestroy(
  { options, shell, progress }: Pick<Asked<DestroyOptions>, 'options' | 'shell' | 'progress'>,
  overrides: Overrides = {},
): Promise<Answer> {
  const { config } = await readConfigFile(shell, options.config)
  const stackName = stackNameOf(config)
  const deleteData = toldTwice(options, stackName)
  return withStacks({ shell, config, progress, overrides }, async (ports) => {
    const before = await ports.stacks.describe(stackName)
    if (before === null) return answer(`There is no stack ${stackName}.`, { destroyed: false })
    const ended = options.unasked
      ? null
      : await endGrants(overrides.grants ?? grantsOverHttp(shell.env, config), {
          mayEnd: options.endGrants === true,
          pause: ports.pause,
          progress,
        })
    const { template, kept } = readyToDestroy(await ports.stacks.template(stackName), {
      deleteData,
    })
    const made = await makeChangeSet(ports, { stackName, template, tags: config.tags ?? {} })
    if (made !== null) {
      progress('Taking the protection off')
      await execute(ports, made, stackName)
    }
    await ports.stacks.deleteStack(stackName)
    await finished(ports, before.id)
    const lines = [`${stackName} is gone.`]
    if (ended !== null) lines.push(`Grants ended before: ${ended}.`)
    if (kept.length > 0) lines.push('Kept:', ...kept.map((one) => `  ${one}`))
    return answer(lines.join('\n'), { destroyed: true, grantsEnded: ended, kept })
  })
}

const answer = (text: string, json: unknown): Answer => ({ code: 0, text, json })

function stackNameOf({ deploy }: TeamConfig): string {
  if (deploy === undefined) {
    throw new CannotDo(
      'team.config.json has no deploy: what to make in AWS (docs/operate/deploy.md)',
    )
  }
  return deploy.stackName
}

/** Data goes only where its stack is named once more. */
function toldTwice({ deleteData, deleteDataOf }: DestroyOptions, stackName: string): boolean {
  if (deleteData !== true && deleteDataOf === undefined) return false
  if (deleteData === true && deleteDataOf === stackName) return true
  throw new Misuse(
    `To delete the data as well, say both --delete-data and --delete-data-of ${stackName}`,
  )
}

/** By a program of its own, which has the CDK. */
async function templateFor({ env, folder }: Shell, path: string | null): Promise<string> {
  const file = path === null ? [] : [path]
  try {
    const ran = await run(process.execPath, [synth, ...file], {
      cwd: folder,
      env: { PATH: env.PATH, HOME: env.HOME },
      maxBuffer: 16 * 1024 * 1024,
    })
    return ran.stdout.trim()
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : ''
    if (/Cannot find (module|package)/.test(said)) {
      throw new CannotDo(
        'The template is made by infra/ and the CDK, which are not installed here: use the repository, after npm ci',
      )
    }
    throw new CannotDo(said === '' ? String(error) : said)
  }
}

interface Place {
  readonly shell: Shell
  readonly config: TeamConfig
  readonly progress: (line: string) => void
  readonly overrides: Overrides
}

async function withStacks(
  { shell, config, progress, overrides }: Place,
  work: (ports: DeployPorts) => Promise<Answer>,
): Promise<Answer> {
  // The Region is the one that the template was made for, whatever the environment says.
  const stacks = createStacks({
    region: config.region,
    profile: withFile(shell.env, config).AWS_PROFILE,
  })
  const ports: DeployPorts = {
    stacks,
    pause: (ms) => pause(ms),
    now: () => new Date(),
    progress,
    ...overrides.ports,
  }
  try {
    return await work(ports)
  } catch (error) {
    if (error instanceof AwsRefused) throw new CannotDo(error.message)
    throw error
  } finally {
    stacks.close()
  }
}
