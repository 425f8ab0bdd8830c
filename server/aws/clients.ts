/**
 * The one place that makes the server's clients of the AWS SDK; what only commands ask is in
 * at-a-desk.ts. Region, credentials, profile and endpoints come from the environment, as every AWS
 * SDK reads them; what is said here is only what they leave open.
 *
 * Every attempt of every call passes two middlewares: one pays the quota's bucket before it is
 * signed, one counts its outcome, and after a refusal for too many calls lets everybody pause.
 *
 * Mutations have a client of their own. It makes one attempt, and it opens a connection for each
 * call: a kept connection that the other side has just closed looks exactly like an answer that was
 * lost, and a lost answer keeps a key watched for 25 minutes.
 */

import { CloudTrailClient } from '@aws-sdk/client-cloudtrail'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import { IdentitystoreClient } from '@aws-sdk/client-identitystore'
import { OrganizationsClient } from '@aws-sdk/client-organizations'
import { SESv2Client } from '@aws-sdk/client-sesv2'
import { SNSClient } from '@aws-sdk/client-sns'
import { SSOAdminClient } from '@aws-sdk/client-sso-admin'
import { STSClient } from '@aws-sdk/client-sts'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import type {
  FinalizeRequestMiddleware,
  HandlerExecutionContext,
  MiddlewareStack,
} from '@smithy/types'
import type { Bucket, Budget } from '#server/engine/budget.ts'
import { type AwsErrorKind, classify } from './errors.ts'

/**
 * Who calls sso-admin. `engine` takes a token itself before it decides to call, so that removals go
 * first; only what it cannot know beforehand, further pages and further attempts, is paid here.
 */
export type Lane = 'engine' | 'other' | 'contents' | 'explore'

export interface CountedCall {
  readonly service:
    | 'sso-admin'
    | 'identitystore'
    | 'organizations'
    | 'sts'
    | 'ses'
    | 'sns'
    | 'logs'
    | 'cloudtrail'
  readonly operation: string
  readonly outcome: 'ok' | AwsErrorKind
}

export interface AwsClientsOptions {
  /** Where Identity Center is looked for; absent: as the SDK finds it. */
  readonly region?: string
  /** Of the shared AWS files; absent: as the SDK finds its credentials. */
  readonly profile?: string
  readonly countCall: (call: CountedCall) => void
  readonly budget: Budget
  /** For tests: another way to the wire, shorter limits, an endpoint, credentials. */
  readonly requestHandler?: RequestHandler
  readonly limits?: Partial<typeof limitsMs>
  readonly endpoint?: string
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

type RequestHandler = NonNullable<
  NonNullable<ConstructorParameters<typeof SSOAdminClient>[0]>['requestHandler']
>

export interface AwsClients {
  /** For reads. `region`: the instance's primary Region; absent: the configured one. */
  ssoAdmin(lane: Lane, region?: string): SSOAdminClient
  /** For `CreateAccountAssignment` and `DeleteAccountAssignment`. */
  ssoAdminOnce(region: string): SSOAdminClient
  identityStore(region: string): IdentitystoreClient
  organizations(): OrganizationsClient
  sts(): STSClient
  ses(): SESv2Client
  sns(region: string): SNSClient
  /** Null: the configured Region. */
  logs(region: string | null): CloudWatchLogsClient
  cloudTrail(region: string): CloudTrailClient
  close(): void
}

const limitsMs = { connect: 2_000, answer: 10_000 }
const readAttemptsMax = 3
const throttledPauseMs = 1_000

export function createAwsClients(options: AwsClientsOptions): AwsClients {
  const limits = {
    connectionTimeout: options.limits?.connect ?? limitsMs.connect,
    requestTimeout: options.limits?.answer ?? limitsMs.answer,
    throwOnRequestTimeout: true,
  }
  const kept = options.requestHandler ?? new NodeHttpHandler(limits)
  const once =
    options.requestHandler ??
    new NodeHttpHandler({
      ...limits,
      httpAgent: { keepAlive: false },
      httpsAgent: { keepAlive: false },
    })
  const common = {
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: { ...options.credentials } }),
  }
  const reads = { ...common, requestHandler: kept, maxAttempts: readAttemptsMax }
  const mutations = { ...common, requestHandler: once, maxAttempts: 1 }
  const inRegion = (region = options.region) => (region === undefined ? {} : { region })
  const made = new Map<string, Made>()

  /** The same client each time, so that connections and credentials are shared. */
  function remember<Client extends Made>(name: string, make: () => Client): Client {
    const known = made.get(name)
    // A name is only ever used for one kind of client, in this file.
    if (known) return known as Client
    const client = make()
    made.set(name, client)
    return client
  }

  return {
    ssoAdmin: (lane, region) =>
      remember(`sso-admin ${lane} ${region}`, () =>
        meter(new SSOAdminClient({ ...reads, ...inRegion(region) }), options, {
          service: 'sso-admin',
          buckets: (attempt) => ssoAdminBuckets(lane, attempt),
        }),
      ),
    ssoAdminOnce: (region) =>
      remember(`sso-admin once ${region}`, () =>
        meter(new SSOAdminClient({ ...mutations, region }), options, {
          service: 'sso-admin',
          buckets: (attempt) => ssoAdminBuckets('engine', attempt),
        }),
      ),
    identityStore: (region) =>
      remember(`identitystore ${region}`, () =>
        meter(new IdentitystoreClient({ ...reads, region }), options, {
          service: 'identitystore',
          buckets: ({ operation }) => [`identitystore/${operation}`],
        }),
      ),
    organizations: () =>
      remember('organizations', () =>
        meter(new OrganizationsClient({ ...reads, ...inRegion() }), options, {
          service: 'organizations',
          buckets: () => ['organizations'],
        }),
      ),
    sts: () =>
      remember('sts', () =>
        meter(new STSClient({ ...reads, ...inRegion() }), options, {
          service: 'sts',
          buckets: () => [],
        }),
      ),
    // An e-mail that may have been accepted is sent again only by its job, which counts attempts.
    ses: () =>
      remember('ses', () =>
        meter(new SESv2Client({ ...reads, maxAttempts: 1, ...inRegion() }), options, {
          service: 'ses',
          buckets: () => [],
        }),
      ),
    sns: (region) =>
      remember(`sns ${region}`, () =>
        meter(new SNSClient({ ...reads, maxAttempts: 1, region }), options, {
          service: 'sns',
          buckets: () => [],
        }),
      ),
    logs: (region) =>
      remember(`logs ${region}`, () =>
        meter(
          new CloudWatchLogsClient({ ...reads, ...inRegion(region ?? options.region) }),
          options,
          { service: 'logs', buckets: () => [] },
        ),
      ),
    cloudTrail: (region) =>
      remember(`cloudtrail ${region}`, () =>
        meter(new CloudTrailClient({ ...reads, region }), options, {
          service: 'cloudtrail',
          buckets: () => [],
        }),
      ),
    close: () => {
      for (const client of made.values()) client.destroy()
    },
  }
}

