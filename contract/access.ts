import { z } from 'zod'
import {
  AccountId,
  Instant,
  OpaqueId,
  PageQuery,
  PermissionSetArn,
  queryText,
  Uuid,
} from './common.ts'
import { DirectoryPermissionSet } from './directory.ts'
import { RequestStatus, TargetPreview } from './request.ts'

const subject = {
  accountId: AccountId.optional().meta({ description: 'Either this or `userId`' }),
  userId: OpaqueId.optional().meta({ description: 'Either this or `accountId`' }),
}
const oneSubject = (query: { accountId?: unknown; userId?: unknown }) =>
  (query.accountId === undefined) !== (query.userId === undefined)
const sayOne = { path: ['accountId'], error: 'Give either accountId or userId' }

const filters = {
  ...subject,
  kind: z
    .enum(['now', 'could-ask', 'approver'])
    .optional()
    .meta({ description: 'Absent: who has access now, then who could ask for it' }),
  q: queryText(200).optional().meta({
    description:
      'Of an account: beginning of a person’s name, user name, address or id; of a person: part of an account’s name or beginning of its id',
  }),
  permissionSet: queryText(200).optional().meta({ description: 'Part of its name' }),
  permissionSetArn: PermissionSetArn.optional(),
}

export const AccessQuery = PageQuery.extend(filters).refine(oneSubject, sayOne)
export type AccessQuery = z.output<typeof AccessQuery>

export const AccessExportQuery = z
  .strictObject({ ...filters, format: z.enum(['csv', 'jsonl']).default('csv') })
  .refine(oneSubject, sayOne)
export type AccessExportQuery = z.output<typeof AccessExportQuery>

const AccessPerson = z
  .object({
    userId: z.string(),
    userName: z.string(),
    displayName: z.string(),
    enabled: z.boolean().meta({ description: 'False: disabled, or not in the directory any more' }),
  })
  .meta({ id: 'AccessPerson' })

const AccessGroup = z
  .object({ groupId: z.string(), displayName: z.string() })
  .meta({ id: 'AccessGroup' })
export type AccessGroup = z.infer<typeof AccessGroup>

const target = {
  accountId: z.string(),
  accountName: z.string(),
  permissionSetArn: z.string(),
  permissionSetName: z.string(),
  level: DirectoryPermissionSet.shape.level,
}

export const AccessNow = z
  .object({
    kind: z.literal('now'),
    source: z.enum(['team', 'direct', 'group']).meta({
      description:
        'Given by TEAM for a while; standing, assigned to the person; standing, by a group',
    }),
    person: AccessPerson.nullable().meta({ description: 'Null: a group without members' }),
    ...target,
    group: AccessGroup.nullable(),
    request: z
      .object({
        id: z.string(),
        status: RequestStatus,
        endsAt: Instant.nullable(),
        breakGlass: z.boolean(),
        approvedBy: z.array(z.object({ userId: z.string(), userName: z.string() })),
      })
      .nullable(),
    readFrom: z.enum(['ledger', 'aws']),
    readAt: Instant.nullable().meta({ description: 'When AWS last showed it' }),
  })
  .meta({ id: 'AccessNow' })
export type AccessNow = z.infer<typeof AccessNow>

export const AccessCouldAsk = z
  .object({
    kind: z.literal('could-ask'),
    person: AccessPerson,
    ...target,
    maxDurationMinutes: z.int(),
    approvalRequired: z.boolean(),
    approvalsRequired: z.int(),
    approverCount: z.int(),
    tooFewApprovers: z
      .boolean()
      .meta({ description: 'A request would be refused for want of people who could approve' }),
    approverGroups: z.array(AccessGroup),
    approverGroupCount: z.int(),
    ticketRequired: z.boolean(),
    justificationRequired: z.boolean(),
    breakGlass: z.boolean(),
    breakGlassMaxDurationMinutes: z.int().nullable(),
    policyIds: z.array(z.string()),
    policyCount: z.int(),
  })
  .meta({ id: 'AccessCouldAsk' })
export type AccessCouldAsk = z.infer<typeof AccessCouldAsk>

export const AccessApprover = z
  .object({
    kind: z.literal('approver'),
    person: AccessPerson,
    accountId: z.string(),
    accountName: z.string(),
    permissionSetNames: z.array(z.string()),
    permissionSetCount: z.int(),
    everyPermissionSet: z.boolean(),
    approvalsRequired: z.int().meta({ description: 'The largest number that a policy asks for' }),
    groups: z.array(AccessGroup),
    groupCount: z.int(),
    policyIds: z.array(z.string()),
    policyCount: z.int(),
  })
  .meta({ id: 'AccessApprover' })
export type AccessApprover = z.infer<typeof AccessApprover>

