import { z } from 'zod'

/** ISO 8601 in UTC, such as `2026-11-24T00:00:00.000Z`. */
export const Instant = z.iso.datetime({ offset: false }).meta({
  description: 'A moment, ISO 8601 in UTC',
  examples: ['2026-11-24T00:00:00.000Z'],
})

export const AccountId = z
  .string()
  .regex(/^\d{12}$/, 'An AWS account id has twelve digits')
  .meta({ description: 'AWS account id', examples: ['111122223333'] })

export const PermissionSetArn = z
  .string()
  .max(300)
  .regex(
    /^arn:[a-z-]+:sso:::permissionSet\/(sso)?ins-[a-zA-Z0-9-.]{16}\/ps-[a-zA-Z0-9-./]{16}$/,
    'A permission set ARN looks like arn:aws:sso:::permissionSet/ssoins-…/ps-…',
  )
  .meta({
    description: 'ARN of an IAM Identity Center permission set',
    examples: ['arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-a1b2c3d4e5f6a7b8'],
  })

/** Ids are opaque to clients; the pattern only keeps nonsense out of queries. */
export const OpaqueId = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\w:.-]+$/, 'Not an id')

export const Uuid = z.uuid({ error: 'Not an id' })

export const DurationMinutes = z
  .int()
  .min(1)
  .max(1_000_000)
  .meta({ description: 'Whole minutes', examples: [60] })

/** Length and characters are judged by the rules, which say what is wrong with which character. */
export const FreeText = z.string().max(20_000)

/** What an error of one field may say beside the codes of refusals: the schema did not hold. */
export const schemaCodes = [
  'too_big',
  'too_small',
  'invalid_type',
  'invalid_format',
  'invalid_value',
  'invalid_key',
  'invalid_element',
  'invalid_union',
  'not_multiple_of',
  'custom',
  'unknown_field',
] as const

export type SchemaCode = (typeof schemaCodes)[number]

export const FieldError = z
  .object({ field: z.string(), code: z.string(), message: z.string() })
  .meta({ id: 'FieldError' })

/** `application/problem+json`, RFC 9457. `code` is stable; clients word it. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    params: z.record(z.string(), z.unknown()).optional(),
    errors: z.array(FieldError).optional(),
    instance: z.string().optional(),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:team:problem:own_request',
        title: 'Somebody else must decide on your own request',
        status: 403,
        detail: 'You asked for this access, so someone else must decide.',
        code: 'own_request',
        params: {},
        errors: [],
        instance: 'urn:uuid:1b4e28ba-2fa1-41d2-883f-0016d3cca427',
      },
    ],
  })
export type Problem = z.infer<typeof Problem>

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
})

export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() })
}

/** What somebody looks for. PostgreSQL knows no null character, so nothing it holds has one. */
export function queryText(charactersMax: number) {
  return z
    .string()
    .max(charactersMax)
    .refine((text) => !text.includes('\u0000'), 'A null character is in nothing')
}

/** A flag in a query string. */
export const QueryFlag = z.enum(['true', 'false']).transform((text) => text === 'true')
