import { z } from 'zod'
import { channels } from '#core/channels.ts'
import { requestStates } from '#core/request.ts'
import {
  AccountId,
  DurationMinutes,
  FreeText,
  Instant,
  OpaqueId,
  PageQuery,
  PermissionSetArn,
  pageOf,
  QueryFlag,
  queryText,
  Uuid,
} from './common.ts'

export const RequestStatus = z.enum(requestStates).meta({ id: 'RequestStatus' })
export type RequestStatus = z.infer<typeof RequestStatus>

export const Submission = z
  .strictObject({
    targets: z
      .array(z.strictObject({ accountId: AccountId, permissionSetArn: PermissionSetArn }))
      .min(1)
      .max(20),
    startsAt: Instant.nullish().meta({ description: 'Absent, null or past: at once' }),
    durationMinutes: DurationMinutes,
    justification: FreeText.default(''),
    ticket: FreeText.nullish(),
    breakGlass: z.boolean().optional(),
  })
  .meta({ id: 'Submission' })
export type Submission = z.input<typeof Submission>

/** One line of "why": a policy that was looked at and what it contributed. */
export const PolicyContribution = z
  .object({
    policyId: z.string(),
    subject: z.boolean(),
    account: z.boolean(),
    permissionSet: z.boolean(),
    counts: z.boolean().meta({ description: 'It matched in full and had a say' }),
    maxDurationMinutes: z.int(),
    approvalRequired: z.boolean(),
    ticketRequired: z.boolean(),
    justificationRequired: z.boolean(),
    breakGlass: z.boolean(),
  })
  .meta({ id: 'PolicyContribution' })

/** What decided a point: policies by id, a setting, or a rule of TEAM's. */
const won = {
  policyIds: z.array(z.string()),
  otherwise: z.enum(['setting', 'break_glass', 'own_widening']).nullable(),
}
const WonFlag = z.object({ value: z.boolean(), ...won }).meta({ id: 'WonFlag' })

export const Explanation = z
  .object({
    policies: z.array(PolicyContribution).meta({
      description: 'Only policies that name the person or a group of theirs; the first 50',
    }),
    policyCount: z.int().meta({ description: 'How many policies name the person' }),
    failedPart: z
      .enum(['subject', 'account', 'permissionSet', 'breakGlass'])
      .nullable()
      .meta({ description: 'What no enabled policy matched; null if one matched all' }),
    outOfReach: z
      .enum(['account_not_active', 'management_account', 'permission_set_in_management_account'])
      .nullable()
      .meta({ description: 'Why TEAM can give no access there, whatever policies say' }),
    nearMisses: z
      .array(z.enum(['account_for_other_sets', 'set_for_other_accounts', 'without_break_glass']))
      .meta({ description: 'How close a policy came; only of policies that name the person' }),
    won: z
      .object({
        maxDurationMinutes: z.object({ value: z.int(), ...won }),
        approvalRequired: WonFlag,
        ticketRequired: WonFlag,
        justificationRequired: WonFlag,
      })
      .nullable()
      .meta({ description: 'What was decided on each point, and by whom; null if refused' }),
    maxDurationMinutes: z.int().nullable(),
    approvalRequired: z.boolean().nullable(),
    ownWidening: z.boolean().meta({
      description:
        'The requester made this access wider lately, alone; so another must approve it, whatever else holds',
    }),
    ticketRequired: z.boolean().nullable(),
    justificationRequired: z.boolean().nullable(),
  })
  .meta({ id: 'Explanation' })
export type Explanation = z.infer<typeof Explanation>

export const TargetPreview = z
  .object({
    accountId: z.string(),
    permissionSetArn: z.string(),
    allowed: z.boolean(),
    code: z.string().optional(),
    params: z.record(z.string(), z.unknown()).optional(),
    explanation: Explanation,
    held: z.enum(['none', 'direct', 'group', 'unknown']),
    approvalRequired: z.boolean(),
    approvalsRequired: z.int(),
    approverCount: z.int(),
    approverNames: z
      .array(z.string())
      .meta({ description: 'The first five of them, if any is needed' }),
    endsAbout: Instant.nullable(),
    sessionsMayLiveUntil: Instant.nullable(),
  })
  .meta({ id: 'TargetPreview' })
export type TargetPreview = z.infer<typeof TargetPreview>

export const Preview = z
  .object({
    targets: z.array(TargetPreview),
    problems: z
      .array(
        z.object({
          field: z.string(),
          code: z.string(),
          params: z.record(z.string(), z.unknown()),
        }),
      )
      .meta({ description: 'What is wrong with what was typed, field by field' }),
  })
  .meta({ id: 'Preview' })
export type Preview = z.infer<typeof Preview>

export const ActionName = z.enum([
  'approve',
  'reject',
  'cancel',
  'return',
  'revoke',
  'extend',
  'review',
])

