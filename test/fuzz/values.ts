/** Values from a JSON schema, for calls that a stranger's program could make: right, nearly right, and hostile. */
import fc from 'fast-check'

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly minItems?: number
  readonly maxItems?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: string
  readonly additionalProperties?: Schema | boolean
}

export interface Described {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** What is there to be named, by the name of the field that names it; `[]` after that of a list. */
export type Known = Readonly<Record<string, readonly unknown[]>>

const hostileTexts = [
  '',
  ' ',
  '\u0000',
  '\u202e',
  'a\r\nset-cookie: x=1',
  "' or 1=1 --",
  '%00',
  '%',
  '../../settings',
  '=HYPERLINK("http://x")',
  '<img src=x onerror=alert(1)>',
  '{{7*7}}',
  '__proto__',
  '😀'.repeat(50),
  'ａｄｍｉｎ',
  '\ud800',
  'x'.repeat(20_000),
  'null',
  '2026-02-30T25:61:61Z',
  '-1',
  '1e999',
  'NaN',
]

export const hostileText = fc.constantFrom(...hostileTexts)

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom<unknown>(null, true, -1, 0, 0.5, 2 ** 31, 2 ** 53, 1e308, [], {}),
  fc.constantFrom<unknown>([[]], [null], { $ne: null }, { toString: 1 }, [1, 'a', {}]),
  fc.jsonValue({ maxDepth: 3 }),
)

/** The more fields there are, the less often are all of them right. */
const optionalMax = 3

const instants = fc
  .date({
    min: new Date('2026-11-01'),
    max: new Date('2027-01-31'),
    noInvalidDate: true,
  })
  .map((date) => date.toISOString())

/** What the schema allows, as far as one can tell from it. */
export function allowedBy(
  schema: Schema,
  described: Described,
  known: Known,
  name = '',
): fc.Arbitrary<unknown> {
  const right = rightValue(schema, described, known, name)
  const ids = known[name]
  const isList = resolve(schema, described).type === 'array'
  if (ids === undefined || ids.length === 0 || isList) return right
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...ids) },
    { weight: 1, arbitrary: right },
  )
}

/** One in five has something in it that should not be there. */
export function nearly(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 12, arbitrary: value },
    { weight: 3, arbitrary: fc.tuple(value, fc.nat(), hostile).map(spoiled) },
    { weight: 1, arbitrary: hostile },
  )
}

function spoiled([value, place, bad]: [unknown, number, unknown]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad
  const names = [...Object.keys(value), 'status', 'requesterId', 'constructor']
  return { ...value, [names[place % names.length] ?? 'x']: bad }
}

function resolve(schema: Schema, described: Described): Schema {
  if (schema.$ref === undefined) return schema
  const found = described.components.schemas[schema.$ref.replace('#/components/schemas/', '')]
  if (found === undefined) throw new Error(`The document has no ${schema.$ref}`)
  return found
}

function rightValue(
  given: Schema,
  described: Described,
  known: Known,
  name: string,
): fc.Arbitrary<unknown> {
  const schema = resolve(given, described)
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return fc.oneof(...choices.map((one) => allowedBy(one, described, known, name)))
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if ('const' in schema) return fc.constant(schema.const)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'object':
      return objectOf(schema, described, known)
    case 'array':
      return fc.array(allowedBy(schema.items ?? {}, described, known, `${name}[]`), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, Math.max(3, schema.minItems ?? 0)),
      })
    case 'string':
      return textOf(schema)
    case 'integer':
      return fc.integer({
        min: Math.max(schema.minimum ?? 0, -(2 ** 31)),
        max: Math.min(schema.maximum ?? 100, 2 ** 31 - 1),
      })
    case 'number':
      return fc.double({ min: schema.minimum ?? 0, max: schema.maximum ?? 100, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    default:
      return fc.jsonValue({ maxDepth: 2 })
  }
}

function objectOf(schema: Schema, described: Described, known: Known): fc.Arbitrary<unknown> {
  const { properties = {}, required = [] } = schema
  const optional = Object.keys(properties).filter((name) => !required.includes(name))
  const some = fc.subarray(optional, { maxLength: Math.min(optional.length, optionalMax) })
  return some.chain((chosen) =>
    fc.record(
      Object.fromEntries(
        [...required, ...chosen].map((name) => [
          name,
          allowedBy(properties[name] ?? {}, described, known, name),
        ]),
      ),
    ),
  )
}

function textOf({ format, minLength = 0, maxLength = 60 }: Schema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid()
  if (format === 'date-time') return instants
  const max = Math.max(minLength, Math.min(maxLength, 60))
  return fc.oneof(
    { weight: 1, arbitrary: fc.string({ minLength, maxLength: max, unit: 'grapheme' }) },
    { weight: 1, arbitrary: fc.constantFrom('OPS-1', '調査のため', 'Reading the logs', '*') },
  )
}
