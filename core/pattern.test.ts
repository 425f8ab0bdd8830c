import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compilePattern } from './pattern.ts'
import { anyText } from './world.fixture.ts'

function matches(source: string, text: string): boolean | string {
  const compiled = compilePattern(source)
  return compiled.ok ? compiled.matches(text) : compiled.reason
}

describe('a pattern', () => {
  test.each([
    ['is matched whole: nothing may come before', 'INC\\d+', 'xINC1', false],
    ['is matched whole: nothing may follow', 'INC\\d+', 'INC1x', false],
    ['may say so itself', '^INC\\d+$', 'INC12', true],
    ['is matched whole though only one choice is anchored', '^a|b', 'bx', false],
    ['takes classes', '[A-Z]{2,4}-[0-9]{1,6}', 'OPS-42', true],
    ['takes negated classes', '[^-]+-\\d', '変更-1', true],
    ['takes Japanese letters', '変更[一-龠ぁ-んァ-ヶ]*\\d{3}', '変更管理042', true],
    ['takes Unicode properties', '\\p{Script=Han}+', '変更', true],
    ['takes a character outside the basic plane for one', '.', '𠮷', true],
    ['takes such a character in a class', '[𠮷-𠮸]', '𠮷', true],
    ['takes such a character by its two halves', '\\uD842\\uDFB7', '𠮷', true],
    ['takes such a character by its code point', '\\u{20BB7}', '𠮷', true],
    ['minds upper and lower case', 'INC', 'inc', false],
    ['has a dot that is any character', 'a.c', 'abc', true],
    ['has an escaped dot that is only a dot', 'a\\.c', 'abc', false],
    ['takes groups and choices', '(?:INC|CHG)-(\\d|x)+', 'CHG-1x', true],
    ['takes a choice of nothing', 'a(|b)', 'a', true],
    ['counts exactly', '\\d{3}', '12', false],
    ['counts at least', '\\d{3,}', '12345', true],
    ['counts at most', '\\d{1,3}', '1234', false],
    ['takes a lazy quantifier for a greedy one', 'a+?b', 'aaab', true],
    ['takes a slash', 'a/b', 'a/b', true],
    ['has brackets in a class', '[\\]\\[]', ']', true],
    ['composes what it is written with', 'か\u3099', 'が', true],
    ['is refused if empty', '', 'a', 'empty'],
    ['is refused if too long', 'a'.repeat(201), 'a', 'too_long'],
    ['is refused if unbalanced', 'a(', 'a', 'syntax'],
    ['is refused if a quantifier has nothing to repeat', '*a', 'a', 'syntax'],
    ['is refused if a class is upside down', '[z-a]', 'a', 'syntax'],
    ['is refused if it looks ahead', '(?=a)a', 'a', 'unsupported'],
    ['is refused if it looks behind', '(?<!a)a', 'a', 'unsupported'],
    ['is refused if it refers back', '(a)\\1', 'aa', 'unsupported'],
    ['is refused if it names a group', '(?<x>a)', 'a', 'unsupported'],
    ['is refused if it wants a word boundary', 'a\\b', 'a', 'unsupported'],
    ['is refused if it counts too far', '(\\d{500}){500}', '1', 'too_many_states'],
    ['is refused if it counts nothing too far', '(){9999999999}', '', 'too_many_states'],
    ['is refused if it counts beyond all numbers', `a{${'9'.repeat(150)}}`, '', 'too_many_states'],
  ])('%s', (_, source, text, expected) => expect(matches(source, text)).toBe(expected))

  test('that hangs an engine which goes back is decided at once', () => {
    const startedAt = performance.now()
    const hostile = [
      '(a+)+b',
      '(a|a)*b',
      '(a|aa)+b',
      '(.*)*b',
      '((a*)*)*b',
      `${'a?'.repeat(60)}${'a'.repeat(60)}b`,
      '(a{0,30}){0,30}b',
      '([a-z]+)*\\d',
    ]
    for (const source of hostile) expect(matches(source, 'a'.repeat(200))).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  test('nested as deep as its length allows is compiled or refused, not a crash', () => {
    expect(matches(`${'('.repeat(99)}a${')'.repeat(99)}`, 'a')).toBe(true)
    expect(matches('('.repeat(200), 'a')).toBe('syntax')
  })

  test('agrees with the engine of JavaScript, anchored, on whatever both understand', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '^',
      '$',
      '1',
      '𠮷',
      '\\p{L}',
    )
    const { pattern } = fc.letrec<{ pattern: string; term: string; sequence: string }>((tie) => ({
      term: fc.oneof(
        { depthSize: 'small' },
        atom,
        fc
          .tuple(fc.constantFrom('(', '(?:'), tie('pattern'))
          .map(([open, inner]) => `${open}${inner})`),
        fc
          .tuple(
            fc.oneof(
              fc.constantFrom('a', '[ab]', '.'),
              tie('pattern').map((one) => `(${one})`),
            ),
            fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,1}?', '{2,}', '{0}'),
          )
          .map(([one, many]) => `${one}${many}`),
      ),
      sequence: fc.array(tie('term'), { maxLength: 3 }).map((terms) => terms.join('')),
      pattern: fc
        .array(tie('sequence'), { minLength: 1, maxLength: 3 })
        .map((some) => some.join('|')),
    }))
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '1', '𠮷', '\n'), maxLength: 5 })
    let compared = 0
    fc.assert(
      fc.property(pattern, text, (source, input) => {
        fc.pre(source !== '' && source.length <= 100)
        const compiled = compilePattern(source)
        fc.pre(compiled.ok)
        compared += 1
        expect(compiled.ok && compiled.matches(input)).toBe(
          new RegExp(`^(?:${source})$`, 'u').test(input),
        )
      }),
      { numRuns: 1_000 },
    )
    expect(compared).toBeGreaterThan(500)
  })

  test('made of anything at all never throws', () => {
    const junk = fc.string({
      unit: fc.constantFrom(...'ab(){}[]|*+?^$\\.,-:=!<1dpPu09𠮷'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(fc.oneof(junk, anyText(20)), junk, (source, text) => {
        const compiled = compilePattern(source)
        if (compiled.ok) compiled.matches(text)
      }),
      { numRuns: 1_000 },
    )
  })
})
