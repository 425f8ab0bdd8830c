import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkText, checkTicket, csvCell, csvRow, likePrefix, searchKey } from './text.ts'
import { anyText } from './world.fixture.ts'

const nul = '\u0000'
const rlo = '\u202E'

describe('a text is accepted', () => {
  test.each([
    ['in Japanese that begins with a bracket', '「障害対応」のため', '「障害対応」のため'],
    ['that begins with a full-width digit, which it keeps', '１番の作業', '１番の作業'],
    ['that begins with a character outside the basic plane', '𠮷野さんの依頼', '𠮷野さんの依頼'],
    ['of a single character', '急', '急'],
    ['of an emoji joined of several', '👩‍👩‍👧', '👩‍👩‍👧'],
    ['in Arabic with a direction mark', 'طلب\u200F!', 'طلب\u200F!'],
    ['composed', 'か\u3099', 'が'],
    ['trimmed, of full-width spaces too', ' \u3000修理\n ', '修理'],
    ['with line breaks of any kind, which become one kind', 'a\r\nb\rc\u2028d\ne', 'a\nb\nc\nd\ne'],
    ['in Russian', 'Сбой в расчётах', 'Сбой в расчётах'],
    [
      'in Russian with Latin words',
      'перезапуск AWS-аккаунта prod в S3-бакете',
      'перезапуск AWS-аккаунта prod в S3-бакете',
    ],
    ['in Greek', 'Επείγουσα πρόσβαση', 'Επείγουσα πρόσβαση'],
    ['with Greek signs in Latin words', '5μs, Δt, kΩ, β2', '5μs, Δt, kΩ, β2'],
    ['that looks like a formula', '=1+1', '=1+1'],
    ['that looks like markup', '<script>', '<script>'],
    ['of 2,000 characters that are 4,000 code units', '𠮷'.repeat(2_000), '𠮷'.repeat(2_000)],
    ['of 2,000 characters and spaces around', ` ${'a'.repeat(2_000)}\n`, 'a'.repeat(2_000)],
    ['of 2,000 characters once composed', 'か\u3099'.repeat(2_000), 'が'.repeat(2_000)],
  ])('%s', (_, input, text) => expect(checkText(input)).toEqual({ ok: true, text }))
})

