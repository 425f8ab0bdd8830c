/**
 * Ticket patterns: regular expressions that an administrator writes and everybody's tickets are
 * matched against, whole.
 *
 * JavaScript's own engine backtracks, so that a pattern such as `(a+)+b` can keep the server busy
 * for years; telling such patterns apart is guesswork. Here every pattern is matched safely: the
 * syntax is JavaScript's (flag `u`), the matching is a walk through all possible states at once
 * (Thompson's construction), whose work is bounded by states × characters. What such a walk
 * can't do — looking around, references back, word boundaries — is refused when it is saved, and
 * so is a pattern that needs too many states.
 *
 * A single-character piece (a literal, `\d`, `[A-Z一-龠]`) is handed to JavaScript's engine, one
 * character at a time: there is nothing to go back to in one character.
 */
export const patternCharactersMax = 200
export const patternStatesMax = 2_000

export type PatternFault = 'empty' | 'too_long' | 'syntax' | 'unsupported' | 'too_many_states'

export type CompiledPattern =
  | { readonly ok: true; readonly matches: (text: string) => boolean }
  | {
      readonly ok: false
      readonly code: 'pattern_malformed'
      readonly reason: PatternFault
      /** What of the pattern is not supported, as it stands there. */
      readonly part: string | null
    }

type Node =
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Node[] }
  | { readonly kind: 'repeat'; readonly part: Node; readonly min: number; readonly max: number }

class Fault extends Error {
  readonly reason: PatternFault
  readonly part: string | null
  constructor(reason: PatternFault, part: string | null = null) {
    super(reason)
    this.reason = reason
    this.part = part
  }
}

export function compilePattern(source: string): CompiledPattern {
  const normal = source.normalize('NFC')
  try {
    if (normal === '') throw new Fault('empty')
    if (Array.from(normal).length > patternCharactersMax) throw new Fault('too_long')
    refuseControls(normal)
    checkSyntax(normal)
    const program = buildProgram(new Parser(normal).parse())
    return { ok: true, matches: (text) => run(program, Array.from(text)) }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { ok: false, code: 'pattern_malformed', reason: error.reason, part: error.part }
  }
}

/** A ticket has none of them (core/text.ts), so a pattern that names one could only be a mistake. */
function refuseControls(source: string): void {
  const [found] = /[\p{Cc}\p{Cs}]/u.exec(source) ?? []
  if (found === undefined) return
  const codePoint = found.codePointAt(0) ?? 0
  throw new Fault('unsupported', `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`)
}

/** Compiling runs nothing, so it is safe; what it lets through, the parser need not doubt. */
function checkSyntax(source: string): void {
  try {
    new RegExp(source, 'u')
  } catch {
    throw new Fault('syntax')
  }
}

class Parser {
  readonly source: string
  private at = 0

  constructor(source: string) {
    this.source = source
  }

  parse(): Node {
    const node = this.choice()
    if (this.at < this.source.length) throw new Fault('syntax')
    return node
  }

  private choice(): Node {
    const parts = [this.sequence()]
    while (this.take('|')) parts.push(this.sequence())
    return { kind: 'choice', parts }
  }

  private sequence(): Node {
    const parts: Node[] = []
    while (this.at < this.source.length && !this.next('|') && !this.next(')')) {
      parts.push(this.quantified(this.atom()))
    }
    return { kind: 'sequence', parts }
  }

  private atom(): Node {
    if (this.take('^')) return { kind: 'start' }
    if (this.take('$')) return { kind: 'end' }
    if (this.take('(')) return this.group()
    return { kind: 'one', accepts: oneCharacter(this.piece()) }
  }

  private group(): Node {
    if (this.next('?') && !this.next('?:')) {
      throw new Fault('unsupported', `(${this.source.slice(this.at, this.at + 3)}`)
    }
    this.take('?:')
    const node = this.choice()
    if (!this.take(')')) throw new Fault('syntax')
    return node
  }

  /** One character's worth of pattern: a class, an escape, a dot or a literal. */
  private piece(): string {
    const rest = this.source.slice(this.at)
    const piece = classOrEscape.exec(rest)?.[0] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0)
    if (/^\\[bBk1-9]/.test(piece)) throw new Fault('unsupported', piece)
    this.at += piece.length
    return piece
  }

  private quantified(part: Node): Node {
    const found = quantifier.exec(this.source.slice(this.at))
    if (!found) return part
    this.at += found[0].length
    const [min, max] = bounds(found[0])
    return { kind: 'repeat', part, min, max }
  }

  private next(text: string): boolean {
    return this.source.startsWith(text, this.at)
  }

  private take(text: string): boolean {
    if (!this.next(text)) return false
    this.at += text.length
    return true
  }
}

