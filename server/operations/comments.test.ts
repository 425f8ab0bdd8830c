import { describe, expect, test } from 'vitest'
import { parseComment } from './comments.ts'
import { Refused } from './refused.ts'

describe('a comment', () => {
  test.each([
    ['may be left out', undefined, false, null],
    ['may be blank, which is none', ' \n', false, null],
    ['is trimmed and composed', ' か\u3099 ', true, 'が'],
  ])('%s', (_, input, required, text) => {
    expect(parseComment(input, { required })).toBe(text)
  })

  test.each([
    ['must be there where the setting wants one', '', true, 'comment_required'],
    ['must be there and not only as spaces', ' ', true, 'comment_required'],
    ['is proper text, wanted or not', 'a\u202Eb', false, 'text_malformed'],
    ['of nothing visible is none too', '\u200B', true, 'text_malformed'],
  ])('%s', (_, input, required, code) => {
    const parse = () => parseComment(input, { required })
    expect(parse).toThrow(Refused)
    expect(parse).toThrow(expect.objectContaining({ code }))
  })
})