describe('a text is refused', () => {
  test.each([
    ['empty', '', 'empty', null],
    ['of spaces only', ' \n\u3000', 'empty', null],
    ['of nothing visible', '\u200B\u2060\uFEFF\u3164', 'empty', null],
    ['of 2,001 characters', '𠮷'.repeat(2_001), 'too_long', null],
    ['of a million characters', 'a'.repeat(1_000_000), 'too_long', null],
    ['with a NUL', `a${nul}b`, 'control_character', 'U+0000'],
    ['with a tab', 'a\tb', 'control_character', 'U+0009'],
    ['with an escape', 'a\u001B[31mb', 'control_character', 'U+001B'],
    ['with a delete', 'a\u007Fb', 'control_character', 'U+007F'],
    ['with a C1 control', 'a\u0085b', 'control_character', 'U+0085'],
    ['with a right-to-left override', `a${rlo}b`, 'bidi_override', 'U+202E'],
    ['with an embedding', 'a\u202Ab', 'bidi_override', 'U+202A'],
    ['with an isolate', 'a\u2066b', 'bidi_override', 'U+2066'],
    ['with a Cyrillic letter in a Latin word', 'рayments-prod', 'look_alike', 'U+0440'],
    ['with a Latin letter in a Cyrillic word', 'сeрвер', 'look_alike', 'U+0441'],
    ['with a Greek letter in a Latin word', 'the prοd account', 'look_alike', 'U+03BF'],
    ['with a look-alike under an accent', 'Rоot\u0301', 'look_alike', 'U+043E'],
    ['with half a character at the end', 'a\uD842', 'unpaired_surrogate', 'U+D842'],
    ['with the second half first', '\uDFB7\uD842', 'unpaired_surrogate', 'U+DFB7'],
  ])('%s', (_, input, reason, character) => {
    expect(checkText(input)).toEqual({
      ok: false,
      code: 'text_malformed',
      reason,
      character,
      charactersMax: 2_000,
    })
  })

  test('exactly if it holds one of the forbidden characters, is invisible or too long', () => {
    const unit = fc.constantFrom(
      'a',
      '修',
      '𠮷',
      ' ',
      '\n',
      '\r',
      '\t',
      nul,
      rlo,
      '\u2069',
      '\uD842',
      '\u0301',
      '\u200B',
      'о',
    )
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (input) => {
        const inner = input.replace(/^\s+|\s+$/g, '')
        const points = [...inner].map((one) => one.codePointAt(0)!)
        const forbidden = points.some((at) => {
          const isControl = at < 0x20 || (at >= 0x7f && at < 0xa0)
          const isBreak = at === 0x0a || at === 0x0d
          const isBidi = (at >= 0x202a && at <= 0x202e) || (at >= 0x2066 && at <= 0x2069)
          return (isControl && !isBreak) || isBidi || (at >= 0xd800 && at <= 0xdfff)
        })
        const isMixed = inner
          .normalize('NFC')
          .split(/[^\p{L}\p{M}]+/u)
          .some((word) => /[aá]/u.test(word) && word.includes('о'))
        const visible = points.some((at) => ![0x20, 0x0a, 0x0d, 0x200b].includes(at))
        expect(checkText(input).ok).toBe(!forbidden && !isMixed && visible)
      }),
      { numRuns: 1_000 },
    )
  })

  test('never after it has been accepted once: what comes out goes in again unchanged', () => {
    fc.assert(
      fc.property(anyText(30), (input) => {
        const once = checkText(input)
        if (once.ok) expect(checkText(once.text)).toEqual(once)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a ticket', () => {
  test.each([
    ['may be any line without a pattern', '変更 42', null, true],
    ['must match the pattern whole', 'INC42 or so', 'INC\\d+', 'ticket_malformed'],
    ['matches after trimming and composing', ' 変更が1 ', '変更か\u3099\\d', true],
    ['is told apart from proper text first', 'INC\u202E1', 'INC.*', 'text_malformed'],
    ['has one line', 'INC1\nINC2', null, 'text_malformed'],
    ['has at most 200 characters', 'a'.repeat(201), null, 'text_malformed'],
    [
      'is refused by a stored pattern that is broken, not let through',
      'INC1',
      '(',
      'ticket_malformed',
    ],
  ])('%s', (_, input, pattern, expected) => {
    const checked = checkTicket(input, pattern)
    expect(checked.ok || checked.code).toBe(expected)
  })
})

describe('a search key', () => {
  test.each([
    ['makes no difference of width', 'ＴＥＳＴ－１', 'test-1'],
    ['makes no difference of case', 'Prod', 'prod'],
    ['makes no difference of composition', 'か\u3099', 'が'],
    ['makes half-width kana whole', 'ﾊﾞｯﾁ', 'バッチ'],
    ['makes one space of many', ' a \t\u3000 b ', 'a b'],
    ['survives half a character', 'a\uD842', 'a\uFFFD'],
    ['makes one sigma of two', 'ΟΔΟΣ', 'οδοσ'],
  ])('%s', (_, text, key) => expect(searchKey(text)).toBe(key))

  test('of a search key is itself', () => {
    fc.assert(
      fc.property(anyText(20), (text) => {
        expect(searchKey(searchKey(text))).toBe(searchKey(text))
      }),
      { numRuns: 1_000 },
    )
  })

  test('in LIKE means only itself', () => {
    expect(likePrefix('100%_\\')).toBe('100\\%\\_\\\\%')
  })
})

describe('a CSV cell', () => {
  test.each([
    ['is plain where it can be', 'plain', 'plain'],
    ['is quoted where it holds a comma', 'a,b', '"a,b"'],
    ['doubles its quotes', 'say "hi"', '"say ""hi"""'],
    ['keeps line breaks in quotes', 'a\nb', '"a\nb"'],
    ['disarms an equals sign', '=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
    ['disarms a plus', '+1', "'+1"],
    ['disarms a minus', '-1', "'-1"],
    ['disarms an at sign', '@SUM(A1)', "'@SUM(A1)"],
    ['disarms full-width signs', '＝1', "'＝1"],
    ['disarms what stands behind spaces', ' =1', "' =1"],
    ['disarms what stands behind a zero-width character', '\u200B=1', "'\u200B=1"],
    ['disarms a leading tab', '\ta', '"\'\ta"'],
    ['disarms what follows a semicolon', "see;=cmd|'x'!A0", "\"see;'=cmd|'x'!A0\""],
    ['disarms what follows a line break', 'see\r\n =1', '"see\r\n\' =1"'],
    ['keeps a semicolon before words', 'a; b', '"a; b"'],
    ['keeps numbers numbers', -1, '-1'],
    ['is empty for null', null, ''],
    ['says true', true, 'true'],
    ['keeps a Japanese bracket', '「障害」', '「障害」'],
  ])('%s', (_, value, cell) => expect(csvCell(value)).toBe(cell))

  test('row by row reads back as what was written, and nothing in it begins like a formula', () => {
    const unit = fc.constantFrom('a', '"', ',', '\r', '\n', '=', '-', ' ', '＝', '\t', ';')
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        (texts) => {
          const read = readCsv(csvRow(texts))
          expect(read.map((text) => text.replaceAll("'", ''))).toEqual(texts)
          // Wherever a spreadsheet may take a cell to begin.
          const cells = read.flatMap((text) => [text, ...text.split(/[;\t\r\n]/)])
          for (const cell of cells) expect(cell).not.toMatch(/^\s*[=\-+@＝]/)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  /** A reader of one RFC 4180 record, character by character. */
  function readCsv(row: string): string[] {
    const cells = ['']
    let quoted = false
    for (let i = 0; i < row.length - 2; i += 1) {
      const character = row[i]!
      if (quoted && character === '"' && row[i + 1] === '"') {
        cells[cells.length - 1] += '"'
        i += 1
      } else if (character === '"') quoted = !quoted
      else if (character === ',' && !quoted) cells.push('')
      else cells[cells.length - 1] += character
    }
    return cells
  }
})
