/** What the stand-in for an account's console offers to do, and what a permission set allows of it. */
import type { PermissionSet } from '../model/types.ts'
import type { Doing } from './record.ts'

export interface ConsoleAction {
  readonly id: string
  readonly label: string
  readonly service: 's3' | 'ec2' | 'iam' | 'cloudtrail' | 'billing'
  readonly eventSource: string
  readonly eventName: string
  readonly readOnly: boolean
  /** A service control policy denies it to everybody. */
  readonly deniedToAll: boolean
  readonly requestParameters: object | null
  readonly responseElements: object | null
  /** Global services record in this Region. */
  readonly region: string
}

const action = (
  id: string,
  label: string,
  service: ConsoleAction['service'],
  rest: Pick<ConsoleAction, 'eventName' | 'readOnly'> & Partial<ConsoleAction>,
): ConsoleAction => ({
  id,
  label,
  service,
  eventSource: `${service}.amazonaws.com`,
  deniedToAll: false,
  requestParameters: null,
  responseElements: null,
  region: 'us-east-1',
  ...rest,
})

const instance = { instanceId: 'i-0a1b2c3d4e5f60718' }
const instancesSet = { items: [instance] }

export const consoleActions: readonly ConsoleAction[] = [
  action('list-buckets', 'List S3 buckets', 's3', { eventName: 'ListBuckets', readOnly: true }),
  action('create-bucket', 'Create an S3 bucket', 's3', {
    eventName: 'CreateBucket',
    readOnly: false,
    requestParameters: { bucketName: 'reports-2026', Host: 's3.amazonaws.com' },
  }),
  action('describe-instances', 'List EC2 instances', 'ec2', {
    eventName: 'DescribeInstances',
    readOnly: true,
    requestParameters: { instancesSet: {}, filterSet: {} },
    region: 'eu-central-1',
  }),
  action('stop-instance', 'Stop an EC2 instance', 'ec2', {
    eventName: 'StopInstances',
    readOnly: false,
    requestParameters: { instancesSet, force: false },
    responseElements: {
      instancesSet: {
        items: [
          {
            ...instance,
            currentState: { code: 64, name: 'stopping' },
            previousState: { code: 16, name: 'running' },
          },
        ],
      },
    },
    region: 'eu-central-1',
  }),
  action('list-users', 'List IAM users', 'iam', { eventName: 'ListUsers', readOnly: true }),
  action('create-user', 'Create an IAM user', 'iam', {
    eventName: 'CreateUser',
    readOnly: false,
    requestParameters: { userName: 'deploy-bot' },
  }),
  action('get-cost', 'Look at the bill', 'billing', {
    eventSource: 'ce.amazonaws.com',
    eventName: 'GetCostAndUsage',
    readOnly: true,
  }),
  action('stop-trail', 'Stop the trail (denied to everybody)', 'cloudtrail', {
    eventName: 'StopLogging',
    readOnly: false,
    deniedToAll: true,
    requestParameters: { name: 'organization' },
  }),
]

type Allows = (action: ConsoleAction) => boolean

/** As the AWS managed policies of these names do, roughly; a set without one of them may read. */
const policies: Readonly<Record<string, Allows>> = {
  AdministratorAccess: () => true,
  PowerUserAccess: ({ service }) => service !== 'iam',
  ReadOnlyAccess: ({ readOnly, service }) => readOnly && service !== 'billing',
  Billing: ({ service }) => service === 'billing',
}

export function allows(set: PermissionSet, action: ConsoleAction): boolean {
  if (action.deniedToAll) return false
  const named = set.managedPolicies.flatMap(({ name }) => policies[name] ?? [])
  return named.length === 0 ? action.readOnly : named.some((one) => one(action))
}

export function doingOf(action: ConsoleAction, allowed: boolean, arn: string): Doing {
  const name = `${action.service}:${action.eventName}`
  const why = action.deniedToAll
    ? 'with an explicit deny in a service control policy'
    : `because no identity-based policy allows the ${name} action`
  // EC2 has an error name of its own for it.
  const code = action.service === 'ec2' ? 'Client.UnauthorizedOperation' : 'AccessDenied'
  const message = `User: ${arn} is not authorized to perform: ${name} ${why}`
  return {
    eventSource: action.eventSource,
    eventName: action.eventName,
    readOnly: action.readOnly,
    region: action.region,
    requestParameters: action.requestParameters,
    responseElements: allowed ? action.responseElements : null,
    error: allowed ? null : { code, message },
    sourceAddress: '203.0.113.24',
  }
}
