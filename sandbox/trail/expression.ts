/**
 * Conditions over one record, as both query languages have them: evaluated for real, with SQL's
 * three-valued logic, in which a field that is not there makes a comparison neither true nor false.
 */

export type Value = string | number | boolean | null

export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'field'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly kind: 'compare'
      readonly by: Comparison
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: 'match'; readonly of: Expression; readonly pattern: RegExp }
  | { readonly kind: 'in'; readonly of: Expression; readonly list: readonly Expression[] }
  | { readonly kind: 'is-null'; readonly of: Expression }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Expression[] }

export type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>='

/** What a name stands for in the record; null: the record does not have it. */
export type Fields = (name: string) => Value

type Call = (args: readonly Value[]) => Value

export type Functions = Readonly<Record<string, Call>>

export class Unsupported extends Error {}

export function evaluate(expression: Expression, fields: Fields, functions: Functions): Value {
  const of = (inner: Expression) => evaluate(inner, fields, functions)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'field':
      return fields(expression.name)
    case 'call': {
      const call = functions[expression.name]
      if (call === undefined) throw new Unsupported(`function ${expression.name}`)
      return call(expression.args.map(of))
    }
    case 'compare':
      return compare(expression.by, of(expression.left), of(expression.right))
    case 'match': {
      const text = of(expression.of)
      return text === null ? null : expression.pattern.test(String(text))
    }
    case 'in': {
      const found = expression.list.map((one) => compare('=', of(expression.of), of(one)))
      return some(found)
    }
    case 'is-null':
      return of(expression.of) === null
    case 'not': {
      const truth = of(expression.of)
      return truth === null ? null : truth !== true
    }
    case 'and': {
      const parts = expression.of.map(of)
      if (parts.some((part) => part === false)) return false
      return parts.some((part) => part === null) ? null : parts.every((part) => part === true)
    }
    case 'or':
      return some(expression.of.map(of))
    default:
      return expression satisfies never
  }
}

function some(parts: readonly Value[]): Value {
  if (parts.some((part) => part === true)) return true
  return parts.some((part) => part === null) ? null : false
}

function compare(by: Comparison, left: Value, right: Value): Value {
  if (left === null || right === null) return null
  const [one, other] = alike(left, right)
  switch (by) {
    case '=':
      return one === other
    case '!=':
      return one !== other
    case '<':
      return one < other
    case '<=':
      return one <= other
    case '>':
      return one > other
    case '>=':
      return one >= other
    default:
      return by satisfies never
  }
}

/** A number beside a number is compared as one; anything else as text. */
function alike(left: Exclude<Value, null>, right: Exclude<Value, null>) {
  if (typeof left === 'number' && typeof right === 'number') return [left, right] as const
  return [String(left), String(right)] as const
}

/** The field of a JSON record that a dotted path names; what is no single value is its JSON. */
export function valueAt(record: unknown, path: readonly string[], foldCase: boolean): Value {
  let at: unknown = record
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return null
    const name = foldCase
      ? Object.keys(at).find((key) => key.toLowerCase() === part.toLowerCase())
      : part
    at = name !== undefined && Object.hasOwn(at, name) ? Reflect.get(at, name) : undefined
  }
  if (at === undefined || at === null) return null
  if (typeof at === 'string' || typeof at === 'number' || typeof at === 'boolean') return at
  return JSON.stringify(at)
}
