/** Rules for what people write: justifications, comments, notes, tickets; and for showing it. */
import { compilePattern } from './pattern.ts'

export const textCharactersMax = 2_000
export const ticketCharactersMax = 200

export type TextFault =
  | 'empty'
  | 'too_long'
  | 'control_character'
  | 'bidi_override'
  | 'look_alike'
  | 'unpaired_surrogate'
  | 'line_break'

export type TextResult =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false
      readonly code: 'text_malformed'
      readonly reason: TextFault
      /** As "U+" and hexadecimal digits; null if no single character is to blame. */
      readonly character: string | null
      readonly charactersMax: number
    }

export interface TextRule {
  readonly charactersMax: number
  /** True: one line only. */
  readonly line: boolean
}

const freeText: TextRule = { charactersMax: textCharactersMax, line: false }

/** Embeddings, overrides and isolates can make a text read other than it is; plain marks can't. */
const bidiOverride = /[\u202A-\u202E\u2066-\u2069]/u

/**
 * Letters of Cyrillic and Greek that nobody can tell from Latin ones (UTS #39 lists them as
 * confusable). A word made of both scripts with one of these in it was written to be read as
 * another word, such as the name of an account; texts wholly in either script are left alone, and
 * so are signs such as μ, Ω and Δ.
 */
const lookAlikes = 'АВЕЅІЈКМНОРСТУХԌԚԜаеоѕіјрсухһԁԛԝёїЁЇΑΒΕΖΗΙΚΜΝΟΡΤΥΧοινυϲϳ'
const lookAlike = new RegExp(`[${lookAlikes}]`, 'u')
const words = /[\p{L}\p{M}]+/gu
const latin = /\p{Script=Latin}/u

const control = /[\p{Cc}]/u
const lineBreaks = /\r\n|[\r\u2028\u2029]/g
const nothingVisible = /^[\s\p{Default_Ignorable_Code_Point}]*$/u

/**
 * Trimmed, NFC, line breaks as U+000A, counted in code points. A text that consists of nothing
 * visible (zero-width characters, say) is as good as none.
 */
export function checkText(input: string, rule: TextRule = freeText): TextResult {
  const refuse = (reason: TextFault, character: string | null = null): TextResult => {
    const named = character === null ? null : nameOf(character)
    const { charactersMax } = rule
    return { ok: false, code: 'text_malformed', reason, character: named, charactersMax }
  }
  const trimmed = input.trim()
  // NFC never shrinks a text eightfold, so this is certainly too long: not worth normalising.
  if (trimmed.length > rule.charactersMax * 16) return refuse('too_long')
  const unpaired = /\p{Cs}/u.exec(trimmed)
  if (unpaired) return refuse('unpaired_surrogate', unpaired[0])
  const text = trimmed.replace(lineBreaks, '\n').normalize('NFC')
  const controlled = control.exec(text.replaceAll('\n', ''))
  if (controlled) return refuse('control_character', controlled[0])
  const overridden = bidiOverride.exec(text)
  if (overridden) return refuse('bidi_override', overridden[0])
  const disguised = lookAlikeIn(text)
  if (disguised !== null) return refuse('look_alike', disguised)
  if (rule.line && text.includes('\n')) return refuse('line_break', '\n')
  if (nothingVisible.test(text)) return refuse('empty')
  if (countCharacters(text) > rule.charactersMax) return refuse('too_long')
  return { ok: true, text }
}

function lookAlikeIn(text: string): string | null {
  if (!lookAlike.test(text)) return null
  for (const [word] of text.matchAll(words)) {
    const [letter] = lookAlike.exec(word) ?? []
    if (letter !== undefined && latin.test(word)) return letter
  }
  return null
}

export function countCharacters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

function nameOf(character: string): string {
  const codePoint = character.codePointAt(0) ?? 0
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
}

export type TicketResult =
  | TextResult
  | { readonly ok: false; readonly code: 'ticket_malformed'; readonly pattern: string }

/** One line of proper text that matches the installation's pattern whole; no pattern: any. */
export function checkTicket(input: string, pattern: string | null): TicketResult {
  const checked = checkText(input, { charactersMax: ticketCharactersMax, line: true })
  if (!checked.ok || pattern === null) return checked
  const compiled = compilePattern(pattern)
  return compiled.ok && compiled.matches(checked.text)
    ? checked
    : { ok: false, code: 'ticket_malformed', pattern }
}

/**
 * The form in which texts are compared when people search: width, case and composition make no
 * difference. The same function is applied to what is stored and to what is typed.
 */
export function searchKey(text: string): string {
  return text
    .toWellFormed()
    .normalize('NFKC')
    .toLowerCase()
    .normalize('NFKC')
    .replaceAll('ς', 'σ')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
}

/** For SQL's LIKE with its default escape: everything that begins with this search key. */
export function likePrefix(text: string): string {
  return `${escapedKey(text)}%`
}

/** The same for everything that has this search key anywhere in it. */
export function likeContaining(text: string): string {
  return `%${escapedKey(text)}%`
}

function escapedKey(text: string): string {
  return searchKey(text).replace(/[\\%_]/g, '\\$&')
}

const formulaFirst = /^(?=[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠]|[\t\r\n])/u
const formulaWithin = /(\r\n|[;\t\r\n])(?=(?:(?![\t\r\n])[\s\p{Cc}\p{Cf}])*[=+\-@＝＋－＠])/gu

export type CsvValue = string | number | boolean | null

/**
 * A text that a spreadsheet could take for a formula gets an apostrophe in front, as OWASP's "CSV
 * Injection" page advises; full-width signs too, which Japanese spreadsheets take for the plain
 * ones. So does what follows a line break, a tab or a semicolon: where cells are told apart by
 * those, a quote in the middle of a cell protects nothing. Numbers stay numbers.
 */
export function csvCell(value: CsvValue): string {
  if (value === null) return ''
  if (typeof value !== 'string') return String(value)
  const safe = value.replace(formulaFirst, "'").replace(formulaWithin, "$1'")
  return /[",\r\n;\t]|^\s|\s$/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** RFC 4180: cells apart by commas, lines by CRLF. */
export function csvRow(values: readonly CsvValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`
}
