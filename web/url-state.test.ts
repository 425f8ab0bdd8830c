import { describe, expect, test } from 'vitest'
import { isFiltered, parseListState } from './url-state.ts'

const parse = (query: string) => parseListState(new URLSearchParams(query))

describe('filters in the URL', () => {
  test('an empty URL is the first page without filters', () => {
    const { state, dropped } = parse('')
    expect(dropped).toEqual([])
    expect(isFiltered(state)).toBe(false)
    expect(state.page).toBe(1)
  })

  test('what is there comes through', () => {
    const { state, dropped } = parse(
      'q=CHG-1&status=pending,active&scope=mine&from=2026-11-01&to=2026-11-30&cursor=abc&page=3',
    )
    expect(dropped).toEqual([])
    expect(state).toEqual({
      q: 'CHG-1',
      status: ['pending', 'active'],
      scope: 'mine',
      from: '2026-11-01',
      to: '2026-11-30',
      cursor: 'abc',
      page: 3,
    })
  })

  const bad: [string, string][] = [
    ['status=pending,nonsense', 'status'],
    ['scope=everything', 'scope'],
    ['from=yesterday', 'from'],
    ['to=2026-13-45', 'to'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['cursor=a&page=-1', 'page'],
  ]
  test.each(bad)('%s is dropped, and said', (query, name) => {
    expect(parse(query).dropped).toEqual([name])
  })

  test('the good states of a list survive a bad one beside them', () => {
    expect(parse('status=pending,nonsense').state.status).toEqual(['pending'])
  })

  test('a page number without its cursor means the first page', () => {
    expect(parse('page=7').state.page).toBe(1)
  })
})
