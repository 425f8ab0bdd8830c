import { delegatedAdministrator } from '#sandbox/model/principals.ts'
import type { Sandbox } from '#sandbox/start.ts'
import {
  type AwsClients,
  type AwsClientsOptions,
  type CountedCall,
  createAwsClients,
} from '#server/aws/clients.ts'
import type { Budget } from '#server/engine/budget.ts'

export const unlimited: Budget = {
  take: () => Promise.resolve(),
  pause: () => Promise.resolve(),
}

export interface TestClients extends AwsClients {
  /** Every attempt, as the program counts it. */
  readonly counted: CountedCall[]
}

/** The program's own clients, pointed at a sandbox or at another address. */
export function clientsFor(
  address: Sandbox | string,
  options: Partial<Pick<AwsClientsOptions, 'budget' | 'region' | 'requestHandler' | 'limits'>> = {},
): TestClients {
  const counted: CountedCall[] = []
  const { accessKeyId, secretAccessKey } = delegatedAdministrator
  const clients = createAwsClients({
    region: 'us-east-1',
    endpoint: typeof address === 'string' ? address : address.url,
    credentials: { accessKeyId, secretAccessKey },
    budget: unlimited,
    countCall: (call) => counted.push(call),
    ...options,
  })
  return { ...clients, counted }
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** The sandbox's control paths; the interfaces page lists them. */
export async function control<Answer = unknown>(
  sandbox: Sandbox,
  method: Method,
  path: string,
  body?: object,
): Promise<Answer> {
  const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return (text === '' ? null : JSON.parse(text)) as Answer
}

export interface SandboxOrganization {
  instanceArn: string
  identityStoreId: string
  users: { userId: string; userName: string }[]
  groups: { groupId: string; displayName: string }[]
  accounts: { accountId: string; name: string; ouId: string }[]
  organizationalUnits: { id: string; name: string; parentId: string }[]
  permissionSets: { arn: string; name: string }[]
}

export async function callsOf(sandbox: Sandbox, operation: string): Promise<number> {
  const calls = await control<{ operation: string }[]>(sandbox, 'GET', 'calls')
  return calls.filter((call) => call.operation === operation).length
}
