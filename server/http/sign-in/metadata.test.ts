import { describe, expect, test } from 'vitest'
import { identityProvider } from './idp.ts'
import { MetadataError, parseIdpMetadata } from './metadata.ts'
import { makeKeyPair } from './test-certificate.ts'
import { makeTestIdp } from './test-idp.ts'

const now = new Date('2026-11-23T10:00:00Z')
const later = (minutes: number) => new Date(now.getTime() + minutes * 60_000)
const idp = makeTestIdp()
const expired = makeKeyPair({ from: later(-200), until: later(-100) })
const silent = { info: () => undefined, warn: () => undefined }

test('the metadata of IAM Identity Center, with its empty NameIDFormat, is read', () => {
  const xml = idp.metadata()
  expect(xml).toContain('<md:NameIDFormat/>')
  expect(parseIdpMetadata(xml, now)).toMatchObject({
    entityId: idp.entityId,
    signInUrl: idp.signInUrl,
    certificates: [{ notAfter: new Date('2040-01-01T00:00:00Z') }],
  })
})

test('two certificates are two, one of which may have run out', () => {
  const certificates = [expired.certificate, idp.key.certificate]
  const parsed = parseIdpMetadata(idp.metadata({ certificates }), now)
  expect(parsed.certificates).toHaveLength(2)
})

describe('what cannot be used says why in one line', () => {
  const xml = idp.metadata()
  const cases: readonly [name: string, xml: string, message: RegExp][] = [
    ['nothing', '', /not well-formed/],
    ['a web page', '<html><body>Sign in</body></html>', /not a SAML 2.0 EntityDescriptor/],
    ['half a file', xml.slice(0, 300), /not well-formed/],
    ['a document type', `<!DOCTYPE x [<!ENTITY e "x">]>${xml}`, /DOCTYPE/],
    ['a document type in small letters', `<!doctype x>${xml}`, /DOCTYPE/],
    ['no entityID', xml.replace(/entityID="[^"]*"/, ''), /entityID is missing/],
    [
      'a service provider',
      xml.replaceAll('IDPSSODescriptor', 'SPSSODescriptor'),
      /IDPSSODescriptor/,
    ],
    ['SAML 1.1 only', xml.replace('SAML:2.0:protocol"', 'SAML:1.1:protocol"'), /IDPSSODescriptor/],
    ['no redirect binding', xml.replace('HTTP-Redirect', 'SOAP'), /HTTP-Redirect/],
    [
      'a sign-in page without https',
      xml.replaceAll(`Location="https:`, `Location="http:`),
      /is not https: http:\/\/portal/,
    ],
    [
      'a script for a sign-in page',
      xml.replaceAll(/Location="[^"]*"/g, 'Location="javascript:alert(1)"'),
      /is not https/,
    ],
    ['no certificate', idp.metadata({ certificates: [] }), /no signing certificate/],
    ['a certificate of garbage', idp.metadata({ certificates: ['AAAA'] }), /cannot be read/],
    [
      'three certificates',
      idp.metadata({ certificates: Array.from({ length: 3 }, () => idp.key.certificate) }),
      /more than 2/,
    ],
    [
      'an expired certificate',
      idp.metadata({ certificates: [expired.certificate] }),
      /No signing certificate is valid now \(they end 2026-11-23T08:20:00.000Z\)\. Make a new one/,
    ],
    ['much too much', `${xml}${' '.repeat(256 * 1024)}`, /larger than/],
  ]
  for (const [name, given, message] of cases) {
    test(name, () => {
      expect(() => parseIdpMetadata(given, now)).toThrow(MetadataError)
      expect(() => parseIdpMetadata(given, now)).toThrow(message)
    })
  }
})

describe('keeping it fresh', () => {
  function source() {
    const world = { now, text: idp.metadata(), reads: 0 }
    const provider = identityProvider({
      read: async () => {
        world.reads++
        return world.text
      },
      clock: { now: () => world.now },
      log: silent,
    })
    return { world, provider }
  }

  test('it is read once for everybody who asks within the hour', async () => {
    const { world, provider } = source()
    await Promise.all([provider.current(), provider.current()])
    world.now = later(59)
    await provider.current()
    expect(world.reads).toBe(1)
  })

  test('what was read well is kept while nothing better can be read', async () => {
    const { world, provider } = source()
    await provider.current()
    world.text = 'an error page'
    world.now = later(61)
    await provider.current()
    expect(await provider.lookAgain()).toBe(false)
    expect(await provider.current()).toMatchObject({ entityId: idp.entityId })
  })

  test('forged signatures do not make it read more than once a minute', async () => {
    const { world, provider } = source()
    await provider.current()
    for (let second = 0; second < 120; second++) {
      world.now = new Date(now.getTime() + second * 1000)
      await provider.lookAgain()
    }
    expect(world.reads).toBe(2)
  })
})
