import { describe, expect, test } from 'vitest'
import { responseBytesMax } from './envelope.ts'
import type { SamlRefusal } from './refusals.ts'
import { asked, base64, idp, reasonFor, stranger, verify } from './test-guard.ts'

/** A signed assertion of hanako's, and another that says admin, in every place a reader may look. */
describe('signature wrapping', () => {
  const xml = idp.xml(asked, { nameId: 'hanako' })
  const assertion = /<saml2:Assertion .*<\/saml2:Assertion>/s.exec(xml)![0]
  const signature = /<ds:Signature .*<\/ds:Signature>/s.exec(assertion)![0]
  const forged = assertion
    .replace(signature, '')
    .replace('hanako', 'admin')
    .replace(/ID="[^"]*"/, 'ID="_forged"')
  const wraps: readonly [name: string, xml: string][] = [
    ['a forged assertion before the signed one', xml.replace(assertion, forged + assertion)],
    ['a forged assertion after the signed one', xml.replace(assertion, assertion + forged)],
    [
      'a forged assertion that advises with the signed one',
      xml.replace(
        assertion,
        forged.replace(
          '<saml2:Subject>',
          `<saml2:Advice>${assertion}</saml2:Advice><saml2:Subject>`,
        ),
      ),
    ],
    [
      'a forged assertion with the signed one in its signature',
      xml.replace(
        assertion,
        forged.replace(
          '</saml2:Issuer>',
          `</saml2:Issuer>${signature.replace('</ds:Signature>', `<ds:Object>${assertion.replace(signature, '')}</ds:Object></ds:Signature>`)}`,
        ),
      ),
    ],
    [
      'the signed one moved to extensions',
      xml.replace(assertion, `<saml2p:Extensions>${assertion}</saml2p:Extensions>${forged}`),
    ],
    [
      'a forged one in extensions',
      xml.replace(assertion, `<saml2p:Extensions>${forged}</saml2p:Extensions>${assertion}`),
    ],
    [
      "a forged assertion under the signed one's id",
      xml.replace(
        assertion,
        `${forged.replace('_forged', /ID="([^"]*)"/.exec(assertion)![1]!)}${assertion}`,
      ),
    ],
    [
      'a forged assertion of another namespace',
      xml.replace(assertion, `<Assertion xmlns="urn:x" ID="_x"/>${assertion}`),
    ],
  ]
  test('the response itself is accepted', async () => {
    expect(await verify(base64(xml))).toMatchObject({ ok: true, nameId: 'hanako' })
  })
  for (const [name, wrapped] of wraps) {
    test(`${name} is refused`, async () => {
      expect(wrapped).not.toBe(xml)
      expect(['assertion_count', 'signature']).toContain(await reasonFor(base64(wrapped)))
    })
  }

  test('a second signature on the assertion is refused', async () => {
    const doubled = xml.replace(signature, signature + signature)
    expect(await reasonFor(base64(doubled))).toBe('signature')
  })

  test("a certificate in the message is not believed: a stranger's, with the stranger's signature", async () => {
    const certificate = `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${stranger.certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>`
    const forgery = idp.xml(asked, {
      key: stranger,
      afterSigning: (signed) =>
        signed
          .replace(/<ds:KeyInfo>.*<\/ds:KeyInfo>/s, '')
          .replace('</ds:Signature>', `${certificate}</ds:Signature>`),
    })
    expect(forgery).toContain(stranger.certificate)
    expect(await reasonFor(base64(forgery))).toBe('signature')
  })
})

describe('hostile bytes', () => {
  const cases: readonly [name: string, samlResponse: string, reason: SamlRefusal][] = [
    ['nothing', '', 'missing'],
    ['white space', ' \r\n', 'missing'],
    ['not base64', '<saml2p:Response/>', 'malformed'],
    ['base64 of no XML', base64('hello'), 'malformed'],
    ['an unclosed element', base64('<a>'), 'malformed'],
    [
      'bytes that are not UTF-8',
      Buffer.from([0xff, 0xfe, 0x3c, 0x00]).toString('base64'),
      'malformed',
    ],
    ['XML in UTF-16', Buffer.from('\ufeff<a/>', 'utf16le').toString('base64'), 'malformed'],
    ['another document', base64('<html/>'), 'malformed'],
    [
      'a response of no namespace',
      base64(idp.xml(asked).replaceAll('saml2p:', '').replace('<Response', '<Response xmlns=""')),
      'malformed',
    ],
    ['one character too many', 'A'.repeat(Math.ceil(responseBytesMax / 3) * 4 + 4), 'too_large'],
    [
      'ten thousand elements deep',
      base64(`${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`),
      'malformed',
    ],
  ]
  for (const [name, samlResponse, reason] of cases) {
    test(`${name} is refused as ${reason}`, async () => {
      expect(await reasonFor(samlResponse)).toBe(reason)
    })
  }

  test('a response of the largest size is still read', async () => {
    const small = idp.xml(asked)
    const padding = ' '.repeat(responseBytesMax - Buffer.byteLength(small))
    expect(await reasonFor(base64(`${small}${padding}`))).toBe('accepted')
    expect(await reasonFor(base64(`${small}${padding}   `))).toBe('too_large')
  })
})
