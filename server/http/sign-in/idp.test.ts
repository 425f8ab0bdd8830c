import { expect, test } from 'vitest'
import { identityProvider } from './idp.ts'
import { makeKeyPair } from './test-certificate.ts'

const dayMs = 24 * 60 * 60 * 1000
const start = Date.parse('2026-11-24T00:00:00Z')

function metadata(certificates: readonly string[]): string {
  const keys = certificates.map(
    (one) =>
      `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${one}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
  )
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example.com"><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example.com/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>`
}

const endingAfter = (days: number) =>
  makeKeyPair({ from: new Date(start - dayMs), until: new Date(start + days * dayMs) }).certificate

test('the end of the last certificate is logged 60 days before, once a day, until there is a new one', async () => {
  const former = endingAfter(70)
  let served = [former]
  let nowMs = start
  const warnings: object[] = []
  const provider = identityProvider({
    read: async () => metadata(served),
    clock: { now: async () => new Date(nowMs) },
    log: { info: () => undefined, warn: (line: object) => void warnings.push(line) },
  })
  const pass = async (hours: number) => {
    for (let hour = 0; hour < hours; hour += 1) {
      nowMs += 60 * 60 * 1000
      // What is known is answered at once; the reading it begins is over by the next question.
      await provider.current()
      await new Promise(setImmediate)
    }
  }
  await pass(10 * 24)
  expect(warnings).toEqual([])
  await pass(3 * 24)
  expect(warnings).toEqual(
    [59, 58, 57].map((days) => ({ endsAt: '2027-02-02T00:00:00.000Z', days })),
  )
  served = [former, endingAfter(2000)]
  await pass(2 * 24)
  expect(warnings).toHaveLength(3)
})
