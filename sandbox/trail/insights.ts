/**
 * The part of the CloudWatch Logs Insights query language that reading a trail takes: fields,
 * filter, parse with a glob, sort, limit, and in conditions the comparisons, `like`, `in` and a few
 * functions. Anything else is refused by name. User guide: "CloudWatch Logs Insights language query
 * syntax".
 */
import { type Expression, evaluate, type Functions, type Value, valueAt } from './expression.ts'
import {
  type Dialect,
  type Lexicon,
  Malformed,
  Reader,
  readArguments,
  readCondition,
  type Token,
  tokenise,
} from './tokens.ts'

export interface LogLine {
  readonly at: number
  readonly message: string
}

type Command =
  | { readonly name: 'fields'; readonly fields: readonly string[] }
  | { readonly name: 'filter'; readonly condition: Expression }
  | {
      readonly name: 'parse'
      readonly of: string
      readonly glob: RegExp
      readonly into: readonly string[]
    }
  | { readonly name: 'sort'; readonly by: string; readonly descending: boolean }
  | { readonly name: 'limit'; readonly rows: number }

const unquote = (raw: string) => raw.slice(1, -1).replace(/\\(.)/gs, '$1')

const lexicon: Lexicon = {
  kinds: [
    { kind: 'skip', pattern: /\s+|#[^\n]*/y },
    { kind: 'text', pattern: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy, read: unquote },
    { kind: 'quoted-name', pattern: /`[^`]*`/y, read: (raw) => raw.slice(1, -1) },
    // Only where a pattern can stand: there is no division in this subset.
    { kind: 'regex', pattern: /\/(?:[^/\\\n]|\\.)+\/i?/y },
    { kind: 'number', pattern: /\d+(?:\.\d+)?(?![\w.@-])/y },
    { kind: 'word', pattern: /@?[A-Za-z_0-9][\w.]*/y },
    { kind: 'sign', pattern: /!=|<=|>=|=~|[|(),=<>[\]]/y },
  ],
}

/** A log has at most so many fields discovered; what comes after is not there for a query. */
export const discoveredFieldsMax = 200

const text = (value: Value | undefined) => (value == null ? null : String(value))
const functions: Functions = {
  tolower: ([one]) => text(one)?.toLowerCase() ?? null,
  toupper: ([one]) => text(one)?.toUpperCase() ?? null,
  strlen: ([one]) => text(one)?.length ?? null,
  substr: ([one, from, length]) => {
    const start = Number(from)
    const end = length == null ? undefined : start + Number(length)
    return text(one)?.slice(start, end) ?? null
  },
  concat: (parts) => parts.map((part) => text(part) ?? '').join(''),
  ispresent: ([one]) => one != null,
  isempty: ([one]) => one == null || one === '',
}

const dialect: Dialect = {
  operand(reader) {
    const token = reader.take()
    if (token.kind === 'text') return { kind: 'literal', value: token.text }
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) }
    if (token.kind === 'quoted-name') return { kind: 'field', name: token.text }
    if (token.kind !== 'word') throw new Malformed(`unexpected ${token.text}`, token.at)
    if (!reader.sign('(')) return { kind: 'field', name: token.text }
    const name = token.text.toLowerCase()
    if (!Object.hasOwn(functions, name)) {
      throw new Malformed(`the sandbox knows no function ${token.text}`, token.at)
    }
    return { kind: 'call', name, args: readArguments(reader, dialect) }
  },
  test(reader, of) {
    const not = reader.isWord('not') && reader.word('not')
    const test = readTest(reader, of)
    if (test === null && not) reader.refuse('expected like or in')
    return test !== null && not ? { kind: 'not', of: test } : test
  },
}

function readTest(reader: Reader, of: Expression): Expression | null {
  if (reader.word('like') || reader.sign('=~')) {
    return { kind: 'match', of, pattern: patternOf(reader.take()) }
  }
  if (!reader.word('in')) return null
  reader.need('[', reader.sign('['))
  const list: Expression[] = []
  do list.push(dialect.operand(reader))
  while (reader.sign(','))
  reader.need(']', reader.sign(']'))
  return { kind: 'in', of, list }
}

/** `like "text"` is a substring, `like /regex/` a search: neither is anchored by itself. */
function patternOf(token: Token): RegExp {
  if (token.kind === 'text') return new RegExp(escapeRegex(token.text))
  if (token.kind !== 'regex') throw new Malformed('expected a text or a /regex/', token.at)
  const end = token.text.lastIndexOf('/')
  try {
    return new RegExp(token.text.slice(1, end), token.text.slice(end + 1))
  } catch {
    throw new Malformed(`${token.text} is no regular expression`, token.at)
  }
}

const escapeRegex = (literal: string) => literal.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

export function parseInsights(query: string): Command[] {
  const reader = new Reader(tokenise(query, lexicon), query.length)
  const commands: Command[] = []
  do commands.push(readCommand(reader))
  while (reader.sign('|'))
  if (!reader.done) reader.refuse('expected | or the end')
  return commands
}

function readCommand(reader: Reader): Command {
  const token = reader.take()
  switch (token.kind === 'word' ? token.text.toLowerCase() : '') {
    case 'fields':
    case 'display':
      return { name: 'fields', fields: readNames(reader) }
    case 'filter':
      return { name: 'filter', condition: readCondition(reader, dialect) }
    case 'parse':
      return readParse(reader)
    case 'sort': {
      const by = fieldName(reader.take())
      const descending = reader.word('desc')
      if (!descending) reader.word('asc')
      return { name: 'sort', by, descending }
    }
    case 'limit':
      return { name: 'limit', rows: reader.number() }
    default:
      throw new Malformed(`the sandbox knows no command ${token.text}`, token.at)
  }
}

function readParse(reader: Reader): Command {
  const of = fieldName(reader.take())
  const glob = reader.take()
  if (glob.kind !== 'text') throw new Malformed('expected a glob in quotes', glob.at)
  reader.need('as', reader.word('as'))
  const into = readNames(reader)
  const parts = glob.text.split('*')
  if (parts.length !== into.length + 1) throw new Malformed('one name for each *', glob.at)
  // A wildcard takes as little as it can, the last one the rest.
  const pattern = parts
    .map(escapeRegex)
    .join('(.*?)')
    .replace(/\(\.\*\?\)$/, '(.*)')
  return { name: 'parse', of, glob: new RegExp(pattern, 's'), into }
}

function readNames(reader: Reader): string[] {
  const names: string[] = []
  do names.push(fieldName(reader.take()))
  while (reader.sign(','))
  return names
}

function fieldName(token: Token): string {
  if (token.kind === 'word' || token.kind === 'quoted-name') return token.text
  throw new Malformed(`expected the name of a field, not ${token.text}`, token.at)
}

interface Row {
  readonly line: LogLine
  readonly record: unknown
  readonly discovered: ReadonlySet<string>
  readonly parsed: Map<string, string>
}

const rowsWithoutLimit = 10_000

/** Rows as `GetQueryResults` gives them, without their `@ptr`. */
export function runInsights(
  commands: readonly Command[],
  lines: readonly LogLine[],
): { field: string; value: string }[][] {
  let rows = lines.map(rowOf)
  let shown: readonly string[] = ['@timestamp', '@message']
  let limit = rowsWithoutLimit
  for (const command of commands) {
    switch (command.name) {
      case 'fields':
        shown = command.fields
        break
      case 'filter':
        rows = rows.filter((row) => evaluate(command.condition, fieldsOf(row), functions) === true)
        break
      case 'parse':
        for (const row of rows) parseInto(row, command)
        break
      case 'sort':
        rows = sorted(rows, command)
        break
      case 'limit':
        limit = command.rows
        break
      default:
        command satisfies never
    }
  }
  return rows.slice(0, limit).map((row) =>
    shown.flatMap((field) => {
      const value = fieldsOf(row)(field)
      return value === null ? [] : [{ field, value: String(value) }]
    }),
  )
}

function rowOf(line: LogLine): Row {
  const record: unknown = JSON.parse(line.message)
  const discovered = new Set<string>()
  discover(record, '', discovered)
  return { line, record, discovered, parsed: new Map() }
}

function discover(at: unknown, path: string, into: Set<string>): void {
  if (into.size >= discoveredFieldsMax) return
  if (typeof at !== 'object' || at === null) {
    into.add(path)
    return
  }
  for (const [name, value] of Object.entries(at)) {
    discover(value, path === '' ? name : `${path}.${name}`, into)
  }
}

function fieldsOf(row: Row) {
  return (name: string): Value => {
    if (name === '@message') return row.line.message
    if (name === '@timestamp') return logTime(row.line.at)
    const parsed = row.parsed.get(name)
    if (parsed !== undefined) return parsed
    return row.discovered.has(name) ? valueAt(row.record, name.split('.'), false) : null
  }
}

const logTime = (at: number) => new Date(at).toISOString().replace('T', ' ').replace('Z', '')

function parseInto(row: Row, { of, glob, into }: Command & { name: 'parse' }): void {
  const found = glob.exec(String(fieldsOf(row)(of) ?? ''))
  if (found === null) return
  for (const [at, name] of into.entries()) row.parsed.set(name, found[at + 1] ?? '')
}

function sorted(rows: readonly Row[], { by, descending }: Command & { name: 'sort' }): Row[] {
  const sign = descending ? -1 : 1
  const key = (row: Row) => String(fieldsOf(row)(by) ?? '')
  return rows.toSorted((one, other) => {
    const [a, b] = [key(one), key(other)]
    return a === b ? 0 : a < b ? -sign : sign
  })
}
