/**
 * Folds plain text to a width, where East Asian characters take two columns. Latin words and
 * addresses stay whole, Japanese breaks anywhere except before closing punctuation, and nothing is
 * added or lost but the blank at which a line ends.
 */

const wide =
  /^[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u
const closing =
  /^[)\]}、。，．・：；？！」』）】〕］｝〉》ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々…]/u
const opening = /[([{「『（【〔［｛〈《]$/u
/** A word without a break, such as an address, is cut only beyond this. */
const wordCharactersMax = 500

const graphemes = new Intl.Segmenter('ja', { granularity: 'grapheme' })
const plainAscii = /^[\x20-\x7E]*$/

export function columnsOf(text: string): number {
  if (plainAscii.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += columnsOfOne(segment)
  return columns
}

function columnsOfOne(grapheme: string): number {
  return wide.test(grapheme) ? 2 : 1
}

/** One line becomes several, each of at most so many columns where that is possible. */
export function fold(line: string, columnsMax: number): string[] {
  const lines: string[] = []
  let current = ''
  let columns = 0
  for (const piece of piecesOf(line)) {
    if (current.trim() !== '' && columns + piece.columns > columnsMax) {
      lines.push(current.trimEnd())
      current = ''
      columns = 0
    }
    current += piece.text
    columns += piece.columns + piece.blanks
  }
  lines.push(current.trimEnd())
  return lines
}

/** A part that stays together, and the blanks after it, which may hang over the end of a line. */
interface Piece {
  text: string
  columns: number
  blanks: number
  isWideAtEnd: boolean
}

function piecesOf(line: string): Piece[] {
  const pieces: Piece[] = []
  for (const { segment } of graphemes.segment(line)) {
    const last = pieces.at(-1)
    if (last === undefined || mayBreak(last, segment)) {
      pieces.push(extend({ text: '', columns: 0, blanks: 0, isWideAtEnd: false }, segment))
    } else extend(last, segment)
  }
  return pieces
}

function extend(piece: Piece, grapheme: string): Piece {
  piece.text += grapheme
  if (grapheme === ' ') {
    piece.blanks += 1
  } else {
    piece.columns += piece.blanks + columnsOfOne(grapheme)
    piece.blanks = 0
  }
  piece.isWideAtEnd = wide.test(grapheme)
  return piece
}

function mayBreak(before: Piece, next: string): boolean {
  if (next === ' ' || closing.test(next)) return false
  if (before.blanks > 0) return true
  if (opening.test(before.text)) return false
  return wide.test(next) || before.isWideAtEnd || before.text.length >= wordCharactersMax
}
