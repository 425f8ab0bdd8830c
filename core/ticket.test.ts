import { describe, expect, test } from 'vitest'
import { ticketTemplateFault, ticketUrl } from './ticket.ts'

describe('a template for the tracker', () => {
  const rules: [string, string, ReturnType<typeof ticketTemplateFault>][] = [
    ['may put the ticket into the path', 'https://jira.example.com/browse/{ticket}', null],
    ['may put it into the query', 'https://t.example.com/?id={ticket}&x=1', null],
    ['may put it into the fragment', 'https://t.example.com/#/{ticket}', null],
    ['must name the ticket', 'https://t.example.com/', 'place'],
    ['must name it once', 'https://t.example.com/{ticket}?{ticket}', 'place'],
    ['must be https', 'http://t.example.com/{ticket}', 'https'],
    ['is no script', 'javascript:alert({ticket})', 'https'],
    ['must be an address', '/browse/{ticket}', 'address'],
    ['carries no password', 'https://a:b@t.example.com/{ticket}', 'address'],
    ['leaves the host to the administrator', 'https://{ticket}.example.com/', 'host'],
    ['leaves the end of the host, too', 'https://example.com{ticket}/x', 'host'],
    ['leaves the port', 'https://example.com:{ticket}/', 'address'],
  ]
  for (const [rule, template, fault] of rules) {
    test(rule, () => expect(ticketTemplateFault(template)).toBe(fault))
  }
})

describe('the address of a ticket', () => {
  const template = 'https://jira.example.com/browse/{ticket}?from=team'
  const address = (ticket: string | null) => ticketUrl(template, ticket)

  test('holds the ticket as it is, encoded', () => {
    expect(address('OPS-12')).toBe('https://jira.example.com/browse/OPS-12?from=team')
    expect(address('障害 １')).toBe(
      'https://jira.example.com/browse/%E9%9A%9C%E5%AE%B3%20%EF%BC%91?from=team',
    )
  })

  test('stays on the host and in its place, whatever the ticket says', () => {
    for (const ticket of [
      '../../evil',
      '//evil.example',
      '?x=1#y',
      '$&',
      "$'",
      'a/../b',
      '@evil',
    ]) {
      const url = new URL(address(ticket) ?? '')
      expect(url.host).toBe('jira.example.com')
      expect(url.search).toBe('?from=team')
      expect(url.hash).toBe('')
      expect(decodeURIComponent(url.pathname)).toBe(`/browse/${ticket}`)
    }
  })

  test('is none for dots, without a ticket or without a template', () => {
    expect(address('..')).toBe(null)
    expect(address(null)).toBe(null)
    expect(ticketUrl(null, 'OPS-1')).toBe(null)
  })
})
