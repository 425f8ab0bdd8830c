/** CloudFormation, for the commands that deploy: change sets and what becomes of them. */
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation'
import { AwsRefused, clientAt, type Desk, inItsWords } from './at-a-desk.ts'

export interface StackNow {
  readonly id: string
  readonly status: string
  readonly reason: string | null
  readonly outputs: Readonly<Record<string, string>>
}

export interface ChangeSetNow {
  readonly status: string
  readonly reason: string | null
  readonly changes: readonly Change[]
}

export interface Change {
  readonly action: string
  readonly logicalId: string
  readonly type: string
  /** Another resource takes its place, or may. */
  readonly replaces: boolean
}

export interface NewChangeSet {
  readonly stackName: string
  readonly name: string
  readonly isNew: boolean
  readonly template: string
  readonly tags: Readonly<Record<string, string>>
}

export interface Stacks {
  /** By name or id. Null: there is none. */
  describe(stack: string): Promise<StackNow | null>
  createChangeSet(set: NewChangeSet): Promise<string>
  describeChangeSet(id: string): Promise<ChangeSetNow>
  executeChangeSet(id: string): Promise<void>
  deleteChangeSet(id: string): Promise<void>
  template(stackName: string): Promise<string>
  deleteStack(stackName: string): Promise<void>
  close(): void
}

const refusing = <T>(call: () => Promise<T>) => inItsWords('CloudFormation', call)

export function createStacks(desk: Desk): Stacks {
  const client = new CloudFormationClient(clientAt(desk))
  return {
    describe: (stack) => describeStack(client, stack),
    async createChangeSet({ stackName, name, isNew, template, tags }) {
      const command = new CreateChangeSetCommand({
        StackName: stackName,
        ChangeSetName: name,
        ChangeSetType: isNew ? 'CREATE' : 'UPDATE',
        TemplateBody: template,
        Capabilities: ['CAPABILITY_IAM'],
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      })
      const { Id } = await refusing(() => client.send(command))
      if (Id === undefined) throw new AwsRefused('CloudFormation named no change set.')
      return Id
    },
    describeChangeSet: (id) => describeChangeSet(client, id),
    async executeChangeSet(id) {
      await refusing(() => client.send(new ExecuteChangeSetCommand({ ChangeSetName: id })))
    },
    async deleteChangeSet(id) {
      await refusing(() => client.send(new DeleteChangeSetCommand({ ChangeSetName: id })))
    },
    async template(stackName) {
      const command = new GetTemplateCommand({ StackName: stackName, TemplateStage: 'Original' })
      return (await refusing(() => client.send(command))).TemplateBody ?? ''
    },
    async deleteStack(stackName) {
      await refusing(() => client.send(new DeleteStackCommand({ StackName: stackName })))
    },
    close: () => client.destroy(),
  }
}

async function describeStack(
  client: CloudFormationClient,
  stack: string,
): Promise<StackNow | null> {
  try {
    const command = new DescribeStacksCommand({ StackName: stack })
    const answer = await refusing(() => client.send(command))
    const [found] = answer.Stacks ?? []
    if (found === undefined) return null
    return {
      id: found.StackId ?? stack,
      status: found.StackStatus ?? '',
      reason: found.StackStatusReason ?? null,
      outputs: Object.fromEntries(
        (found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [
          OutputKey ?? '',
          OutputValue ?? '',
        ]),
      ),
    }
  } catch (error) {
    // CloudFormation has no error of its own for it.
    if (error instanceof Error && /does not exist$/.test(error.message)) return null
    throw error
  }
}

async function describeChangeSet(client: CloudFormationClient, id: string): Promise<ChangeSetNow> {
  const changes: Change[] = []
  let next: string | undefined
  for (;;) {
    const command = new DescribeChangeSetCommand({ ChangeSetName: id, NextToken: next })
    const answer = await refusing(() => client.send(command))
    for (const { ResourceChange: one } of answer.Changes ?? []) {
      changes.push({
        action: one?.Action ?? '',
        logicalId: one?.LogicalResourceId ?? '',
        type: one?.ResourceType ?? '',
        replaces: one?.Replacement === 'True' || one?.Replacement === 'Conditional',
      })
    }
    next = answer.NextToken
    if (next === undefined) {
      return { status: answer.Status ?? '', reason: answer.StatusReason ?? null, changes }
    }
  }
}
