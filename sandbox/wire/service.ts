import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import type { SortedTable } from '../model/sorted-table.ts'
import type { Fault } from '../model/types.ts'
import type { World } from '../model/world.ts'
import type { Signer } from './signature.ts'

export interface Context {
  world: World
  signer: Signer
  /** What a fault wants of the operation that this call starts. */
  fault: Fault | undefined
}

export interface Operation {
  answer(context: Context, input: unknown, malformed: Malformed): object
}

export interface Service {
  name: string
  /** The service name in the credential scope. */
  scope: string
  operations: Readonly<Record<string, Operation>>
  /** Left out under the setting `minimal`. */
  optional: readonly string[]
  malformed: Malformed
  /** Refuses whoever may not, before anything is counted or looked at. */
  authorise?(context: Context, operation: string): void
  throttle(context: Context, operation: string): void
}

export interface Mistake {
  kind: 'missing' | 'too-small' | 'too-big' | 'pattern' | 'enum' | 'other'
  isText: boolean
  message: string
}
export type Malformed = (mistakes: Mistake[]) => Refusal

export function operation<Schema extends z.ZodType>(
  schema: Schema,
  answer: (context: Context, input: z.output<Schema>) => object,
): Operation {
  return {
    answer(context, input, malformed) {
      const parsed = schema.safeParse(input, { reportInput: true })
      if (!parsed.success) throw refuseInput(parsed.error.issues, malformed)
      return answer(context, parsed.data)
    },
  }
}

function refuseInput(issues: z.core.$ZodIssue[], malformed: Malformed): Refusal {
  const mistyped = issues.find(
    (issue) => issue.code === 'invalid_type' && issue.input !== undefined,
  )
  if (mistyped !== undefined) {
    const member = memberName(mistyped.path)
    return new Refusal('SerializationException', `Unexpected type of value for '${member}'.`)
  }
  return malformed(issues.map(mistakeOf))
}

const memberName = (path: readonly PropertyKey[]) =>
  path
    .map((part) => (typeof part === 'number' ? `${part + 1}.member` : String(part)))
    .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
    .join('.')

function mistakeOf(issue: z.core.$ZodIssue): Mistake {
  const isText = typeof issue.input === 'string'
  const shown = issue.input === undefined ? 'null' : `'${String(issue.input)}'`
  const say = (constraint: string) =>
    `Value ${shown} at '${memberName(issue.path)}' failed to satisfy constraint: ${constraint}`
  if (issue.input === undefined) {
    return { kind: 'missing', isText, message: say('Member must not be null') }
  }
  const kinds: Partial<Record<typeof issue.code, Mistake['kind']>> = {
    too_small: 'too-small',
    too_big: 'too-big',
    invalid_format: 'pattern',
    invalid_value: 'enum',
  }
  return { kind: kinds[issue.code] ?? 'other', isText, message: say(issue.message) }
}

export function listed(mistakes: Mistake[]): string {
  const count = `${mistakes.length} validation error${mistakes.length === 1 ? '' : 's'} detected`
  return `${count}: ${mistakes.map((mistake) => mistake.message).join('; ')}`
}

export const validationException: Malformed = (mistakes) =>
  new Refusal('ValidationException', listed(mistakes))

export function text(limits: { min: number; max: number; pattern?: RegExp }) {
  const sized = z
    .string()
    .min(limits.min, `Member must have length greater than or equal to ${limits.min}`)
    .max(limits.max, `Member must have length less than or equal to ${limits.max}`)
  if (limits.pattern === undefined) return sized
  const shown = limits.pattern.source
  return sized.regex(limits.pattern, `Member must satisfy regular expression pattern: ${shown}`)
}

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, `Member must satisfy enum value set: [${values.join(', ')}]`)
}

export const pageSize = (max: number) =>
  z
    .int()
    .min(1, 'Member must have value greater than or equal to 1')
    .max(max, `Member must have value less than or equal to ${max}`)
    .optional()

export interface PageOrder<Row> {
  table: SortedTable<Row>
  /** What is listed, with every parameter but page size and token: a token is good for that only. */
  list: string
  token: string | undefined
  size: number
  keep?: (row: Row) => boolean
}

interface Token {
  list: string
  after: string
}

export function page<Row>(order: PageOrder<Row>, badToken: () => Refusal) {
  const after = order.token === undefined ? '' : openToken(order.token, order.list, badToken)
  const { keep } = order
  const found =
    keep === undefined
      ? order.table.after(after, order.size + 1)
      : order.table.after(after, Number.MAX_SAFE_INTEGER).filter(([, row]) => keep(row))
  const rows = found.slice(0, order.size)
  const last = rows.at(-1)
  const more = found.length > rows.length && last !== undefined
  const next = more ? makeToken({ list: order.list, after: last[0] }) : undefined
  return { rows: rows.map(([, row]) => row), next, after }
}

/** Base64 with the alphabet that the token patterns of all three services allow. */
export function makeToken(token: Token): string {
  return Buffer.from(JSON.stringify([token.list, token.after])).toString('base64')
}

function openToken(text: string, list: string, badToken: () => Refusal): string {
  let opened: unknown
  try {
    opened = JSON.parse(Buffer.from(text, 'base64').toString('utf8'))
  } catch {
    throw badToken()
  }
  const parsed = z.tuple([z.literal(list), z.string()]).safeParse(opened)
  if (!parsed.success) throw badToken()
  return parsed.data[1]
}

export const seconds = (at: number) => at / 1000

/** Lets a name stay away altogether, as an older or partial endpoint would. */
export function unlessMinimal(context: Context, members: object): object {
  return context.world.settings.minimal ? {} : members
}
