/**
 * The part of CloudTrail Lake's SQL that reading a trail takes: one SELECT of columns from one event
 * data store, with a condition, an order and a limit. Anything else is refused by name. User guide:
 * "CloudTrail Lake SQL constraints" and "Supported SQL schemas for event data stores"; functions and
 * literals are Trino's.
 */
import { type Expression, evaluate, type Functions, type Value, valueAt } from './expression.ts'
import {
  type Dialect,
  type Lexicon,
  Malformed,
  Reader,
  readArguments,
  readCondition,
  tokenise,
} from './tokens.ts'

export interface LakeQuery {
  readonly columns: readonly string[]
  readonly store: string
  readonly condition: Expression | null
  readonly order: { readonly by: string; readonly descending: boolean } | null
  readonly limit: number | null
}

const lexicon: Lexicon = {
  kinds: [
    { kind: 'skip', pattern: /\s+|--[^\n]*/y },
    // Trino's strings have no escapes but the doubled quote.
    {
      kind: 'text',
      pattern: /'(?:[^']|'')*'/sy,
      read: (raw) => raw.slice(1, -1).replaceAll("''", "'"),
    },
    { kind: 'quoted-name', pattern: /"[^"]*"/y, read: (raw) => raw.slice(1, -1) },
    // The id of an event data store stands unquoted, whatever it begins with.
    { kind: 'word', pattern: /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![\w-])/y },
    { kind: 'number', pattern: /\d+(?![\w.])/y },
    { kind: 'word', pattern: /[A-Za-z_][\w.]*/y },
    { kind: 'sign', pattern: /!=|<>|<=|>=|[(),=<>*]/y },
  ],
}

const text = (value: Value | undefined) => (value == null ? null : String(value))
const functions: Functions = {
  lower: ([one]) => text(one)?.toLowerCase() ?? null,
  upper: ([one]) => text(one)?.toUpperCase() ?? null,
  coalesce: (args) => args.find((one) => one !== null) ?? null,
  length: ([one]) => text(one)?.length ?? null,
  split_part: ([one, by, index]) => {
    if (one == null || by == null || index == null) return null
    return String(one).split(String(by))[Number(index) - 1] ?? null
  },
  /** A search: it is not anchored by itself. */
  regexp_like: ([one, pattern]) =>
    one == null || pattern == null ? null : new RegExp(String(pattern)).test(String(one)),
}

const dialect: Dialect = {
  operand(reader) {
    const token = reader.take()
    if (token.kind === 'text') return { kind: 'literal', value: token.text }
    if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) }
    if (token.kind === 'quoted-name') return { kind: 'field', name: token.text }
    if (token.kind !== 'word') throw new Malformed(`unexpected ${token.text}`, token.at)
    const name = token.text.toLowerCase()
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true' }
    if (name === 'null') return { kind: 'literal', value: null }
    if (!reader.sign('(')) return { kind: 'field', name }
    if (!Object.hasOwn(functions, name)) {
      throw new Malformed(`the sandbox knows no function ${token.text}`, token.at)
    }
    return { kind: 'call', name, args: readArguments(reader, dialect) }
  },
  test(reader, of) {
    if (reader.word('is')) {
      const not = reader.word('not')
      reader.need('NULL', reader.word('null'))
      const isNull: Expression = { kind: 'is-null', of }
      return not ? { kind: 'not', of: isNull } : isNull
    }
    const not = reader.word('not')
    const test = readTest(reader, of)
    if (test === null && not) reader.refuse('expected LIKE, IN or BETWEEN')
    return test !== null && not ? { kind: 'not', of: test } : test
  },
}

function readTest(reader: Reader, of: Expression): Expression | null {
  if (reader.word('like')) {
    const token = reader.take()
    if (token.kind !== 'text') throw new Malformed('expected a text', token.at)
    return { kind: 'match', of, pattern: likePattern(token.text) }
  }
  if (reader.word('in')) {
    reader.need('(', reader.sign('('))
    return { kind: 'in', of, list: readArguments(reader, dialect) }
  }
  if (!reader.word('between')) return null
  const from = dialect.operand(reader)
  reader.need('AND', reader.word('and'))
  const to = dialect.operand(reader)
  return {
    kind: 'and',
    of: [
      { kind: 'compare', by: '>=', left: of, right: from },
      { kind: 'compare', by: '<=', left: of, right: to },
    ],
  }
}

function likePattern(like: string): RegExp {
  const source = like.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  return new RegExp(`^${source.replaceAll('%', '.*').replaceAll('_', '.')}$`, 's')
}

export function parseLake(statement: string): LakeQuery {
  const reader = new Reader(tokenise(statement, lexicon), statement.length)
  reader.need('SELECT', reader.word('select'))
  const columns: string[] = []
  do columns.push(columnName(reader))
  while (reader.sign(','))
  reader.need('FROM', reader.word('from'))
  const store = reader.take().text
  const condition = reader.word('where') ? readCondition(reader, dialect) : null
  const order = readOrder(reader)
  const limit = reader.word('limit') ? reader.number() : null
  if (!reader.done) reader.refuse('expected the end')
  return { columns, store, condition, order, limit }
}

function columnName(reader: Reader): string {
  const token = reader.take()
  if (token.kind === 'word' || token.kind === 'quoted-name') return token.text
  throw new Malformed(`the sandbox selects columns by name, not ${token.text}`, token.at)
}

function readOrder(reader: Reader): LakeQuery['order'] {
  if (!reader.word('order')) return null
  reader.need('BY', reader.word('by'))
  const by = columnName(reader)
  const descending = reader.word('desc')
  if (!descending) reader.word('asc')
  return { by, descending }
}

export interface LakeRecord {
  readonly json: string
}

/** Rows as `GetQueryResults` gives them: one object with one member a column. */
export function runLake(
  query: LakeQuery,
  records: readonly LakeRecord[],
): Record<string, string>[][] {
  const { condition, order, columns, limit } = query
  let rows = records.map(({ json }) => ({ json, record: JSON.parse(json) as unknown }))
  type Row = (typeof rows)[number]
  const fieldOf = (row: Row) => (name: string) => column(row, name)
  if (condition !== null) {
    rows = rows.filter((row) => evaluate(condition, fieldOf(row), functions) === true)
  }
  if (order !== null) {
    const sign = order.descending ? -1 : 1
    const key = (row: Row) => String(column(row, order.by) ?? '')
    rows = rows.toSorted((one, other) => {
      const [a, b] = [key(one), key(other)]
      return a === b ? 0 : a < b ? -sign : sign
    })
  }
  return rows
    .slice(0, limit ?? undefined)
    .map((row) => columns.map((name) => ({ [name]: String(column(row, name) ?? '') })))
}

function column(row: { json: string; record: unknown }, name: string): Value {
  const folded = name.toLowerCase()
  if (folded === 'eventjson') return row.json
  const value = valueAt(row.record, folded.split('.'), true)
  // A timestamp prints without its T, and is compared with a text of that form.
  return folded === 'eventtime' && typeof value === 'string' ? lakeTime(value) : value
}

const lakeTime = (iso: string) => new Date(iso).toISOString().replace('T', ' ').replace('Z', '')