export const RequestAction = z
  .object({
    name: ActionName,
    allowed: z.boolean(),
    code: z.string().optional(),
    params: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'RequestAction' })
export type RequestAction = z.infer<typeof RequestAction>

export const Approval = z
  .object({
    userId: z.string(),
    userName: z.string(),
    decision: z.enum(['approved', 'rejected']),
    comment: z.string().nullable(),
    at: Instant,
  })
  .meta({ id: 'Approval' })

export const ChannelName = z.enum(channels).meta({ id: 'ChannelName' })

export const RequestNotice = z
  .object({
    noticeId: z.string(),
    event: z.string(),
    channel: ChannelName,
    to: z.string(),
    state: z.enum(['queued', 'sent', 'folded', 'dropped', 'failed', 'no_address', 'off']),
    unanswered: z.int().min(0).meta({
      description: 'Attempts whose answer was lost: so many copies more may have arrived',
    }),
    at: Instant,
  })
  .meta({ id: 'RequestNotice' })

/** What an approver would want to know, counted from the same person's requests for the target. */
export const RequestHints = z
  .object({
    level: z.enum(['read', 'write', 'admin', 'unknown']),
    contents: z
      .object({
        managed: z.array(z.string()),
        customerManaged: z.array(z.string()),
        hasInline: z.boolean(),
      })
      .nullable()
      .meta({ description: 'The policies of the permission set, by name; null: not read' }),
    firstTime: z.boolean().meta({ description: 'They never asked for this before' }),
    askedLately: z.int().meta({ description: 'In the 30 days before, this one not counted' }),
    grantedLately: z.int().meta({ description: 'Of those, how many were let through' }),
    usualMinutes: z
      .int()
      .nullable()
      .meta({ description: 'The median of the last ten granted; null: fewer than three' }),
    longerThanUsual: z.boolean(),
    sameWords: z.boolean().meta({ description: 'The justification is that of the last time' }),
  })
  .meta({ id: 'RequestHints' })
export type RequestHints = z.infer<typeof RequestHints>

export const ReviewOutcome = z.enum(['justified', 'not_justified']).meta({ id: 'ReviewOutcome' })
export type ReviewOutcome = z.infer<typeof ReviewOutcome>

export const Review = z
  .object({
    dueAt: Instant,
    by: z.object({ userId: z.string(), userName: z.string() }).nullable(),
    outcome: ReviewOutcome.nullable(),
    comment: z.string().nullable(),
    at: Instant.nullable(),
  })
  .meta({ id: 'Review', description: 'Of break-glass; without an outcome nobody has reviewed it' })
export type Review = z.infer<typeof Review>

export const UseSummary = z
  .object({
    services: z.array(z.object({ service: z.string(), reads: z.int(), writes: z.int() })),
    reads: z.int(),
    writes: z.int(),
    errors: z.int().meta({ description: 'Of both, what AWS refused or could not do' }),
    lastUsedAt: Instant.nullable().meta({ description: 'Null: not used at all' }),
    readAt: Instant.meta({ description: 'When it was gathered' }),
    truncated: z.boolean().meta({ description: 'There was more: the numbers are the least' }),
  })
  .meta({ id: 'UseSummary', description: 'What was done with an access that is over' })
export type UseSummary = z.infer<typeof UseSummary>

export const Request = z
  .object({
    id: z.string(),
    version: z.int(),
    submissionId: z.string(),
    status: RequestStatus,
    requester: z.object({
      userId: z.string(),
      userName: z.string(),
      displayName: z.string(),
      email: z.string().nullable(),
    }),
    accountId: z.string(),
    accountName: z.string(),
    permissionSetArn: z.string(),
    permissionSetName: z.string(),
    requestedStartsAt: Instant.nullable(),
    startsAt: Instant.nullable(),
    durationMinutes: z.int(),
    grantedAt: Instant.nullable(),
    endsAt: Instant.nullable(),
    endedAt: Instant.nullable(),
    excessSeconds: z.number().nullable(),
    coveredBy: z.string().nullable(),
    watchedUntil: Instant.nullable(),
    sessionsMayLiveUntil: Instant.nullable().meta({
      description:
        'Credentials taken before the end can work until then. Before the access is given: if it were given now',
    }),
    late: z.boolean(),
    use: UseSummary.nullable().meta({
      description: 'Null: not recorded, which is not the same as not used',
    }),
    justification: z.string(),
    ticket: z.string().nullable(),
    ticketUrl: z.string().nullable().meta({ description: 'The ticket in the tracker' }),
    breakGlass: z.boolean(),
    review: Review.nullable(),
    approvalRequired: z.boolean(),
    approvalsRequired: z.int(),
    approvals: z.array(Approval),
    approverCount: z.int(),
    endReason: z.string().nullable(),
    stoppedBy: z
      .object({ userId: z.string(), userName: z.string() })
      .nullable()
      .meta({ description: 'Who cancelled, returned or revoked it' }),
    stopComment: z.string().nullable(),
    failure: z.object({ code: z.string(), message: z.string() }).nullable(),
    extends: z.string().nullable().meta({ description: 'The request whose access it prolongs' }),
    extendedBy: z
      .string()
      .nullable()
      .meta({ description: 'The newest request that prolongs it, unless that came to nothing' }),
    undelivered: z.int().meta({ description: 'Notices about this request that did not arrive' }),
    notices: z.array(RequestNotice),
    hints: RequestHints.optional().meta({ description: 'To those who may decide on it' }),
    actions: z.array(RequestAction),
    createdAt: Instant,
    expiresAt: Instant,
  })
  .meta({ id: 'Request' })
