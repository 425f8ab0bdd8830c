/** A change of a stack: made, shown, and carried out or thrown away. */
import type { Change, StackNow, Stacks } from '#server/aws/stacks.ts'
import { CannotDo } from '#server/command-line/shell.ts'

export interface DeployPorts {
  readonly stacks: Stacks
  /** Between two looks at what goes on. */
  readonly pause: (ms: number) => Promise<void>
  readonly progress: (line: string) => void
  readonly now: () => Date
}

export interface Wanted {
  readonly stackName: string
  readonly template: string
  readonly tags: Readonly<Record<string, string>>
}

export interface Made {
  readonly id: string
  readonly isNew: boolean
  readonly changes: readonly Change[]
  /** The template as it is; empty for a new stack. */
  readonly before: string
}

const lookEveryMs = 3_000
const changeSetSecondsMax = 600
const executionSecondsMax = 7_200
const unchanged = /didn't contain changes|No updates are to be performed/

/** What holds data: to replace it is to lose it. */
const holdsData = new Set([
  'AWS::RDS::DBCluster',
  'AWS::RDS::DBInstance',
  'AWS::EFS::FileSystem',
  'AWS::KMS::Key',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
])

/** Null: nothing would change. */
export async function makeChangeSet(ports: DeployPorts, wanted: Wanted): Promise<Made | null> {
  const { stacks } = ports
  const before = await stacks.describe(wanted.stackName)
  const isNew = before === null || before.status === 'REVIEW_IN_PROGRESS'
  const name = `team-${ports
    .now()
    .toISOString()
    .replaceAll(/[^0-9]/g, '')}`
  const id = await stacks.createChangeSet({ ...wanted, name, isNew })
  const made = await until(ports, changeSetSecondsMax, async () => {
    const seen = await stacks.describeChangeSet(id)
    return seen.status === 'CREATE_COMPLETE' || seen.status === 'FAILED' ? seen : null
  })
  if (made.status === 'CREATE_COMPLETE') {
    const template = isNew ? '' : await stacks.template(wanted.stackName)
    return { id, isNew, changes: made.changes, before: template }
  }
  await stacks.deleteChangeSet(id)
  if (unchanged.test(made.reason ?? '')) return null
  throw new CannotDo(
    `CloudFormation could not make the change set: ${made.reason ?? 'no reason given'}`,
  )
}

/** A stack of which nothing was ever made is thrown away with the change set that would have made it. */
export async function discard({ stacks }: DeployPorts, { id, isNew }: Made, stackName: string) {
  await stacks.deleteChangeSet(id)
  if (isNew) await stacks.deleteStack(stackName)
}

export function losses({ changes, before }: Pick<Made, 'changes' | 'before'>): string[] {
  return changes
    .filter(({ action, replaces }) => replaces || action === 'Remove')
    .filter(({ type, logicalId }) => holdsData.has(type) && !isOfCluster(before, logicalId))
    .map(({ logicalId, type }) => `${logicalId} (${type})`)
}

/** An instance of Aurora holds nothing that its cluster does not. */
function isOfCluster(template: string, logicalId: string): boolean {
  if (template === '') return false
  const resource: unknown = JSON.parse(template)?.Resources?.[logicalId]?.Properties
  return typeof resource === 'object' && resource !== null && 'DBClusterIdentifier' in resource
}

export async function execute(
  ports: DeployPorts,
  made: Made,
  stackName: string,
): Promise<StackNow> {
  await ports.stacks.executeChangeSet(made.id)
  return finished(ports, stackName)
}

/** Until it does nothing any more; refuses with CloudFormation's reason if it did not succeed. */
export async function finished(ports: DeployPorts, stack: string): Promise<StackNow> {
  let said = ''
  const end = await until(ports, executionSecondsMax, async () => {
    const seen = await ports.stacks.describe(stack)
    if (seen === null) throw new CannotDo(`The stack ${stack} is gone`)
    if (seen.status !== said) ports.progress(seen.status)
    said = seen.status
    return seen.status.endsWith('_IN_PROGRESS') ? null : seen
  })
  if (/^(CREATE|UPDATE|DELETE)_COMPLETE$/.test(end.status)) return end
  throw new CannotDo(`The stack is ${end.status}: ${end.reason ?? 'see its events'}`)
}

async function until<T>(
  { pause }: DeployPorts,
  secondsMax: number,
  look: () => Promise<T | null>,
): Promise<T> {
  for (let waitedMs = 0; waitedMs <= secondsMax * 1000; waitedMs += lookEveryMs) {
    const seen = await look()
    if (seen !== null) return seen
    await pause(lookEveryMs)
  }
  throw new CannotDo(`CloudFormation was not done after ${secondsMax} seconds; look again later`)
}

export function linesOf(changes: readonly Change[]): string[] {
  const signs: Readonly<Record<string, string>> = { Add: '+', Modify: '~', Remove: '-' }
  return changes.map(
    ({ action, logicalId, type, replaces }) =>
      `${signs[action] ?? action} ${type} ${logicalId}${replaces ? ' (replaced)' : ''}`,
  )
}
