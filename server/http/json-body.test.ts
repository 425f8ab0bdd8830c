import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { namesAFieldTwice } from './json-body.ts'

const twice = (text: string) => namesAFieldTwice(text, JSON.parse(text))

describe('a field named twice is found', () => {
  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"b":[{"a":1},{"a":1,"a":2}]}',
    '{"a":{"a":1},"a":2}',
    '[{"":1,"":2}]',
  ])('in %s', (text) => expect(twice(text)).toBe(true))
})

test('whatever JSON is written without one is left alone', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(4), (value, indent) => {
      expect(twice(JSON.stringify(value, null, indent))).toBe(false)
    }),
    { numRuns: 500 },
  )
  expect(twice(JSON.stringify({ 'a:"b': ':\\":', c: ['":', '\\'] }))).toBe(false)
})