export type Request = z.infer<typeof Request>

export const EarlierRequests = z.object({ items: z.array(Request) }).meta({ id: 'EarlierRequests' })

export const Submitted = z
  .object({ submissionId: z.string(), requests: z.array(Request) })
  .meta({ id: 'Submitted' })

export const SubmissionDecision = z
  .strictObject({
    comment: FreeText.nullish(),
    requestIds: z.array(Uuid).min(1).max(20).optional().meta({
      description: 'Only these of the submission; absent: all of it that you may see',
    }),
  })
  .meta({ id: 'SubmissionDecision' })
export type SubmissionDecision = z.input<typeof SubmissionDecision>

export const SubmissionDecided = z
  .object({
    submissionId: z.string(),
    results: z.array(
      z.object({
        requestId: z.string(),
        outcome: z
          .enum(['approved', 'rejected', 'refused'])
          .meta({ description: 'Whether your vote was recorded; each request stands by itself' }),
        code: z.string().optional().meta({ description: 'Why it was refused' }),
        params: z.record(z.string(), z.unknown()).optional(),
        detail: z.string().optional(),
        request: Request.meta({ description: 'As it is now' }),
      }),
    ),
  })
  .meta({ id: 'SubmissionDecided' })
export type SubmissionDecided = z.infer<typeof SubmissionDecided>

export const RequestQuery = PageQuery.extend({
  view: z
    .enum(['mine', 'to-approve', 'decided', 'review', 'active', 'ended', 'all'])
    .default('mine'),
  status: z
    .string()
    .transform((text) => text.split(','))
    .pipe(z.array(RequestStatus).max(11))
    .optional()
    .meta({ description: 'State names, separated by commas' }),
  q: queryText(200).optional(),
  accountId: AccountId.optional(),
  permissionSetArn: PermissionSetArn.optional(),
  userId: OpaqueId.optional(),
  ticket: queryText(200).optional(),
  breakGlass: QueryFlag.optional(),
  submissionId: Uuid.optional(),
  late: QueryFlag.optional(),
  reviewOpen: QueryFlag.optional().meta({ description: 'Break-glass that nobody has reviewed' }),
  scope: z.enum(['mine', 'decide', 'all']).optional(),
  from: Instant.optional(),
  to: Instant.optional(),
  sort: z.enum(['createdAt', 'startsAt', 'endsAt', 'expiresAt']).default('createdAt').meta({
    description: 'Newest first; by `expiresAt`, what expires soonest first',
  }),
})
export type RequestQuery = z.output<typeof RequestQuery>

export const RequestExportQuery = RequestQuery.omit({ cursor: true, limit: true }).extend({
  format: z.enum(['csv', 'jsonl']).default('csv'),
})
export type RequestExportQuery = z.output<typeof RequestExportQuery>

export const RequestPage = pageOf(Request).meta({ id: 'RequestPage' })

export const Comment = z
  .strictObject({ comment: FreeText.nullish() })
  .meta({ id: 'Comment', description: 'What the person says to it' })

export const Extension = z
  .strictObject({
    durationMinutes: DurationMinutes,
    justification: FreeText.default(''),
    ticket: FreeText.nullish(),
  })
  .meta({ id: 'Extension', description: 'More time, from the moment at which the access ends' })
export type Extension = z.input<typeof Extension>

export const ReviewGiven = z
  .strictObject({ outcome: ReviewOutcome, comment: FreeText })
  .meta({ id: 'ReviewGiven', description: 'What somebody who could have approved it says' })
export type ReviewGiven = z.input<typeof ReviewGiven>

export const Approvers = z
  .object({
    approvalsRequired: z.int(),
    approverCount: z.int().meta({ description: 'Of all of them; a page names some' }),
    nextCursor: z.string().nullable(),
    approvers: z.array(
      z.object({
        userId: z.string(),
        userName: z.string(),
        displayName: z.string(),
        groups: z.array(z.object({ groupId: z.string(), displayName: z.string() })),
      }),
    ),
  })
  .meta({ id: 'Approvers' })
export type Approvers = z.infer<typeof Approvers>
