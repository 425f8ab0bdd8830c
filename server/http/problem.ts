/** Every error of the API is problem+json (RFC 9457); nothing of a stack or a secret is in it. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { Problem } from '#contract/common.ts'
import { type FieldError, type RefusalCode, Refused, titleOf } from '#server/operations/refused.ts'
import { isConnectionError } from '#server/store/database-errors.ts'
import { bearerOf } from './sign-in/tokens.ts'

export const problemType = 'application/problem+json; charset=utf-8'

const fieldErrorsMax = 50

export function problemOf(refused: Refused, requestId: string): Problem {
  return {
    type: `urn:team:problem:${refused.code}`,
    title: titleOf(refused.code),
    status: refused.status,
    detail: refused.message,
    code: refused.code,
    params: { ...refused.params },
    errors: refused.errors.slice(0, fieldErrorsMax).map((error) => ({ ...error })),
    instance: `urn:uuid:${requestId}`,
  }
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  refused: Refused,
): FastifyReply {
  if (refused.code === 'unauthenticated') reply.header('www-authenticate', challenge(request))
  const retryAfterSeconds = refused.params.retryAfterSeconds
  if (typeof retryAfterSeconds === 'number') reply.header('retry-after', String(retryAfterSeconds))
  // Already text, so no response schema of the route can refuse or cut it.
  return reply
    .code(refused.status)
    .header('content-type', problemType)
    .header('cache-control', 'no-store')
    .send(JSON.stringify(problemOf(refused, request.id)))
}

function challenge(request: FastifyRequest): string {
  return bearerOf(request.headers) === null ? 'Session' : 'Bearer error="invalid_token"'
}

const codeOfFastifyError: Readonly<Record<string, RefusalCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_EMPTY_TYPE: 'unsupported_media_type',
}

/** Null: not a refusal but a fault of ours. */
export function refusalOf(error: unknown): Refused | null {
  if (error instanceof Refused) return error
  if (hasZodFastifySchemaValidationErrors(error)) return refusalOfSchemaError(error)
  if (!isFastifyError(error)) return null
  const code = codeOfFastifyError[error.code]
  if (code !== undefined) return new Refused(code)
  if (error.statusCode === undefined || error.statusCode < 400 || error.statusCode > 499)
    return null
  return new Refused('malformed', { detail: 'The body or the address is malformed.' })
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? true
    : error instanceof SyntaxError && 'statusCode' in error
}

interface SchemaError {
  readonly validation: readonly {
    readonly keyword: string
    readonly instancePath: string
    readonly message?: string | undefined
    readonly params?: unknown
  }[]
}

function refusalOfSchemaError(error: SchemaError): Refused {
  const issues = error.validation.flatMap(issuesOf)
  const errors = issues.slice(0, fieldErrorsMax).flatMap((issue): FieldError[] => {
    const { field } = issue
    if (issue.keyword !== 'unrecognized_keys') {
      return [{ field, code: issue.keyword, message: issue.message ?? 'Not allowed here' }]
    }
    return unknownKeys(issue.params).map((key) => ({
      field: field === '' ? key : `${field}.${key}`,
      code: 'unknown_field',
      message: 'There is no such field',
    }))
  })
  const fields = errors.map((one) => one.field).filter((field) => field !== '')
  const detail =
    fields.length === 0 ? 'The request is malformed.' : `Look at: ${fields.slice(0, 5).join(', ')}.`
  return new Refused('malformed', { detail, errors })
}

interface Issue {
  readonly field: string
  readonly keyword: string
  readonly message?: string | undefined
  readonly params?: unknown
}

/** Of a body that may have several shapes, what is wrong with the one that it comes closest to. */
function issuesOf(found: SchemaError['validation'][number]): Issue[] {
  const field = found.instancePath.replace(/^\//, '').replaceAll('/', '.')
  const shapes = found.keyword === 'invalid_union' ? ShapeErrors.safeParse(found.params).data : null
  const [closest] = (shapes?.errors ?? []).toSorted((a, b) => a.length - b.length)
  if (closest === undefined) return [{ ...found, field }]
  return closest.map(({ path, code, message, ...params }) => ({
    field: [...(field === '' ? [] : [field]), ...path.map(String)].join('.'),
    keyword: code,
    message,
    params,
  }))
}

const ShapeErrors = z.object({
  errors: z.array(
    z.array(
      z.looseObject({
        path: z.array(z.union([z.string(), z.number()])),
        code: z.string(),
        message: z.string(),
      }),
    ),
  ),
})

function unknownKeys(params: unknown): string[] {
  if (typeof params !== 'object' || params === null || !('keys' in params)) return []
  if (!Array.isArray(params.keys)) return []
  return params.keys
    .filter((key): key is string => typeof key === 'string')
    .map((key) => key.slice(0, 100))
}

export function handleError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const refused = refusalOf(error)
  if (refused !== null) {
    sendProblem(request, reply, refused)
    return
  }
  if (isConnectionError(error)) {
    request.log.warn({ err: error }, 'the database did not answer')
    sendProblem(request, reply, new Refused('unavailable', { detail: databaseSilent(request) }))
    return
  }
  request.log.error({ err: error }, 'a request failed')
  sendProblem(
    request,
    reply,
    new Refused('internal', {
      detail: 'Try again in a moment. If it happens again, give your administrator the instance.',
    }),
  )
}

/** A COMMIT whose answer was lost may have happened; what surely did not is refused further in. */
function databaseSilent(request: FastifyRequest): string {
  return request.method === 'GET'
    ? 'The database did not answer. Try again in a moment.'
    : 'The database did not answer, so it is not known whether this was done. Look before you repeat it.'
}
