import { describe, expect, test } from 'vitest'
import { schemaCodes } from '#contract/common.ts'
import { refusalCodes } from '#core/refusals.ts'
import { houseCodes } from '#server/operations/refused.ts'
import type { Failure } from './api.ts'
import { translator } from './i18n.tsx'
import { isWorded, wordCode, wordedCodes, wordFailure, wordField } from './problems.ts'
import { isUnknown, wordRefusal } from './remedies.ts'
import { en, type StringKey } from './strings/en.ts'
import { ja } from './strings/ja.ts'

const t = translator({ locale: 'en', strings: en })
const tJa = translator({ locale: 'ja', strings: ja })

const problem = (part: Partial<Failure & { kind: 'problem' }>): Failure => ({
  kind: 'problem',
  status: 422,
  code: 'malformed',
  detail: 'As the server says it.',
  params: {},
  fields: [],
  ...part,
})

describe('the server’s codes', () => {
  test('every code that the API can refuse with has words and a way on', () => {
    const unworded = [...refusalCodes, ...houseCodes].filter((code) => !isWorded(code))
    expect(unworded).toEqual([])
    for (const code of wordedCodes) {
      expect(wordRefusal(problem({ code }), t)).not.toContain('{')
      expect(wordRefusal(problem({ code }), tJa)).not.toContain('{')
    }
  })

  test('codes are worded in whole sentences, so that others can follow', () => {
    const codes = Object.keys(en).filter((key) => /^(code|remedy)\./.test(key)) as StringKey[]
    expect(codes.length).toBeGreaterThan(100)
    expect(codes.filter((key) => !en[key].endsWith('.'))).toEqual([])
    expect(codes.filter((key) => !ja[key].endsWith('。'))).toEqual([])
  })

  test('a refusal says what to do, and what was not done is said only where it is known', () => {
    const refused = problem({ code: 'too_few_approvers' })
    expect(wordRefusal(refused, t)).toBe(
      "Too few people can approve this; it can't be sent. An administrator can help.",
    )
    expect(wordRefusal(refused, tJa)).toBe(
      '承認できる人が足りないため送信できません。管理者にご相談ください。',
    )
    expect(isUnknown(refused)).toBe(false)
    expect(isUnknown({ kind: 'unreachable' })).toBe(true)
    expect(isUnknown(problem({ status: 500, code: 'internal' }))).toBe(true)
  })

  const closer: [string, Record<string, unknown>, string][] = [
    ['duration_too_long', { maxDurationMinutes: 90 }, 'Longer than allowed: at most 1 h 30 min.'],
    ['not_eligible', { failed: 'account' }, 'No policy of yours covers this account.'],
    ['not_eligible', { failed: 'toString' }, 'No policy lets you ask for this.'],
    ['start_too_far', { furthestStartDays: 30 }, 'The start can be at most 30 days ahead.'],
    ['text_malformed', { character: 'U+202E' }, "The character U+202E can't be used."],
    [
      'text_malformed',
      { reason: 'look_alike', character: 'U+0430' },
      'A word mixes scripts: the letter U+0430 looks like another one. Write each word in one script.',
    ],
    ['text_malformed', { reason: 'too_long', charactersMax: 2000 }, 'At most 2000 characters.'],
    ['ticket_malformed', { pattern: '[A-Z]+' }, 'The ticket number must match [A-Z]+.'],
  ]
  test.each(closer)('%s %o is worded closely', (code, params, words) => {
    expect(wordCode(code, params, t)).toBe(words)
  })

  test('a code without words shows the server’s own sentence', () => {
    expect(wordFailure(problem({ code: 'from_the_future' }), t)).toBe('As the server says it.')
  })
})

describe('an error of a field', () => {
  const failure = problem({
    code: 'text_malformed',
    params: { reason: 'control_character', character: 'U+0007' },
    fields: [
      { field: 'justification', code: 'text_malformed', message: 'm' },
      { field: 'targets.0', code: 'not_eligible', message: 'm' },
    ],
  })

  test('stands at its field, with the parameters of its code', () => {
    expect(wordField(failure, 'justification', t)).toBe("The character U+0007 can't be used.")
  })

  test('of one target stands at the targets', () => {
    expect(wordField(failure, 'targets', t)).toBe('No policy lets you ask for this.')
  })

  test.each(schemaCodes)(
    '%s is in the language of the page, though the schema speaks English',
    (code) => {
      const fields = [{ field: 'name', code, message: 'Too big: expected string' }]
      expect(wordField(problem({ fields }), 'name', tJa)).toMatch(/。$/)
    },
  )

  test('does not stand at another field', () => {
    expect(wordField(failure, 'ticket', t)).toBe(null)
    expect(wordField(failure, 'just', t)).toBe(null)
  })
})
