import { fold } from './fold.ts'
import type { Fact, Letter } from './letter.ts'
import { linesOf, oneLine } from './plain.ts'

const columnsMax = 76

export function renderText(letter: Letter): string {
  const blocks = [
    foldAll([letter.heading]),
    ...letter.paragraphs.map((paragraph) => foldAll([paragraph])),
    letter.facts.flatMap(factLines),
    // Addresses are never folded.
    letter.links.flatMap(({ label, url }) => [`${label}:`, url]),
    ['-- ', ...foldAll(letter.footer)],
  ]
  const filled = blocks.filter((lines) => lines.length > 0)
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function foldAll(texts: readonly string[]): string[] {
  return texts.flatMap((text) => fold(oneLine(text), columnsMax))
}

function factLines({ label, value, quoted, url }: Fact): string[] {
  if (quoted === true) return [`${label}:`, ...indented(linesOf(value), '> ')]
  const [first = '', ...rest] = fold(`${label}: ${oneLine(value)}`, columnsMax)
  // As everywhere, an address is never folded.
  return [first, ...indented(rest, '  '), ...(url === undefined ? [] : [`  ${url}`])]
}

function indented(lines: readonly string[], prefix: string): string[] {
  return lines
    .flatMap((line) => fold(line, columnsMax - prefix.length))
    .map((line) => `${prefix}${line}`.trimEnd())
}
