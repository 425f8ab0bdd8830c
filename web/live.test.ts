import { describe, expect, test, vi } from 'vitest'

// What the page's own modules read while they load.
vi.stubGlobal('window', {})
const { staleKeys } = await import('./live.ts')

describe('a message of the stream', () => {
  const rows: [string, string][] = [
    ['request', 'requests'],
    ['person', 'me'],
    ['directory', 'me'],
    ['setting', 'me'],
    ['setting', 'settings'],
    ['approver-policy', 'me'],
    ['eligibility-policy', 'eligible'],
  ]
  test.each(rows)('%s makes %s stale', (type, key) => {
    const stale = staleKeys(JSON.stringify({ type, id: 'x', version: 1 }))
    expect(stale.map(([first]) => first)).toContain(key)
  })

  test('a notice that arrived makes its request stale and no list', () => {
    const stale = staleKeys('{"type":"notice","id":"7","version":0}')
    expect(stale).toEqual([['requests', 'one', '7']])
  })

  const hostile = ['', '{', 'null', '[]', '{"type":7}', '{"type":"unknown"}']
  test.each(hostile)('%s changes nothing', (message) => {
    expect(staleKeys(message)).toEqual([])
  })

  test('a name of every object is no type', () => {
    expect(staleKeys('{"type":"constructor"}')).toEqual([])
  })
})
