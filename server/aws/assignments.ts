/**
 * Account assignments of IAM Identity Center.
 *
 * The hard part is to say truthfully what a mutation may have done. AWS cannot be asked afterwards
 * whether it received a call, so the outcome is judged by how far the call got:
 *
 *   not signed, guard said no, never connected     → not_sent   it cannot land
 *   answered 4xx with an error name of AWS's       → refused    it did nothing
 *   answered 2xx                                   → accepted, or failed at once
 *   anything else (reset, time-out, 5xx, a proxy)  → unknown    it may still land
 */
import {
  type AccountAssignmentOperationStatus,
  CreateAccountAssignmentCommand,
  type CreateAccountAssignmentCommandInput,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  DescribePermissionSetCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentsCommand,
} from '@aws-sdk/client-sso-admin'
import type { MiddlewareStack } from '@smithy/types'
import type { GroupId, Key, Target, UserId } from '#core/ids.ts'
import type {
  Assignments,
  Holders,
  MutationOutcome,
  OperationStatus,
  RefusalCode,
} from '#server/engine/assignments-port.ts'
import { type AwsClients, type Lane, NotSent } from './clients.ts'
import {
  type AwsErrorKind,
  classify,
  httpStatusOf,
  isNamedByAws,
  isReadError,
  reading,
  wasNeverConnected,
} from './errors.ts'
import type { InstanceFinder } from './instance.ts'
import { createOffers } from './offers.ts'
import { allPages } from './pages.ts'
import { minutesOf } from './session-duration.ts'

export interface AssignmentsDeps {
  readonly clients: AwsClients
  readonly instance: InstanceFinder
  /** `engine` pays the first attempt of each call itself, before it decides to make it. */
  readonly lane: Lane
  /** Milliseconds that never jump. */
  readonly monotonicMs?: () => number
}

const pageSize = 100

export function createAssignments(deps: AssignmentsDeps): Assignments {
  const { clients, instance, lane } = deps
  const offers = createOffers(deps.monotonicMs)

  /** Asked before anything that reads "not found" as gone, since it may not find the instance. */
  async function where() {
    const { instanceArn, region } = await instance.find()
    return { InstanceArn: instanceArn, sso: clients.ssoAdmin(lane, region), region }
  }

  async function mutate(kind: 'create' | 'delete', key: Key, guard: () => boolean) {
    const progress = { reachedTheWire: false }
    try {
      const { InstanceArn, region } = await where()
      const input = inputOf(key, InstanceArn)
      const sso = clients.ssoAdminOnce(region)
      if (kind === 'create') {
        const command = new CreateAccountAssignmentCommand(input)
        watch(command.middlewareStack, guard, progress)
        return outcomeOf((await sso.send(command)).AccountAssignmentCreationStatus)
      }
      const command = new DeleteAccountAssignmentCommand(input)
      watch(command.middlewareStack, guard, progress)
      return outcomeOf((await sso.send(command)).AccountAssignmentDeletionStatus)
    } catch (error) {
      return progress.reachedTheWire ? judge(error) : notSent(error)
    }
  }

  function pagesOf(kind: 'create' | 'delete', Status: 'IN_PROGRESS' | 'SUCCEEDED'): ReadPage {
    return async (page) => {
      const { InstanceArn, sso } = await where()
      const input = { InstanceArn, MaxResults: pageSize, Filter: { Status }, ...page }
      if (kind === 'create') {
        const command = new ListAccountAssignmentCreationStatusCommand(input)
        const { AccountAssignmentsCreationStatus: Statuses, NextToken } = await sso.send(command)
        return { Statuses, NextToken }
      }
      const command = new ListAccountAssignmentDeletionStatusCommand(input)
      const { AccountAssignmentsDeletionStatus: Statuses, NextToken } = await sso.send(command)
      return { Statuses, NextToken }
    }
  }

  const inProgress = (kind: 'create' | 'delete') =>
    offers.ask(listOf[kind], () => collectInProgress(listOf[kind], pagesOf(kind, 'IN_PROGRESS')))

  return {
    create: (key, guard) => mutate('create', key, guard),
    remove: (key, guard) => mutate('delete', key, guard),
    async describeCreation(id) {
      const { InstanceArn, sso } = await where()
      const input = { InstanceArn, AccountAssignmentCreationRequestId: id }
      return describing('DescribeAccountAssignmentCreationStatus', async () => {
        const answer = await sso.send(new DescribeAccountAssignmentCreationStatusCommand(input))
        return answer.AccountAssignmentCreationStatus
      })
    },
    async describeDeletion(id) {
      const { InstanceArn, sso } = await where()
      const input = { InstanceArn, AccountAssignmentDeletionRequestId: id }
      return describing('DescribeAccountAssignmentDeletionStatus', async () => {
        const answer = await sso.send(new DescribeAccountAssignmentDeletionStatusCommand(input))
        return answer.AccountAssignmentDeletionStatus
      })
    },
    creationsInProgress: () => inProgress('create'),
    deletionsInProgress: () => inProgress('delete'),
    succeeded: (kind, search) =>
      offers.ask(listOf[kind], () =>
        collectSucceeded(listOf[kind], search, pagesOf(kind, 'SUCCEEDED')),
      ),
    holders: async (target) => readHolders(target, await where()),
    async sessionMinutes(permissionSetArn) {
      const { InstanceArn, sso } = await where()
      const input = { InstanceArn, PermissionSetArn: permissionSetArn }
      return reading('DescribePermissionSet', async () => {
        const { PermissionSet } = await sso.send(new DescribePermissionSetCommand(input))
        return minutesOf(PermissionSet?.SessionDuration)
      }).catch((error: unknown) => {
        if (isReadError(error, 'not_found')) return null
        throw error
      })
    },
  }
}

