import * as z from 'zod'
import { orderAssignment } from '../model/assignments.ts'
import { principalOf } from '../model/keys.ts'
import { Refusal } from '../model/refusal.ts'
import { SortedTable } from '../model/sorted-table.ts'
import type { Assignment, Operation as Order } from '../model/types.ts'
import { type Context, oneOf, operation, page, seconds } from './service.ts'
import {
  accountId,
  badToken,
  inPrimaryRegion,
  instanceArn,
  paging,
  permissionSetArn,
  principalId,
  requestId,
} from './sso-admin-shapes.ts'

const principalType = oneOf(['USER', 'GROUP'])
const assignmentInput = z.object({
  InstanceArn: instanceArn,
  TargetId: accountId,
  TargetType: oneOf(['AWS_ACCOUNT']),
  PermissionSetArn: permissionSetArn,
  PrincipalType: principalType,
  PrincipalId: principalId,
})

function statusOf({ world: { state } }: Context, order: Order) {
  const Status = state.operations.toldStatus(order)
  return {
    Status,
    RequestId: order.requestId,
    ...(Status === 'FAILED' ? { FailureReason: order.failureReason } : {}),
    TargetId: order.accountId,
    TargetType: 'AWS_ACCOUNT',
    PermissionSetArn: order.permissionSetArn,
    PrincipalType: order.principalType,
    PrincipalId: order.principalId,
    CreatedDate: seconds(order.createdAt),
  }
}

function ordering(kind: Order['kind']) {
  return inPrimaryRegion((context, input: z.output<typeof assignmentInput>) => {
    const order = orderAssignment(context.world, {
      kind,
      by: context.signer.principal,
      forcedFailure: context.fault?.failureReason ?? null,
      statusDelayMs: context.fault?.statusDelayMs ?? context.world.settings.statusDelayMs,
      key: {
        accountId: input.TargetId,
        permissionSetArn: input.PermissionSetArn,
        principalType: input.PrincipalType,
        principalId: input.PrincipalId,
      },
    })
    const status = statusOf(context, order)
    return kind === 'create'
      ? { AccountAssignmentCreationStatus: status }
      : { AccountAssignmentDeletionStatus: status }
  })
}

function knownOrder(context: Context, kind: Order['kind'], id: string): Order {
  const order = context.world.state.operations.get(id)
  if (order?.kind === kind) return order
  throw new Refusal('ResourceNotFoundException', `Request with id ${id} does not exist.`)
}

const statusList = z.object({
  InstanceArn: instanceArn,
  ...paging,
  Filter: z.object({ Status: oneOf(['IN_PROGRESS', 'FAILED', 'SUCCEEDED']).optional() }).optional(),
})

function listing(kind: Order['kind']) {
  return inPrimaryRegion((context, input: z.output<typeof statusList>) => {
    const wanted = input.Filter?.Status
    const { operations } = context.world.state
    const { rows, next } = page(
      {
        table: operations.list(kind, wanted),
        list: `statuses ${kind} ${wanted ?? ''}`,
        token: input.NextToken,
        size: input.MaxResults ?? 100,
        keep: (order) => wanted === undefined || operations.toldStatus(order) === wanted,
      },
      badToken,
    )
    const statuses = rows.map((order) => ({
      Status: operations.toldStatus(order),
      RequestId: order.requestId,
      CreatedDate: seconds(order.createdAt),
    }))
    return kind === 'create'
      ? { AccountAssignmentsCreationStatus: statuses, NextToken: next }
      : { AccountAssignmentsDeletionStatus: statuses, NextToken: next }
  })
}

const forPrincipalInput = z.object({
  InstanceArn: instanceArn,
  PrincipalId: principalId,
  PrincipalType: principalType,
  Filter: z.object({ AccountId: accountId.optional() }).optional(),
  ...paging,
})

/** A person's own assignments, and those of the groups that the person is in. */
function assignmentsFor(context: Context, input: z.output<typeof forPrincipalInput>) {
  const { state } = context.world
  const principals = [
    principalOf({ principalType: input.PrincipalType, principalId: input.PrincipalId }),
  ]
  if (input.PrincipalType === 'USER') {
    for (const { groupId } of state.membershipsOfUser.at(input.PrincipalId).values()) {
      principals.push(principalOf({ principalType: 'GROUP', principalId: groupId }))
    }
  }
  const table = new SortedTable<Assignment>()
  for (const principal of principals) {
    for (const row of state.assignmentsOfPrincipal.at(principal).values()) {
      if ((input.Filter?.AccountId ?? row.accountId) !== row.accountId) continue
      table.set(`${row.accountId} ${row.permissionSetArn} ${principal}`, row)
    }
  }
  return table
}

export const assignmentOperations = {
  CreateAccountAssignment: operation(assignmentInput, ordering('create')),
  DeleteAccountAssignment: operation(assignmentInput, ordering('delete')),

  DescribeAccountAssignmentCreationStatus: operation(
    z.object({ InstanceArn: instanceArn, AccountAssignmentCreationRequestId: requestId }),
    inPrimaryRegion((context, input) => ({
      AccountAssignmentCreationStatus: statusOf(
        context,
        knownOrder(context, 'create', input.AccountAssignmentCreationRequestId),
      ),
    })),
  ),
  DescribeAccountAssignmentDeletionStatus: operation(
    z.object({ InstanceArn: instanceArn, AccountAssignmentDeletionRequestId: requestId }),
    inPrimaryRegion((context, input) => ({
      AccountAssignmentDeletionStatus: statusOf(
        context,
        knownOrder(context, 'delete', input.AccountAssignmentDeletionRequestId),
      ),
    })),
  ),

  ListAccountAssignmentCreationStatus: operation(statusList, listing('create')),
  ListAccountAssignmentDeletionStatus: operation(statusList, listing('delete')),

  ListAccountAssignmentsForPrincipal: operation(
    forPrincipalInput,
    inPrimaryRegion((context, input) => {
      if (context.signer.principal.kind !== 'management-account') {
        throw new Refusal(
          'AccessDeniedException',
          'This operation must be called from the management account of the organization instance.',
        )
      }
      const { rows, next } = page(
        {
          table: assignmentsFor(context, input),
          list: `ListAccountAssignmentsForPrincipal ${input.PrincipalId} ${input.Filter?.AccountId ?? ''}`,
          token: input.NextToken,
          size: input.MaxResults ?? 100,
        },
        badToken,
      )
      const AccountAssignments = rows.map((row) => ({
        AccountId: row.accountId,
        PermissionSetArn: row.permissionSetArn,
        PrincipalId: row.principalId,
        PrincipalType: row.principalType,
      }))
      return { AccountAssignments, NextToken: next }
    }),
  ),
}
