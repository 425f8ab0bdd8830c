/**
 * The guard around @node-saml/node-saml.
 *
 * The library verifies XML signatures, and gives back the very bytes that were signed; that, and
 * the audience, is what it is trusted with. By itself it lets in (tried): another issuer, another
 * recipient or destination, an expired subject confirmation, the same assertion twice or twice at
 * once, an answer to a question nobody asked once the unsigned InResponseTo is taken off, a status
 * other than success, SHA-1, a document type. So a response is taken through four gates:
 *
 *   1. envelope   the bytes and the unsigned outside: size, markup, exactly one assertion, algorithms,
 *                 destination, issuer, status. An attacker may write all of it; it can only refuse.
 *   2. signature  the library, with the certificates that are valid now. If the response is signed
 *                 too, that signature must hold as well.
 *   3. assertion  everything that decides, read from the verified bytes alone: issuer, subject,
 *                 recipient, times, audience, the question it answers.
 *   4. once       its id is written down; whoever comes second with it is refused.
 *
 * Time is the one handed in: the library reads the real clock, so its own time checks are switched
 * off (skew -1) and gate 3 makes all of them.
 */
import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
import { type AssertionFacts, readAssertion } from './assertion.ts'
import type { ServiceProvider } from './authn-request.ts'
import { type Envelope, openEnvelope } from './envelope.ts'
import { type IdpMetadata, isValidAt } from './metadata.ts'
import type { SamlRefusal } from './refusals.ts'
import { clockSkewSecondsMax } from './skew.ts'

export interface SamlGuardDeps extends ServiceProvider {
  /** One atomic insert: false if the id was there already. */
  readonly rememberAssertion: (assertionId: string, until: Date) => Promise<boolean>
}

export interface ResponseToVerify {
  /** As the browser posted it: base64. */
  readonly samlResponse: string
  /** The questions that this browser has open, from its pre-login cookie. */
  readonly openRequestIds: readonly string[]
  readonly idpInitiatedAllowed: boolean
  readonly idp: IdpMetadata
  readonly now: Date
}

export type SamlVerdict =
  | ({ readonly ok: true } & AssertionFacts)
  | { readonly ok: false; readonly reason: SamlRefusal }

export async function verifyResponse(
  deps: SamlGuardDeps,
  given: ResponseToVerify,
): Promise<SamlVerdict> {
  const { idp, now } = given
  const envelope = openEnvelope(given.samlResponse, { idp, acsUrl: deps.acsUrl })
  if (typeof envelope === 'string') return { ok: false, reason: envelope }

  const verified = await verifiedAssertion(deps, envelope, { idp, now })
  if ('reason' in verified) return { ok: false, reason: verified.reason }

  const facts = readAssertion(verified.xml, { ...given, ...deps, envelope })
  if (typeof facts === 'string') return { ok: false, reason: facts }

  const until = new Date(facts.assertionNotOnOrAfter.getTime() + clockSkewSecondsMax * 1000)
  const isFirst = await deps.rememberAssertion(facts.assertionId, until)
  return isFirst ? { ok: true, ...facts } : { ok: false, reason: 'replayed' }
}

async function verifiedAssertion(
  provider: ServiceProvider,
  envelope: Envelope,
  { idp, now }: { idp: IdpMetadata; now: Date },
): Promise<{ xml: string } | { reason: SamlRefusal }> {
  const certificates = idp.certificates.filter((certificate) => isValidAt(certificate, now))
  if (certificates.length === 0) return { reason: 'certificate_expired' }
  const library = new SAML({
    idpCert: certificates.map((certificate) => certificate.pem),
    issuer: provider.audience,
    audience: provider.audience,
    callbackUrl: provider.acsUrl,
    entryPoint: idp.signInUrl,
    wantAssertionsSigned: true,
    wantAuthnResponseSigned: envelope.responseIsSigned,
    // A signature on both is checked, one on the response alone is not enough.
    validateInResponseTo: ValidateInResponseTo.never,
    acceptedClockSkewMs: -1,
  })
  try {
    const { profile } = await library.validatePostResponseAsync({ SAMLResponse: envelope.base64 })
    const xml = profile?.getAssertionXml?.()
    return xml === undefined ? { reason: 'signature' } : { xml }
  } catch (error) {
    return { reason: reasonOf(error) }
  }
}

/** A label for the trail; the answer is no in any case. */
function reasonOf(error: unknown): SamlRefusal {
  const message = error instanceof Error ? error.message : ''
  if (/audience/i.test(message)) return 'audience'
  return /^error parsing/i.test(message) ? 'malformed' : 'signature'
}
