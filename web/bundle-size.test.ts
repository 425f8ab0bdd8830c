import { describe, expect, test } from 'vitest'
import { bundleSizes, type Manifest } from './bundle-size.ts'

const manifest: Manifest = {
  'index.html': { file: 'assets/index.js', isEntry: true, imports: ['_react'] },
  _react: { file: 'assets/react.js' },
  _table: { file: 'assets/table.js', imports: ['_react'] },
  'pages/ListPage.tsx': { file: 'assets/list.js', imports: ['_table', '_react', 'index.html'] },
  'strings/en.ts': { file: 'assets/en.js' },
  'strings/ja.ts': { file: 'assets/ja.js' },
  'style.css': { file: 'assets/style.css' },
}
const bytes: Record<string, number> = {
  'assets/index.js': 200_000,
  'assets/react.js': 70_000,
  'assets/table.js': 40_000,
  'assets/list.js': 5_000,
  'assets/en.js': 8_000,
  'assets/ja.js': 10_000,
  'assets/style.css': 999_999,
}

describe('the size of a visit', () => {
  test('the first load is the entry, what it imports, and the larger language', () => {
    expect(bundleSizes(manifest, (file) => bytes[file]!).firstLoadBytes).toBe(280_000)
  })

  test('a page counts only what is not loaded already', () => {
    const { routes } = bundleSizes(manifest, (file) => bytes[file]!)
    expect(routes).toEqual({ 'pages/ListPage.tsx': 45_000 })
  })

  test('what is over its limit is said, what is not is not', () => {
    expect(bundleSizes(manifest, (file) => bytes[file]!).problems).toEqual([])
    const heavy = bundleSizes(manifest, (file) => bytes[file]! * 3)
    expect(heavy.problems).toHaveLength(2)
    expect(heavy.problems[1]).toBe('pages/ListPage.tsx adds 132 kB, at most 100 kB')
  })
})