const classOrEscape =
  /^(?:\[(?:\\.|[^\]\\])*\]|\\u\{[0-9a-fA-F]+\}|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[pP]\{[^}]*\}|\\c[a-zA-Z]|\\.)/su

/** A question mark after it makes it lazy, which changes nothing where all must match. */
const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/

function bounds(text: string): [min: number, max: number] {
  if (text.startsWith('*')) return [0, Number.POSITIVE_INFINITY]
  if (text.startsWith('+')) return [1, Number.POSITIVE_INFINITY]
  if (text.startsWith('?')) return [0, 1]
  const [least = '0', most] = text.slice(1, text.lastIndexOf('}')).split(',')
  if (most === undefined) return [Number(least), Number(least)]
  return [Number(least), most === '' ? Number.POSITIVE_INFINITY : Number(most)]
}

function oneCharacter(piece: string): (character: string) => boolean {
  const only = new RegExp(`^${piece === '/' ? '\\/' : piece}$`, 'u')
  return (character) => only.test(character)
}

type State =
  | { readonly kind: 'one'; readonly accepts: (character: string) => boolean; readonly to: number }
  | { readonly kind: 'start' | 'end'; readonly to: number }
  | { readonly kind: 'fork'; readonly to: number[] }
  | { readonly kind: 'match' }

interface Program {
  readonly states: readonly State[]
  readonly first: number
}

/** Built from the end: each piece is told where to go on, and answers where it begins. */
function buildProgram(root: Node): Program {
  const states: State[] = []
  const add = (state: State): number => {
    if (states.length >= patternStatesMax) throw new Fault('too_many_states')
    return states.push(state) - 1
  }
  const build = (node: Node, to: number): number => {
    switch (node.kind) {
      case 'one':
        return add({ kind: 'one', accepts: node.accepts, to })
      case 'start':
      case 'end':
        return add({ kind: node.kind, to })
      case 'sequence':
        return node.parts.reduceRight((next, part) => build(part, next), to)
      case 'choice':
        return add({ kind: 'fork', to: node.parts.map((part) => build(part, to)) })
      case 'repeat':
        return buildRepeat(node, to)
      default:
        return node satisfies never
    }
  }
  const buildRepeat = ({ part, min, max }: Node & { kind: 'repeat' }, to: number): number => {
    // Each copy costs a state even where its part is empty, so that the bound always bites.
    let next = to
    if (max === Number.POSITIVE_INFINITY) {
      const fork: State = { kind: 'fork', to: [to] }
      next = add(fork)
      fork.to.push(build(part, next))
    } else {
      for (let i = min; i < max; i += 1) next = add({ kind: 'fork', to: [build(part, next), to] })
    }
    for (let i = 0; i < min; i += 1) next = add({ kind: 'fork', to: [build(part, next)] })
    return next
  }
  const match = add({ kind: 'match' })
  return { first: build(root, match), states }
}

function run({ states, first }: Program, text: readonly string[]): boolean {
  let now = reach(states, [first], { atStart: true, atEnd: text.length === 0 })
  for (const [i, character] of text.entries()) {
    const moved: number[] = []
    for (const id of now) {
      const state = states[id]
      if (state?.kind === 'one' && state.accepts(character)) moved.push(state.to)
    }
    now = reach(states, moved, { atStart: false, atEnd: i === text.length - 1 })
    if (now.size === 0) return false
  }
  return [...now].some((id) => states[id]?.kind === 'match')
}

/** Everything that can be got to without taking a character. */
function reach(
  states: readonly State[],
  from: readonly number[],
  place: { readonly atStart: boolean; readonly atEnd: boolean },
): Set<number> {
  const seen = new Set<number>()
  const open = [...from]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const state = states[id]
    if (state?.kind === 'fork') open.push(...state.to)
    else if (state?.kind === 'start' && place.atStart) open.push(state.to)
    else if (state?.kind === 'end' && place.atEnd) open.push(state.to)
  }
  return seen
}
