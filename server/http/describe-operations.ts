/**
 * What the OpenAPI document says beside the schemas, so that a stranger can use the API from it
 * alone: of each operation a summary, an example body and answer, and each code it may refuse with.
 * What is true of many operations is derived here; what is one's own is in operation-words.ts.
 */
import type { RefusalCode } from '#server/operations/refused.ts'
import { statusOf, titleOf } from '#server/operations/refused.ts'
import { exampleOf, type JsonSchema } from './examples.ts'
import { operationWords } from './operation-words.ts'

interface Media {
  readonly schema?: JsonSchema
  readonly example?: unknown
}

interface Content {
  readonly description?: string
  readonly content?: Readonly<Record<string, Media>>
}

export interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly operationId?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly description?: string
    readonly schema?: JsonSchema
  }[]
  readonly requestBody?: Content
  readonly responses?: Readonly<Record<string, Content>>
}

export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>

export interface OpenApi {
  readonly paths?: Paths
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> }
}

/** The document of `@fastify/swagger`, whose types know less of JSON Schema than it holds. */
export function describeOperations<Document extends object>(document: Document): Document {
  const known: OpenApi = document
  const schemas = known.components?.schemas ?? {}
  const paths = Object.fromEntries(
    Object.entries(known.paths ?? {}).map(([path, operations]) => [
      path,
      Object.fromEntries(
        Object.entries(operations).map(([method, operation]) => [
          method,
          described({ method, path, operation, schemas }),
        ]),
      ),
    ]),
  )
  return { ...document, paths }
}

interface Named {
  readonly method: string
  readonly path: string
  readonly operation: Operation
  readonly schemas: Readonly<Record<string, JsonSchema>>
}

function described(named: Named): Operation {
  const { method, path, operation, schemas } = named
  const words = operationWords[`${method.toUpperCase()} ${path.replace('/api/v1', '')}`]
  const summary = operation.summary ?? words?.summary
  const codes = [...commonCodes(named), ...(words?.codes ?? [])]
  return {
    ...operation,
    ...(summary !== undefined && { summary }),
    operationId: operationIdOf(method, path),
    ...(operation.requestBody && {
      requestBody: withExample(operation.requestBody, schemas, {
        whole: false,
        said: words?.body,
      }),
    }),
    responses: { ...answersOf(operation, schemas), ...refusalsOf(codes) },
  }
}

/** `POST /requests/{id}/approve` is `postRequestsByIdApprove`. */
function operationIdOf(method: string, path: string): string {
  const parts = path.replace('/api/v1/', '').split('/')
  const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
  return (
    method +
    parts
      .map((part) => (part.startsWith('{') ? `By${capital(part.slice(1, -1))}` : part))
      .flatMap((part) => part.split('-'))
      .map(capital)
      .join('')
  )
}

function answersOf(
  { responses = {} }: Operation,
  schemas: Named['schemas'],
): Record<string, Content> {
  const told: Readonly<Record<string, string>> = {
    200: 'Done, or read',
    201: 'Made',
    202: 'Accepted; it is under way',
    204: 'Done; there is nothing to say',
  }
  return Object.fromEntries(
    Object.entries(responses).map(([status, answer]) => {
      const description =
        answer.description === 'Default Response' ? told[status] : answer.description
      const shown = { ...answer, ...(description !== undefined && { description }) }
      if (status === 'default') return [status, shown]
      return [status, withExample(shown, schemas, { whole: true, said: undefined })]
    }),
  )
}

function withExample(
  content: Content,
  schemas: Named['schemas'],
  { whole, said }: { whole: boolean; said: object | undefined },
): Content {
  if (content.content === undefined) return content
  const media = Object.entries(content.content).map(([type, one]) => {
    if (one.schema === undefined || one.example !== undefined || !type.includes('json')) {
      return [type, one]
    }
    return [type, { ...one, example: said ?? exampleOf(one.schema, schemas, { name: '', whole }) }]
  })
  return { ...content, content: Object.fromEntries(media) }
}

/** What the house of HTTP refuses, by what kind of operation it is. */
function commonCodes({ method, path, operation }: Named): RefusalCode[] {
  if (!path.startsWith('/api/v1/')) return []
  const changes = method !== 'get'
  const hasInput = operation.requestBody !== undefined || (operation.parameters ?? []).length > 0
  const hasVersion = method === 'put' || method === 'delete'
  return [
    ...(hasInput ? (['malformed'] as const) : []),
    'unauthenticated',
    'person_disabled',
    'not_allowed',
    ...(changes ? (['csrf', 'unconfirmed_with_aws'] as const) : []),
    ...(path.includes('{') ? (['not_found'] as const) : []),
    ...(hasVersion ? (['version_required', 'version_conflict'] as const) : []),
    ...(operation.requestBody ? (['too_large', 'unsupported_media_type'] as const) : []),
    ...(method === 'post' ? (['in_progress', 'idempotency_key_reused'] as const) : []),
    'rate_limited',
    'unavailable',
  ]
}

/** One answer a status, with its codes in words; what a problem looks like is with its schema. */
function refusalsOf(codes: readonly RefusalCode[]): Record<string, Content> {
  const byStatus = new Map<number, RefusalCode[]>()
  for (const code of new Set(codes)) {
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, those]) => [
      String(status),
      {
        description: those.map((code) => `\`${code}\`: ${titleOf(code)}`).join('. '),
        content: {
          'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
        },
      },
    ]),
  )
}
