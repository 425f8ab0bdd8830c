/** The committed OpenAPI document is what `npm run check` holds up to the code; this reads it. */
import { readFileSync } from 'node:fs'
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import type { OpenApi, Operation } from './describe-operations.ts'
import { docsPage } from './docs-page.ts'
import { operationWords } from './operation-words.ts'

const file = new URL('../../docs/reference/openapi.json', import.meta.url)
const document = JSON.parse(readFileSync(file, 'utf8')) as OpenApi
const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]): [string, Operation] => [
    `${method.toUpperCase()} ${path.replace('/api/v1', '')}`,
    operation,
  ]),
)
const mend =
  'add its row to server/http/operation-words.ts (or `summary` to its schema), then npm run generate'

describe('every operation of the API', () => {
  test('has a summary of a few words and a description', () => {
    const lacking = operations.filter(
      ([, { summary = '', description = '' }]) => summary.length < 8 || description.length < 8,
    )
    expect(
      lacking.map(([name]) => name),
      mend,
    ).toEqual([])
  })

  test('has an id of its own', () => {
    const ids = operations.map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(operations.length)
    expect(ids).toContain('postRequestsByIdApprove')
  })

  test('says each code that it may refuse with', () => {
    const lacking = operations.filter(([, { responses = {} }]) => {
      const refusals = Object.entries(responses).filter(([status]) => status >= '400')
      return (
        !responses['401'] ||
        !responses['403'] ||
        !responses['429'] ||
        refusals.some(
          ([status, { description = '' }]) => status !== 'default' && !/^`\w+`: /.test(description),
        )
      )
    })
    expect(lacking.map(([name]) => name)).toEqual([])
    const approving = operations.find(([name]) => name === 'POST /requests/{id}/approve')?.[1]
    expect(approving?.responses?.['403']?.description).toContain('`own_request`: ')
    expect(approving?.responses?.['409']?.description).toContain('`already_decided`: ')
  })

  const ajv = new Ajv2020.default({ strict: false, validateFormats: false })
  ajv.addSchema(document as object, 'openapi')
  const shown = operations.flatMap(([name, { requestBody, responses = {} }]) =>
    [['body', requestBody] as const, ...Object.entries(responses)].flatMap(([what, content]) =>
      Object.entries(content?.content ?? {})
        .filter(([type]) => type === 'application/json')
        .map(([, media]) => ({ name: `${name} ${what}`, ...media })),
    ),
  )

  test('shows an example of its body and of its answers', () => {
    const lacking = shown.filter(({ example }) => example === undefined)
    expect(lacking.map(({ name }) => name)).toEqual([])
    expect(shown.length).toBeGreaterThan(operations.length)
    expect(document.components?.schemas?.Problem?.examples).toMatchObject([{ code: 'own_request' }])
  })

  test('shows no example that its own schema refuses', () => {
    const compiled = new Map<string, ValidateFunction>()
    const wrong = shown.flatMap(({ name, schema = {}, example }) => {
      const text = JSON.stringify(schema).replaceAll('"#/', '"openapi#/')
      const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text))
      compiled.set(text, validate)
      return validate(example) ? [] : [`${name}: ${ajv.errorsText(validate.errors)}`]
    })
    const how =
      'give the field an example in the contract (`.meta({ examples: […] })`), or its name one in server/http/examples.ts, or the operation a body in operation-words.ts; then npm run generate'
    expect(wrong, how).toEqual([])
  })

  test('is on the reference page, with its summary, its example and its codes', () => {
    const page = docsPage(document.paths ?? {})
    for (const [name, { summary = '' }] of operations) {
      const [method = '', path = ''] = name.split(' ')
      expect(page).toContain(`<code>${method}</code></b><code>/api/v1${path}</code>`)
      expect(page.replaceAll('&#39;', "'"), name).toContain(`<span>${summary.replace(/’/g, '’')}`)
    }
    expect(page).toContain('Looking into the payment backlog')
    expect(page).toContain('<code>own_request</code>')
    expect(page).not.toContain('<script')
  })
})

test('an operation is described by the name that it has', () => {
  for (const name of Object.keys(operationWords)) {
    expect(name).toMatch(/^(GET|POST|PUT|PATCH|DELETE) \/[\w\-/{}]+$/)
  }
})
