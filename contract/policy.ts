import { z } from 'zod'
import {
  AccountId,
  FreeText,
  Instant,
  PageQuery,
  PermissionSetArn,
  pageOf,
  QueryFlag,
  queryText,
  Uuid,
} from './common.ts'
import { ConfirmEnding } from './proposal.ts'

const PrincipalId = z
  .string()
  .max(47)
  .regex(
    /^([0-9a-f]{10}-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
    'Not an Identity Store id',
  )

export const Targets = z
  .strictObject({
    accounts: z.array(AccountId).max(1000),
    organizationalUnits: z
      .array(
        z.strictObject({
          id: z
            .string()
            .regex(/^(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|r-[0-9a-z]{4,32})$/, 'Not an OU id'),
          scope: z.enum(['children', 'subtree']),
        }),
      )
      .max(200),
    root: z.boolean(),
  })
  .meta({ id: 'Targets' })
export type Targets = z.infer<typeof Targets>

const PermissionSetMatch = z.string().min(1).max(300)

export const Warning = z
  .object({ code: z.string(), params: z.record(z.string(), z.unknown()), field: z.string() })
  .meta({ id: 'Warning' })

const stamped = {
  id: z.string(),
  version: z.int(),
  warnings: z.array(Warning),
  updatedBy: z.object({ userId: z.string(), userName: z.string() }),
  updatedAt: Instant,
}

export const EligibilityPolicyBody = z
  .strictObject({
    subject: z.strictObject({ type: z.enum(['user', 'group']), id: PrincipalId }),
    targets: Targets,
    permissionSets: z.array(PermissionSetMatch).min(1).max(750),
    maxDurationMinutes: z.int().min(1).max(100_000),
    approvalRequired: z.boolean().default(true),
    ticketRequired: z.boolean().default(false),
    justificationRequired: z.boolean().default(true),
    breakGlass: z.boolean().default(false),
    ticket: FreeText.nullish(),
    note: FreeText.default(''),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'EligibilityPolicyBody' })
export type EligibilityPolicyBody = z.input<typeof EligibilityPolicyBody>

export const EligibilityPolicyChange = EligibilityPolicyBody.extend({
  confirmEnding: ConfirmEnding.optional(),
}).meta({ id: 'EligibilityPolicyChange' })

/** A deletion, or a policy that is new or replaces another. */
const Deletes = z.strictObject({ deletes: Uuid })

export const EligibilityPreviewBody = z
  .union([EligibilityPolicyBody.extend({ replaces: Uuid.optional() }), Deletes])
  .meta({ id: 'EligibilityPreviewBody' })
export type EligibilityPreviewBody = z.input<typeof EligibilityPreviewBody>

export const EligibilityPolicy = z
  .object({
    ...EligibilityPolicyBody.shape,
    ...stamped,
    subject: z.object({
      type: z.enum(['user', 'group']),
      id: z.string(),
      name: z.string().nullable(),
    }),
    ticket: z.string().nullable(),
  })
  .meta({ id: 'EligibilityPolicy' })
export type EligibilityPolicy = z.output<typeof EligibilityPolicy>

export const ApproverPolicyBody = z
  .strictObject({
    targets: Targets,
    permissionSets: z.array(PermissionSetMatch).min(1).max(750).nullish(),
    approverGroups: z.array(PrincipalId).min(1).max(50),
    approvalsRequired: z.int().min(1).max(5).default(1),
    exclusive: z.boolean().default(false),
    ticket: FreeText.nullish(),
    note: FreeText.default(''),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'ApproverPolicyBody' })
export type ApproverPolicyBody = z.input<typeof ApproverPolicyBody>

export const ApproverPolicyChange = ApproverPolicyBody.extend({
  confirmEnding: ConfirmEnding.optional(),
}).meta({ id: 'ApproverPolicyChange' })

export const ApproverPreviewBody = z
  .union([ApproverPolicyBody.extend({ replaces: Uuid.optional() }), Deletes])
  .meta({ id: 'ApproverPreviewBody' })
export type ApproverPreviewBody = z.input<typeof ApproverPreviewBody>

export const PolicyDeletion = z.strictObject({
  confirmEnding: z.coerce.number().pipe(ConfirmEnding).optional(),
})

export const ApproverPolicy = z
  .object({
    ...ApproverPolicyBody.shape,
    ...stamped,
    permissionSets: z.array(z.string()).nullable(),
    ticket: z.string().nullable(),
  })
  .meta({ id: 'ApproverPolicy' })
export type ApproverPolicy = z.output<typeof ApproverPolicy>

const policyFilters = {
  accountId: AccountId.optional().meta({
    description: 'Only policies that name this account, or cover it by an OU or the root',
  }),
  permissionSetArn: PermissionSetArn.optional().meta({
    description: 'Only policies that name this permission set, or have a pattern that matches it',
  }),
  enabled: QueryFlag.optional(),
}

export const EligibilityPolicyQuery = PageQuery.extend({
  subjectType: z.enum(['user', 'group']).optional(),
  subjectId: PrincipalId.optional(),
  subject: queryText(200).optional().meta({
    description: 'Text in the name of the user or group',
  }),
  ...policyFilters,
  approvalRequired: QueryFlag.optional(),
  ticketRequired: QueryFlag.optional(),
  breakGlass: QueryFlag.optional(),
})

export const ApproverPolicyQuery = PageQuery.extend({
  groupId: PrincipalId.optional().meta({ description: 'Among those who approve' }),
  ...policyFilters,
  exclusive: QueryFlag.optional(),
})

export const EligibilityPolicyPage = pageOf(EligibilityPolicy).meta({ id: 'EligibilityPolicyPage' })
export const ApproverPolicyPage = pageOf(ApproverPolicy).meta({ id: 'ApproverPolicyPage' })

export const PolicyHistory = z
  .object({
    items: z.array(
      z.object({
        version: z.int(),
        changedBy: z.object({ userId: z.string(), userName: z.string() }),
        changedAt: Instant,
        body: z.record(z.string(), z.unknown()).nullable(),
      }),
    ),
  })
  .meta({ id: 'PolicyHistory', description: 'Newest first; a null body: deleted by that version' })
export type PolicyHistory = z.infer<typeof PolicyHistory>