export const AccessRow = z
  .discriminatedUnion('kind', [AccessNow, AccessCouldAsk, AccessApprover])
  .meta({ id: 'AccessRow' })
export type AccessRow = z.infer<typeof AccessRow>

export const AccessLook = z
  .object({
    id: z.string(),
    accountId: z.string().nullable(),
    userId: z.string().nullable(),
    state: z.enum(['open', 'done', 'failed']),
    askedAt: Instant,
    begunAt: Instant.nullable(),
    finishedAt: Instant.nullable(),
    accountsTotal: z.int(),
    accountsDone: z.int(),
    targetsDone: z.int(),
    targetsLeft: z.int().meta({ description: 'Of the account being read' }),
    failure: z.string().nullable(),
  })
  .meta({ id: 'AccessLook', description: 'A reading of standing access from AWS' })
export type AccessLook = z.infer<typeof AccessLook>

export const AccessPage = z
  .object({
    items: z.array(AccessRow),
    nextCursor: z.string().nullable(),
    subject: z.object({
      account: z
        .object({
          accountId: z.string(),
          name: z.string(),
          notOfferedWhy: z.enum(['management_account', 'account_not_active']).nullable(),
        })
        .nullable(),
      person: AccessPerson.nullable(),
    }),
    readAt: Instant.nullable().meta({
      description:
        'When standing access was last read from AWS, all of it that the look covers; null: never',
    }),
    look: AccessLook.nullable().meta({ description: 'The latest that somebody asked for' }),
  })
  .meta({ id: 'AccessPage' })
export type AccessPage = z.infer<typeof AccessPage>

export const AccessLookOrder = z
  .strictObject(subject)
  .refine(oneSubject, sayOne)
  .meta({ id: 'AccessLookOrder' })

export const AccessLookParams = z.object({ id: Uuid })

export const AccessExplainQuery = z.strictObject({
  userId: OpaqueId,
  accountId: AccountId,
  permissionSetArn: PermissionSetArn,
})

/** An eligibility policy beside one question: what of it fits, and what does not. */
export const PolicyVerdict = z
  .object({
    policyId: z.string(),
    enabled: z.boolean(),
    subject: z.object({ type: z.enum(['user', 'group']), id: z.string(), name: z.string() }),
    subjectMatches: z.boolean(),
    accountMatches: z.boolean(),
    permissionSetMatches: z.boolean(),
    counts: z.boolean().meta({ description: 'It is enabled, matches in full and had a say' }),
    maxDurationMinutes: z.int(),
    approvalRequired: z.boolean(),
    ticketRequired: z.boolean(),
    justificationRequired: z.boolean(),
    breakGlass: z.boolean(),
  })
  .meta({ id: 'PolicyVerdict' })
export type PolicyVerdict = z.infer<typeof PolicyVerdict>

export const ApproverPolicyVerdict = z
  .object({
    policyId: z.string(),
    enabled: z.boolean(),
    accountMatches: z.boolean(),
    permissionSetMatches: z.boolean(),
    exclusive: z.boolean(),
    counts: z.boolean(),
    pushedAside: z
      .boolean()
      .meta({ description: 'It matches, and an exclusive policy takes its place' }),
    approvalsRequired: z.int(),
    able: z.int().meta({ description: 'Enabled members of its groups, less the one who asks' }),
    groups: z.array(AccessGroup),
  })
  .meta({ id: 'ApproverPolicyVerdict' })
export type ApproverPolicyVerdict = z.infer<typeof ApproverPolicyVerdict>

export const AccessExplanation = z
  .object({
    person: AccessPerson,
    account: z.object({ accountId: z.string(), name: z.string() }).nullable(),
    permissionSet: z.object({ permissionSetArn: z.string(), name: z.string() }).nullable(),
    decision: TargetPreview.omit({ approverNames: true }).meta({
      description: 'What the shortest request of theirs would be told now',
    }),
    policies: z.array(PolicyVerdict).meta({
      description:
        'Those that count, then those that name the person, then those that fit the target for others',
    }),
    policyCount: z.int().meta({ description: 'All that fit the person or the target' }),
    policiesTotal: z.int().meta({ description: 'All that there are' }),
    approverPolicies: z.array(ApproverPolicyVerdict),
    approverPolicyCount: z.int(),
    approvers: z.array(AccessPerson.extend({ groups: z.array(AccessGroup) })),
    approverCount: z.int(),
    requesterIsApprover: z
      .boolean()
      .meta({ description: 'They would be, but nobody decides on their own request' }),
    readAt: Instant.nullable().meta({ description: 'When AWS last showed who holds the target' }),
  })
  .meta({ id: 'AccessExplanation' })
export type AccessExplanation = z.infer<typeof AccessExplanation>
