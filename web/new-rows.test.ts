import { describe, expect, test } from 'vitest'
import { splitNew } from './new-rows.ts'

const rows = (text: string) => [...text].map((id) => ({ id }))
const split = (text: string, known: string) => {
  const { shown, waiting } = splitNew(rows(text), ({ id }) => known.includes(id))
  const ids = (some: readonly { id: string }[]) => some.map(({ id }) => id).join('')
  return { shown: ids(shown), waiting: ids(waiting) }
}

describe('what is new in a list that is being read', () => {
  test.each([
    ['waits when it comes in front', 'xyab', 'ab', { shown: 'ab', waiting: 'xy' }],
    ['waits when it comes in between', 'axb', 'ab', { shown: 'ab', waiting: 'x' }],
    ['shows at once when it comes last', 'abx', 'ab', { shown: 'abx', waiting: '' }],
    ['shows at once when there was nothing', 'xy', '', { shown: 'xy', waiting: '' }],
    ['shows at once when all else is gone', 'xy', 'ab', { shown: 'xy', waiting: '' }],
    ['does not keep what is gone', 'xb', 'ab', { shown: 'b', waiting: 'x' }],
  ])('%s', (_, text, known, expected) => {
    expect(split(text, known)).toEqual(expected)
  })
})
