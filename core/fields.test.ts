import { describe, expect, test } from 'vitest'
import { checkComment } from './fields.ts'

describe('a comment', () => {
  test.each([
    ['may be left out', undefined, false, null, null],
    ['may be blank, which is none', ' \n', false, null, null],
    ['must be there where the setting wants one', '', true, null, 'comment_required'],
    ['must be there and not only as spaces', ' ', true, null, 'comment_required'],
    ['is trimmed and composed', ' か\u3099 ', true, 'が', null],
    ['is proper text, wanted or not', 'a\u202Eb', false, null, 'text_malformed'],
    ['of nothing visible is none too', '\u200B', true, null, 'text_malformed'],
  ])('%s', (_, input, required, text, code) => {
    const checked = checkComment(input, { required })
    expect([checked.text, checked.refusal?.code ?? null]).toEqual([text, code])
  })
})
