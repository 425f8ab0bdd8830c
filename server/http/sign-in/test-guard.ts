/** The guard for tests: one identity provider, one question asked, one moment. */
import { parseIdpMetadata } from './metadata.ts'
import { type SamlVerdict, verifyResponse } from './saml.ts'
import { makeKeyPair } from './test-certificate.ts'
import { makeTestIdp, type ResponseFacts } from './test-idp.ts'

export const now = new Date('2026-11-23T10:00:00Z')
export const seconds = (count: number) => new Date(now.getTime() + count * 1000)
export const always = { from: seconds(-1e6), until: seconds(1e8) }
export const idp = makeTestIdp(always)
export const stranger = makeKeyPair(always)
export const metadata = parseIdpMetadata(idp.metadata(), now)
export const asked: ResponseFacts = {
  now,
  acsUrl: 'https://team.example.com/auth/saml/acs',
  audience: 'urn:team:team.example.com',
  requestId: '_asked',
}
export const unasked: ResponseFacts = { ...asked, requestId: null }

/** What is remembered, as the table of the database does it: the first insert wins. */
export function memory() {
  const seen = new Set<string>()
  return async (assertionId: string) => {
    if (seen.has(assertionId)) return false
    seen.add(assertionId)
    return true
  }
}

export interface Options {
  readonly openRequestIds?: readonly string[]
  readonly idpInitiatedAllowed?: boolean
  readonly remember?: (assertionId: string, until: Date) => Promise<boolean>
  readonly at?: Date
  readonly idp?: typeof metadata
}

export function verify(samlResponse: string, options: Options = {}): Promise<SamlVerdict> {
  return verifyResponse(
    {
      acsUrl: asked.acsUrl,
      audience: asked.audience,
      rememberAssertion: options.remember ?? memory(),
    },
    {
      samlResponse,
      openRequestIds: options.openRequestIds ?? ['_asked'],
      idpInitiatedAllowed: options.idpInitiatedAllowed ?? false,
      idp: options.idp ?? metadata,
      now: options.at ?? now,
    },
  )
}

export async function reasonFor(samlResponse: string, options: Options = {}) {
  const verdict = await verify(samlResponse, options)
  return verdict.ok ? 'accepted' : verdict.reason
}

export const base64 = (xml: string) => Buffer.from(xml).toString('base64')
