/** CloudFormation's change sets, in the Query protocol. */
import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import {
  changeSetStatus,
  changesBetween,
  neededCapability,
  protectedFromDeletion,
  type Resources,
  readTemplate,
  refuseOtherTypes,
  stackStatus,
} from '../model/stacks.ts'
import type { ChangeSet, Stack } from '../model/types.ts'
import { type Context, listed, operation, type Service } from './service.ts'

const changeSetMs = 1_000
const executionMs = 3_000
const noChanges =
  "The submitted information didn't contain changes. Submit different information to create a change set."

const invalid = (message: string) => new Refusal('ValidationError', message)

const form = z.object({}).catchall(z.string())
const named = (shape: z.ZodRawShape) => z.object(shape).catchall(z.string())

type Form = Readonly<Record<string, string>>

/** `Capabilities.member.1`, … */
function listOf(input: Form, name: string): string[] {
  const values: string[] = []
  for (let at = 1; ; at += 1) {
    const value = input[`${name}.member.${at}`]
    if (value === undefined) return values
    values.push(value)
  }
}

function tagsOf(input: Form): Record<string, string> {
  const tags: Record<string, string> = {}
  for (let at = 1; ; at += 1) {
    const key = input[`Tags.member.${at}.Key`]
    if (key === undefined) return tags
    tags[key] = input[`Tags.member.${at}.Value`] ?? ''
  }
}

const arn = ({ world, signer }: Context, rest: string) =>
  `arn:aws:cloudformation:${signer.region}:${signer.principal.accountId(world.state.organisation)}:${rest}/${world.ids.uuid()}`

/** By its id, or by its name unless it is gone. */
function findStack({ world }: Context, name: string): Stack | undefined {
  const found = [...world.state.stacks.values()].findLast(
    (stack) => stack.stackId === name || stack.name === name,
  )
  const isGone = found !== undefined && stackStatus(found, world.now()) === 'DELETE_COMPLETE'
  return isGone && found.stackId !== name ? undefined : found
}

function stackNamed(context: Context, name: string): Stack {
  const found = findStack(context, name)
  if (found === undefined) throw invalid(`Stack with id ${name} does not exist`)
  return found
}

function changeSetNamed(context: Context, input: Form): ChangeSet {
  const { ChangeSetName: name = '', StackName: stackName } = input
  const stack = stackName === undefined ? null : stackNamed(context, stackName)
  const found = [...context.world.state.changeSets.values()].find(
    (set) => set.changeSetId === name || (set.name === name && set.stackId === stack?.stackId),
  )
  if (found === undefined) {
    throw new Refusal('ChangeSetNotFound', `ChangeSet [${name}] does not exist`)
  }
  return found
}

const resourcesOf = (template: string): Resources => (template === '' ? {} : readTemplate(template))

const put = ({ world }: Context, value: Stack) => world.commit({ type: 'stack', value })
const putSet = ({ world }: Context, value: ChangeSet) => world.commit({ type: 'change-set', value })

const timeOf = (at: number) => new Date(at).toISOString()

function createChangeSet(context: Context, input: Form): object {
  const { StackName: stackName = '', ChangeSetName: name = '', ChangeSetType = 'UPDATE' } = input
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name)) throw invalid(`ChangeSetName ${name} is invalid`)
  if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(stackName))
    throw invalid(`StackName ${stackName} is invalid`)
  const template = input.TemplateBody ?? ''
  const resources = readTemplate(template)
  const needed = neededCapability(resources)
  const given = listOf(input, 'Capabilities')
  if (needed !== null && !given.includes(needed) && !given.includes('CAPABILITY_NAMED_IAM')) {
    throw new Refusal('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`)
  }
  const stack = stackFor(context, stackName, ChangeSetType)
  const tags = tagsOf(input)
  refuseOtherTypes(resourcesOf(stack.template), resources)
  const unchanged =
    changesBetween(resourcesOf(stack.template), resources).length === 0 &&
    JSON.stringify(tags) === JSON.stringify(stack.tags)
  const { world } = context
  const set: ChangeSet = {
    changeSetId: arn(context, `changeSet/${name}`),
    name,
    stackId: stack.stackId,
    template,
    tags,
    createdAt: world.now(),
    readyAt: world.now() + changeSetMs,
    failure: unchanged ? noChanges : null,
    executed: false,
  }
  putSet(context, set)
  return { Id: set.changeSetId, StackId: stack.stackId }
}

function stackFor(context: Context, name: string, type: string): Stack {
  const found = findStack(context, name)
  if (type === 'CREATE') {
    if (found !== undefined && found.doing !== 'REVIEW') {
      throw new Refusal('AlreadyExistsException', `Stack [${name}] already exists`)
    }
    if (found !== undefined) return found
    const { world } = context
    const made: Stack = {
      stackId: arn(context, `stack/${name}`),
      name,
      doing: 'REVIEW',
      doneAt: world.now(),
      failure: null,
      template: '',
      tags: {},
      createdAt: world.now(),
    }
    put(context, made)
    return made
  }
  if (found === undefined) throw invalid(`Stack [${name}] does not exist`)
  refuseBusy(context, found)
  return found
}

