import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { safeReturnTo } from './return-to.ts'

const publicUrl = 'https://team.example.com'

describe('where a person goes after signing in', () => {
  const pages = [
    '/',
    '/requests/42?tab=events#top',
    '/approvals?q=%E5%B1%B1',
    '/requests/new?target=1~a',
  ]
  for (const page of pages) {
    test(`${page} is a page of TEAM`, () => expect(safeReturnTo(page, publicUrl)).toBe(page))
  }

  const hostile: unknown[] = [
    undefined,
    ['/a', '/b'],
    '',
    'requests',
    'https://evil.example/',
    '//evil.example/',
    '///evil.example/',
    '/\\evil.example/',
    '\\/evil.example',
    '/\t/evil.example/',
    '/\n/evil.example/',
    '\u0000/evil',
    '/.//evil.example/',
    '/a/..//evil.example/',
    '/%2e//evil.example/',
    'javascript:alert(1)',
    ' /x',
    '/auth/login',
    '/auth/saml/acs',
    '/api/v1/me',
    '/x/../api/v1/me',
    `/${'x'.repeat(512)}`,
  ]
  for (const given of hostile) {
    test(`${JSON.stringify(given)?.slice(0, 40)} is not, so it is the home page`, () => {
      expect(safeReturnTo(given, publicUrl)).toBe('/')
    })
  }

  test('whatever is given, a browser that follows it stays at TEAM', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2e',
      '@',
      ':',
      '?',
      '#',
      '\t',
      'evil.example',
      'https:',
      'a',
      '𠮷',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const path = safeReturnTo(pieces.join(''), publicUrl)
        expect(path.startsWith('/') && !path.startsWith('//')).toBe(true)
        expect(new URL(path, publicUrl).origin).toBe(publicUrl)
      }),
      { numRuns: 1000 },
    )
  })
})
