import { z } from 'zod'
import { savedRequestKinds } from '#core/saved-request.ts'
import {
  AccountId,
  DurationMinutes,
  FreeText,
  Instant,
  PageQuery,
  PermissionSetArn,
  pageOf,
} from './common.ts'

const Kind = z.enum(savedRequestKinds).meta({
  description: '`own`: seen by you alone. `template`: of an administrator, for whoever is eligible',
})

export const SavedRequestBody = z
  .strictObject({
    kind: Kind.default('own'),
    name: FreeText.meta({ examples: ['Deploy to production'] }),
    targets: z
      .array(z.strictObject({ accountId: AccountId, permissionSetArn: PermissionSetArn }))
      .min(1)
      .max(20),
    durationMinutes: DurationMinutes,
    justification: FreeText.nullish().meta({ description: 'A ticket is never kept' }),
  })
  .meta({ id: 'SavedRequestBody' })
export type SavedRequestBody = z.input<typeof SavedRequestBody>

export const SavedRequest = z
  .object({
    id: z.string(),
    version: z.int(),
    kind: Kind,
    name: z.string(),
    targets: z
      .array(
        z.object({
          accountId: z.string(),
          accountName: z.string(),
          permissionSetArn: z.string(),
          permissionSetName: z.string(),
          eligible: z.boolean().meta({ description: 'Whether a policy lets you ask for it now' }),
        }),
      )
      .meta({ description: 'Of a template, those that you may ask for' }),
    durationMinutes: z.int(),
    justification: z.string().nullable(),
    createdBy: z.object({ userId: z.string(), userName: z.string() }),
    createdAt: Instant,
    mayDelete: z.boolean(),
  })
  .meta({ id: 'SavedRequest' })
export type SavedRequest = z.infer<typeof SavedRequest>

export const SavedRequestsQuery = PageQuery
export const SavedRequestPage = pageOf(SavedRequest).meta({ id: 'SavedRequestPage' })
export type SavedRequestPage = z.infer<typeof SavedRequestPage>