function refuseBusy({ world }: Context, stack: Stack): void {
  const status = stackStatus(stack, world.now())
  if (!/(_IN_PROGRESS|DELETE_COMPLETE)$/.test(status) || status === 'REVIEW_IN_PROGRESS') return
  throw invalid(`Stack:${stack.stackId} is in ${status} state and can not be updated.`)
}

function describeChangeSet(context: Context, input: Form): object {
  const set = changeSetNamed(context, input)
  const stack = stackNamed(context, set.stackId)
  const { status, execution } = changeSetStatus(set, context.world.now())
  const isReady = status === 'CREATE_COMPLETE'
  const changes = isReady
    ? changesBetween(resourcesOf(stack.template), resourcesOf(set.template))
    : []
  return {
    ChangeSetName: set.name,
    ChangeSetId: set.changeSetId,
    StackId: set.stackId,
    StackName: stack.name,
    CreationTime: timeOf(set.createdAt),
    Status: status,
    ...(status === 'FAILED' && { StatusReason: set.failure }),
    ExecutionStatus: execution,
    Changes: changes.map(({ action, logicalId, type, replacement }) => ({
      Type: 'Resource',
      ResourceChange: {
        Action: action,
        LogicalResourceId: logicalId,
        ResourceType: type,
        ...(replacement !== null && { Replacement: replacement }),
      },
    })),
  }
}

function executeChangeSet(context: Context, input: Form): object {
  const { world } = context
  const set = changeSetNamed(context, input)
  const { execution, status } = changeSetStatus(set, world.now())
  if (execution !== 'AVAILABLE') {
    throw new Refusal(
      'InvalidChangeSetStatus',
      `ChangeSet [${set.changeSetId}] cannot be executed in its current status of [${status === 'CREATE_COMPLETE' ? execution : status}]`,
    )
  }
  const stack = stackNamed(context, set.stackId)
  refuseBusy(context, stack)
  putSet(context, { ...set, executed: true })
  put(context, {
    ...stack,
    doing: stack.doing === 'REVIEW' ? 'CREATE' : 'UPDATE',
    doneAt: world.now() + executionMs,
    failure: null,
    template: set.template,
    tags: set.tags,
  })
  return {}
}

function describeStacks(context: Context, input: Form): object {
  const { world } = context
  const stacks =
    input.StackName === undefined
      ? [...world.state.stacks.values()].filter(
          (stack) => stackStatus(stack, world.now()) !== 'DELETE_COMPLETE',
        )
      : [stackNamed(context, input.StackName)]
  return {
    Stacks: stacks.map((stack) => ({
      StackId: stack.stackId,
      StackName: stack.name,
      CreationTime: timeOf(stack.createdAt),
      StackStatus: stackStatus(stack, world.now()),
      ...(stack.failure !== null &&
        world.now() >= stack.doneAt && { StackStatusReason: stack.failure }),
      Tags: Object.entries(stack.tags).map(([Key, Value]) => ({ Key, Value })),
    })),
  }
}

function deleteStack(context: Context, { StackName: name = '' }: Form): object {
  const stack = findStack(context, name)
  // Of what is not there AWS says the same as of what was.
  if (stack === undefined) return {}
  const { world } = context
  const kept = protectedFromDeletion(resourcesOf(stack.template))
  put(context, {
    ...stack,
    doing: 'DELETE',
    doneAt: world.now() + (stack.doing === 'REVIEW' ? 0 : executionMs),
    failure:
      kept.length === 0
        ? null
        : `The following resource(s) failed to delete: [${kept.join(', ')}]. `,
  })
  return {}
}

const required = z.string().min(1)

export const cloudFormation: Service = {
  name: 'cloudformation',
  scope: 'cloudformation',
  operations: {
    CreateChangeSet: operation(
      named({ StackName: required, ChangeSetName: required }),
      (context, input) => createChangeSet(context, input as Form),
    ),
    DescribeChangeSet: operation(named({ ChangeSetName: required }), (context, input) =>
      describeChangeSet(context, input as Form),
    ),
    ExecuteChangeSet: operation(named({ ChangeSetName: required }), (context, input) =>
      executeChangeSet(context, input as Form),
    ),
    DeleteChangeSet: operation(named({ ChangeSetName: required }), (context, input) => {
      const { changeSetId } = changeSetNamed(context, input as Form)
      context.world.commit({ type: 'change-set-removed', changeSetId })
      return {}
    }),
    DescribeStacks: operation(form, describeStacks),
    GetTemplate: operation(named({ StackName: required }), (context, input) => ({
      TemplateBody: stackNamed(context, String(input.StackName)).template,
    })),
    DeleteStack: operation(named({ StackName: required }), (context, input) =>
      deleteStack(context, input as Form),
    ),
  },
  optional: [],
  malformed: (mistakes) => invalid(listed(mistakes)),
  throttle: () => {},
}