const listOf = {
  create: 'ListAccountAssignmentCreationStatus',
  delete: 'ListAccountAssignmentDeletionStatus',
} as const

function inputOf(key: Key, InstanceArn: string): CreateAccountAssignmentCommandInput {
  return {
    InstanceArn,
    TargetId: key.accountId,
    TargetType: 'AWS_ACCOUNT',
    PermissionSetArn: key.permissionSetArn,
    PrincipalType: 'USER',
    PrincipalId: key.userId,
  }
}

/** The last thing before the wire: whoever lost the lead while the call was signed does not send it. */
function watch<Input extends object, Output extends object>(
  stack: MiddlewareStack<Input, Output>,
  guard: () => boolean,
  progress: { reachedTheWire: boolean },
): void {
  stack.add(
    (next) => (args) => {
      if (!guard()) throw new NotSent()
      progress.reachedTheWire = true
      return next(args)
    },
    { name: 'teamGuard', step: 'finalizeRequest', priority: 'low' },
  )
}

function outcomeOf(status: AccountAssignmentOperationStatus | undefined): MutationOutcome {
  if (status?.Status === 'FAILED') {
    return { kind: 'failed', reason: status.FailureReason ?? 'AWS gave no reason' }
  }
  if (status?.RequestId === undefined) {
    return { kind: 'unknown', message: 'AWS accepted the call without naming its operation' }
  }
  return { kind: 'accepted', awsRequestId: status.RequestId }
}

function notSent(error: unknown): MutationOutcome {
  return { kind: 'not_sent', message: classify(error).message }
}

const refusalOf: Record<AwsErrorKind, RefusalCode | null> = {
  throttled: 'throttled',
  conflict: 'conflict',
  quota: 'quota',
  not_found: 'not_found',
  denied: 'denied',
  invalid: 'invalid',
  unsupported: 'invalid',
  unavailable: null,
  unknown: null,
}

function judge(error: unknown): MutationOutcome {
  if (wasNeverConnected(error)) return notSent(error)
  const { kind, code, message } = classify(error)
  const status = httpStatusOf(error)
  const refusal = refusalOf[kind]
  const answered = status !== null && status >= 400 && status < 500 && isNamedByAws(error)
  if (answered && refusal !== null) {
    return { kind: 'refused', code: refusal, message: `${code}: ${message}` }
  }
  return { kind: 'unknown', message: `${code}: ${message}` }
}

async function describing(
  operation: string,
  read: () => Promise<AccountAssignmentOperationStatus | undefined>,
): Promise<OperationStatus> {
  try {
    const status = await reading(operation, read)
    if (status?.Status === 'SUCCEEDED') return { kind: 'succeeded' }
    if (status?.Status === 'FAILED') {
      return { kind: 'failed', reason: status.FailureReason ?? 'AWS gave no reason' }
    }
    return { kind: 'in_progress' }
  } catch (error) {
    if (isReadError(error, 'not_found')) return { kind: 'forgotten' }
    throw error
  }
}

interface StatusPage {
  readonly Statuses:
    | readonly { Status?: string | undefined; RequestId?: string | undefined }[]
    | undefined
  readonly NextToken?: string | undefined
}

type ReadPage = (page: { NextToken?: string }) => Promise<StatusPage>

/** An endpoint that does not know the filter lists what is over as well. */
async function collectInProgress(operation: string, read: ReadPage): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for await (const { Statuses = [] } of allPages(operation, read)) {
    for (const { Status, RequestId } of Statuses) {
      if (RequestId !== undefined && (Status ?? 'IN_PROGRESS') === 'IN_PROGRESS') ids.add(RequestId)
    }
  }
  return ids
}

/** Nothing is concluded from a status that is not there. */
async function collectSucceeded(
  operation: string,
  { wanted, pagesMax }: { readonly wanted: ReadonlySet<string>; readonly pagesMax: number },
  read: ReadPage,
): Promise<{ ids: ReadonlySet<string>; listed: number }> {
  const ids = new Set<string>()
  let listed = 0
  let pages = 0
  for await (const { Statuses = [] } of allPages(operation, read)) {
    for (const { Status, RequestId } of Statuses) {
      if (Status === 'SUCCEEDED' && RequestId !== undefined && wanted.has(RequestId)) {
        ids.add(RequestId)
      }
    }
    listed += Statuses.length
    pages += 1
    if (pages >= pagesMax || ids.size === wanted.size) break
  }
  return { ids, listed }
}

interface Place {
  readonly InstanceArn: string
  readonly sso: ReturnType<AwsClients['ssoAdmin']>
}

async function readHolders(target: Target, { InstanceArn, sso }: Place): Promise<Holders> {
  const userIds = new Set<UserId>()
  const groupIds = new Set<GroupId>()
  const operation = 'ListAccountAssignments'
  try {
    await reading(operation, async () => {
      const { accountId: AccountId, permissionSetArn: PermissionSetArn } = target
      const input = { InstanceArn, AccountId, PermissionSetArn, MaxResults: pageSize }
      const list = allPages(operation, (page) =>
        sso.send(new ListAccountAssignmentsCommand({ ...input, ...page })),
      )
      for await (const { AccountAssignments = [] } of list) {
        for (const { PrincipalType, PrincipalId } of AccountAssignments) {
          // Principal ids of AWS's own answer.
          if (PrincipalType === 'USER') userIds.add(PrincipalId as UserId)
          else if (PrincipalType === 'GROUP') groupIds.add(PrincipalId as GroupId)
        }
      }
    })
    return { kind: 'read', userIds, groupIds }
  } catch (error) {
    if (isReadError(error, 'not_found')) return { kind: 'gone', message: error.message }
    throw error
  }
}
