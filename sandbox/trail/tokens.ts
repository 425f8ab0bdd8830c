import type { Comparison, Expression } from './expression.ts'

export interface Token {
  readonly kind: 'word' | 'quoted-name' | 'text' | 'number' | 'regex' | 'sign'
  readonly text: string
  /** Where it begins. */
  readonly at: number
}

export class Malformed extends Error {
  readonly at: number

  constructor(what: string, at: number) {
    super(what)
    this.at = at
  }
}

/** A pattern for each kind of token, tried in turn; `read` makes its text. */
export interface Lexicon {
  readonly kinds: readonly {
    readonly kind: Token['kind'] | 'skip'
    /** Sticky. */
    readonly pattern: RegExp
    readonly read?: (raw: string) => string
  }[]
}

export function tokenise(query: string, lexicon: Lexicon): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < query.length) {
    const found = lexicon.kinds
      .map(({ kind, pattern, read }) => {
        pattern.lastIndex = at
        const raw = pattern.exec(query)?.[0]
        return raw === undefined || raw === '' ? null : { kind, raw, text: read?.(raw) ?? raw }
      })
      .find((one) => one !== null)
    if (!found) throw new Malformed(`unexpected character ${query[at]}`, at)
    if (found.kind !== 'skip') tokens.push({ kind: found.kind, text: found.text, at })
    at += found.raw.length
  }
  return tokens
}

/** A reader of tokens; words are compared without regard to case, as both languages do. */
export class Reader {
  readonly #tokens: readonly Token[]
  readonly #end: number
  #next = 0

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens
    this.#end = end
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#next + ahead]
  }

  get done(): boolean {
    return this.peek() === undefined
  }

  take(): Token {
    const token = this.peek()
    if (token === undefined) throw new Malformed('unexpected end of the query', this.#end)
    this.#next += 1
    return token
  }

  isWord(...words: readonly string[]): boolean {
    const token = this.peek()
    return token?.kind === 'word' && words.includes(token.text.toLowerCase())
  }

  isSign(...signs: readonly string[]): boolean {
    const token = this.peek()
    return token?.kind === 'sign' && signs.includes(token.text)
  }

  /** Takes it if it is there. */
  word(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false
    this.#next += 1
    return true
  }

  sign(...signs: readonly string[]): boolean {
    if (!this.isSign(...signs)) return false
    this.#next += 1
    return true
  }

  need(what: string, taken: boolean): void {
    if (!taken) this.refuse(`expected ${what}`)
  }

  number(): number {
    const token = this.take()
    if (token.kind !== 'number') throw new Malformed('expected a number', token.at)
    return Number(token.text)
  }

  refuse(what: string): never {
    const token = this.peek()
    const seen = token === undefined ? 'the end' : token.text
    throw new Malformed(`${what}, not ${seen}`, token?.at ?? this.#end)
  }
}

/** What the two languages say differently inside a condition. */
export interface Dialect {
  /** A field, a literal or a call. */
  readonly operand: (reader: Reader) => Expression
  /** What may follow an operand besides a comparison; null: nothing of the kind is there. */
  readonly test: (reader: Reader, of: Expression) => Expression | null
}

export function readCondition(reader: Reader, dialect: Dialect): Expression {
  const parts = [readAnd(reader, dialect)]
  while (reader.word('or')) parts.push(readAnd(reader, dialect))
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : { kind: 'or', of: parts }
}

function readAnd(reader: Reader, dialect: Dialect): Expression {
  const parts = [readNot(reader, dialect)]
  while (reader.word('and')) parts.push(readNot(reader, dialect))
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : { kind: 'and', of: parts }
}

function readNot(reader: Reader, dialect: Dialect): Expression {
  if (reader.word('not')) return { kind: 'not', of: readNot(reader, dialect) }
  if (reader.sign('(')) {
    const inner = readCondition(reader, dialect)
    reader.need(')', reader.sign(')'))
    return inner
  }
  const left = dialect.operand(reader)
  const tested = dialect.test(reader, left)
  if (tested !== null) return tested
  for (const [sign, by] of comparisons) {
    if (reader.sign(sign)) return { kind: 'compare', by, left, right: dialect.operand(reader) }
  }
  return left
}

const comparisons: readonly [string, Comparison][] = [
  ['=', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<=', '<='],
  ['>=', '>='],
  ['<', '<'],
  ['>', '>'],
]

export function readArguments(reader: Reader, dialect: Dialect): Expression[] {
  const args: Expression[] = []
  if (reader.sign(')')) return args
  do args.push(dialect.operand(reader))
  while (reader.sign(','))
  reader.need(')', reader.sign(')'))
  return args
}
