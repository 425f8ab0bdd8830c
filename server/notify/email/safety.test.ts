import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkText } from '#core/text.ts'
import { at, envelope, events, every, mail, request, standings } from '#test/sample-mails.ts'
import { columnsOf } from './fold.ts'
import { writeMessage } from './message.ts'

describe('what people typed', () => {
  const harmless = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
    .filter((text) => checkText(text).ok)

  test('HTML in a justification is shown as text', () => {
    const attack = `<img src=x onerror="alert(1)"><a href='https://evil.example'>approve</a> & </table>`
    const { html, text } = mail('requested', { facts: { justification: attack } })
    expect(html).not.toMatch(/<img|<a href='|onerror="/)
    expect(html).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;')
    expect(text.replace(/\n> /g, ' ')).toContain(attack)
  })

  test('every name and comment is escaped as well', () => {
    const nasty = '<script>"&\''
    const { html, subject } = mail('revoked', {
      facts: {
        requesterName: nasty,
        requesterUserName: nasty,
        accountName: nasty,
        permissionSetName: nasty,
        ticket: nasty,
        justification: nasty,
        approverNames: [nasty],
        decisions: [{ by: nasty, decision: 'approved', comment: nasty, at: at('00:00:00') }],
        stoppedBy: { by: nasty, comment: nasty },
      },
    })
    expect(html).not.toContain('<script>')
    expect(html.match(/&lt;script&gt;&quot;&amp;&#39;/g)?.length).toBeGreaterThan(8)
    expect(subject).toContain(nasty)
  })

  test('a ticket leads to the tracker and cannot break out of its link', () => {
    const ticketUrl = 'https://tracker.example.com/browse/OPS-1?a=1&b="x"'
    const { html, text } = mail('requested', { facts: { ticket: '<b>OPS-1</b>', ticketUrl } })
    expect(html).toContain(
      '<a href="https://tracker.example.com/browse/OPS-1?a=1&amp;b=&quot;x&quot;" rel="noopener noreferrer"><bdi>&lt;b&gt;OPS-1&lt;/b&gt;</bdi></a>',
    )
    expect(text).toContain(`\n  ${ticketUrl}\n`)
  })

  test('Japanese text arrives unharmed, whatever it begins with', () => {
    for (const justification of [
      '「本番」の確認',
      '𠮷田です',
      '１号機',
      '、から始まる',
      'ｶﾞｷﾞ',
      '👩‍👩‍👧 家族',
    ]) {
      const { html, text } = mail('requested', { facts: { justification } })
      expect(text).toContain(`> ${justification}\n`)
      expect(html).toContain(`>${justification}</blockquote>`)
    }
  })

  test('no line break in any name reaches a subject or a header', () => {
    const inject = 'Prod\r\nBcc: evil@example.com\u2028X: y\u0085Z\u0000'
    const facts = {
      id: `${request.id}\r\nBcc: evil@example.com`,
      requesterName: inject,
      accountName: inject,
      permissionSetName: inject,
    }
    for (const event of events) {
      for (const standing of standings) {
        const { subject, headers } = mail(event, { standing, facts })
        const lines = [subject, ...headers.map(({ name, value }) => `${name}: ${value}`)]
        for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u)
      }
    }
  })

  test('marks that turn the direction of writing cannot leave their field', () => {
    const { subject, text, html } = mail('requested', {
      standing: 'approver',
      facts: { accountName: 'Prod\u202Egnirts', justification: 'a\u2066b\u202Ec' },
    })
    for (const part of [subject, text, html])
      expect(part).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/)
  })

  test('a very long name is cut in the subject and whole in the text', () => {
    const accountName = '長'.repeat(400)
    const { subject, text } = mail('active', { facts: { accountName } })
    expect([...subject].length).toBeLessThanOrEqual(180)
    expect(text.replace(/\n\s*/g, '')).toContain(accountName)
  })

  test('folding loses nothing but blanks, and every line that can be folded is', () => {
    fc.assert(
      fc.property(harmless, (justification) => {
        const { text } = mail('requested', { facts: { justification, ticket: null } })
        const block = text.slice(text.indexOf('Justification:\n'), text.indexOf('\nCan approve:'))
        const shown = block.split('\n').slice(1)
        for (const line of shown) expect(line).toMatch(/^>/)
        const bare = (words: string) => words.replace(/[\s\p{Zs}]/gu, '')
        const joined = shown.map((line) => line.slice(2)).join('')
        expect(bare(joined)).toBe(bare(justification))
        for (const line of shown) {
          const parts = line.slice(2).split(' ')
          if (columnsOf(line) > 76) expect(parts.some((part) => columnsOf(part) > 40)).toBe(true)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('whatever is typed, the frame of the HTML stays what it was', () => {
    const skeleton = (html: string) =>
      html.match(/<\/?[a-z][a-z0-9]*/g)?.filter((tag) => tag !== '<br')
    const plain = skeleton(mail('requested').html)
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), (words) => {
        const facts = { justification: words, requesterName: words, accountName: words }
        expect(skeleton(mail('requested', { facts }).html)).toEqual(plain)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the envelope', () => {
  test('all mails about one request refer to one message, and none answers itself', () => {
    const threads = every.map(({ view }) => {
      const { headers } = writeMessage(view, envelope)
      const value = (name: string) => headers.find((header) => header.name === name)?.value
      expect(value('Auto-Submitted')).toBe('auto-generated')
      expect(value('Reply-To')).toBeUndefined()
      expect(value('In-Reply-To')).toBe(value('References'))
      return value('References')
    })
    expect(new Set(threads)).toEqual(new Set([`<request-${request.id}@team.example.com>`]))
  })

  test('another request is another thread', () => {
    const other = mail('active', { facts: { id: 'another' } }).headers
    expect(other).not.toEqual(mail('active').headers)
  })

  test('SES’s own headers are left to SES, which refuses them from us', () => {
    const own =
      /^(bcc|cc|content-.*|date|from|message-id|mime-version|reply-to|return-path|subject|to)$/i
    for (const { name } of mail('active').headers) expect(name).not.toMatch(own)
  })

  test('no link carries anything but the request’s id and what to open', () => {
    for (const { view } of every) {
      const { html, text } = writeMessage(view, envelope)
      const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url)
      for (const link of [...links, ...(text.match(/https:\/\/\S+/g) ?? [])]) {
        expect([
          `https://team.example.com/requests/${request.id}`,
          `https://team.example.com/requests/${request.id}?decide=approve`,
          `https://team.example.com/requests/${request.id}?do=review`,
          `https://team.example.com/requests/${request.id}?do=extend`,
          'https://d-1234567890.awsapps.com/start',
        ]).toContain(link)
      }
    }
  })

  test('nothing is fetched from anywhere, and colours come in pairs', () => {
    const { html } = mail('requested', { standing: 'approver' })
    expect(html).not.toMatch(/<img|<link|<style|<script|url\(|src=/)
    expect(html).toContain('<meta name="color-scheme" content="light dark">')
    for (const [, style = ''] of html.matchAll(/style="([^"]*)"/g)) {
      expect(/(^|;)color:/.test(style)).toBe(/background-color:/.test(style))
    }
  })
})