interface Made {
  destroy(): void
}

interface Metered<Input extends object, Output extends object> {
  readonly middlewareStack: MiddlewareStack<Input, Output>
}

interface Attempt {
  readonly operation: string
  readonly number: number
  readonly isFurtherPage: boolean
}

interface Metering {
  readonly service: CountedCall['service']
  readonly buckets: (attempt: Attempt) => readonly Bucket[]
}

function ssoAdminBuckets(lane: Lane, attempt: Attempt): readonly Bucket[] {
  if (lane === 'other') return ['sso-admin/other', 'sso-admin']
  if (lane === 'contents') return ['sso-admin/contents', 'sso-admin/other', 'sso-admin']
  if (lane === 'explore') return ['sso-admin/explore', 'sso-admin/other', 'sso-admin']
  return attempt.number > 1 || attempt.isFurtherPage ? ['sso-admin'] : []
}

/** Thrown by a command's own guard: the request was signed, and not sent. */
export class NotSent extends Error {
  constructor() {
    super('not sent: this copy of TEAM may no longer act')
  }
}

function meter<Client extends Made, Input extends object, Output extends object>(
  client: Client & Metered<Input, Output>,
  { budget, countCall }: AwsClientsOptions,
  { service, buckets }: Metering,
): Client {
  const pay: FinalizeRequestMiddleware<Input, Output> = (next, context) => async (args) => {
    for (const bucket of buckets(attemptOf(args, context))) await budget.take(bucket)
    return next(args)
  }
  const count: FinalizeRequestMiddleware<Input, Output> = (next, context) => async (args) => {
    const attempt = attemptOf(args, context)
    const { operation } = attempt
    try {
      const answer = await next(args)
      countCall({ service, operation, outcome: 'ok' })
      return answer
    } catch (error) {
      if (error instanceof NotSent) throw error
      const { kind } = classify(error)
      countCall({ service, operation, outcome: kind })
      if (kind === 'throttled') await pauseAll(budget, service, operation)
      throw error
    }
  }
  client.middlewareStack.addRelativeTo(pay, {
    name: 'teamPay',
    relation: 'before',
    toMiddleware: 'httpSigningMiddleware',
  })
  client.middlewareStack.add(count, {
    name: 'teamCount',
    step: 'finalizeRequest',
    priority: 'low',
  })
  return client
}

function attemptOf(
  args: { readonly input: object; readonly request: unknown },
  context: HandlerExecutionContext,
): Attempt {
  return {
    operation: (context.commandName ?? 'unknown').replace(/Command$/, ''),
    number: attemptNumberOf(args.request),
    isFurtherPage: 'NextToken' in args.input && args.input.NextToken !== undefined,
  }
}

/** The retry middleware says it in a header: `attempt=2; max=3`. */
function attemptNumberOf(request: unknown): number {
  if (typeof request !== 'object' || request === null || !('headers' in request)) return 1
  const headers: unknown = request.headers
  if (typeof headers !== 'object' || headers === null) return 1
  const said: unknown = Reflect.get(headers, 'amz-sdk-request')
  return Number(/attempt=(\d+)/.exec(String(said))?.[1] ?? 1)
}

/** The quota of sso-admin is one, whoever of us used it up. */
async function pauseAll(budget: Budget, service: CountedCall['service'], operation: string) {
  const paused: Bucket[] = []
  if (service === 'sso-admin') paused.push('sso-admin')
  if (service === 'identitystore') paused.push(`identitystore/${operation}`)
  if (service === 'organizations') paused.push('organizations')
  for (const bucket of paused) await budget.pause(bucket, throttledPauseMs).catch(() => undefined)
}
