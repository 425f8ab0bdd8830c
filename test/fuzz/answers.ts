/** What the OpenAPI document says of answers, checked by a validator that TEAM itself does not use. */
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js'
import type { Described, Schema } from './values.ts'

export interface Operation {
  readonly method: string
  readonly path: string
  readonly parameters: readonly { in: string; name: string; required?: boolean; schema: Schema }[]
  readonly body: Schema | null
}

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface DescribedOperation {
  readonly parameters?: Operation['parameters']
  readonly requestBody?: { readonly content: { readonly 'application/json': { schema: Schema } } }
  readonly responses: Readonly<Record<string, Response>>
}

export interface Document extends Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>
}

export function operationsOf({ paths }: Document): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json'].schema ?? null,
    })),
  )
}

/** Null if the answer is what the document says; else what is wrong with it. */
export type Check = (
  operation: Operation,
  answer: { status: number; type: string; body: unknown },
) => string | null

export function checkAnswers(document: Document): Check {
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false, allErrors: false })
  ajv.addSchema(document, 'openapi')
  const compiled = new Map<string, ValidateFunction>()
  const validatorOf = (pointer: string) => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` })
    compiled.set(pointer, known)
    return known
  }
  return ({ method, path }, { status, type, body }) => {
    const { responses } = document.paths[path]?.[method.toLowerCase()] ?? { responses: {} }
    const name = responses[String(status)] ? String(status) : 'default'
    if (name === 'default' && status < 400) return `${status} is not described`
    const content = responses[name]?.content
    if (content === undefined) return body === '' ? null : 'a body where none is described'
    const media = type.split(';')[0]?.trim() ?? ''
    if (content[media] === undefined) return `${media || 'no type'} is not described`
    const steps = ['paths', path, method.toLowerCase(), 'responses', name, 'content', media]
    const pointer = [...steps, 'schema'].map(escaped).join('/')
    const validate = validatorOf(`/${pointer}`)
    return validate(body) ? null : ajv.errorsText(validate.errors)
  }
}

const escaped = (step: string) =>
  encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))
