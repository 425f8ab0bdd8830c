/** Gate 1 of the guard (see saml.ts): what can be refused without believing anything. */
import type { IdpMetadata } from './metadata.ts'
import type { SamlRefusal } from './refusals.ts'
import {
  attribute,
  children,
  descendants,
  forbiddenMarkup,
  isElement,
  onlyChild,
  parseXml,
  plainText,
  type XmlElement,
} from './xml.ts'

export interface Envelope {
  /** The message again, without the line breaks that base64 may have. */
  readonly base64: string
  readonly responseIsSigned: boolean
  /** Unsigned unless the response is signed: it may only disagree with the assertion. */
  readonly inResponseTo: string | null
}

/** IAM Identity Center's assertions have 50,000 characters at most ("Quotas"). */
export const responseBytesMax = 128 * 1024

const success = 'urn:oasis:names:tc:SAML:2.0:status:Success'

const algorithms: Readonly<Record<string, ReadonlySet<string>>> = {
  SignatureMethod: new Set([
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha384',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  ]),
  DigestMethod: new Set([
    'http://www.w3.org/2001/04/xmlenc#sha256',
    'http://www.w3.org/2001/04/xmldsig-more#sha384',
    'http://www.w3.org/2001/04/xmlenc#sha512',
  ]),
  CanonicalizationMethod: new Set(['http://www.w3.org/2001/10/xml-exc-c14n#']),
  Transform: new Set([
    'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
    'http://www.w3.org/2001/10/xml-exc-c14n#',
  ]),
}

export function openEnvelope(
  samlResponse: string,
  expected: { idp: IdpMetadata; acsUrl: string },
): Envelope | SamlRefusal {
  const base64 = samlResponse.replace(/[ \t\r\n]+/g, '')
  const xml = decode(base64)
  if (typeof xml !== 'object') return xml
  const markup = forbiddenMarkup(xml.text)
  if (markup !== null) return markup
  const response = parseXml(xml.text)
  if (response === null || !isElement(response, 'protocol', 'Response')) return 'malformed'
  const wrong = wrongIn(response, expected)
  if (wrong !== null) return wrong
  return {
    base64,
    responseIsSigned: children(response, 'signature', 'Signature').length > 0,
    inResponseTo: attribute(response, 'InResponseTo'),
  }
}

function decode(base64: string): { text: string } | SamlRefusal {
  if (base64 === '') return 'missing'
  if (base64.length > Math.ceil(responseBytesMax / 3) * 4) return 'too_large'
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return 'malformed'
  try {
    const bytes = Buffer.from(base64, 'base64')
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return 'malformed'
  }
}

function wrongIn(
  response: XmlElement,
  { idp, acsUrl }: { idp: IdpMetadata; acsUrl: string },
): SamlRefusal | null {
  if (attribute(response, 'Version') !== '2.0') return 'malformed'
  if (descendants(response, 'EncryptedAssertion').length > 0) return 'encrypted'
  if (descendants(response, 'EncryptedID').length > 0) return 'encrypted'
  const assertion = onlyChild(response, 'assertion', 'Assertion')
  const status = statusOf(response)
  // A refusal by the identity provider has no assertion; say that rather than what is missing.
  if (status !== success) return 'status'
  if (assertion === null || descendants(response, 'Assertion').length !== 1) {
    return 'assertion_count'
  }
  if (!signaturesAreInPlace(response, assertion)) return 'signature'
  if (!algorithmsAreStrong(response)) return 'algorithm'
  if (attribute(response, 'Destination') !== acsUrl) return 'destination'
  return issuerIsWrong(response, idp) ? 'issuer' : null
}

function statusOf(response: XmlElement): string | null {
  const status = onlyChild(response, 'protocol', 'Status')
  return attribute(onlyChild(status, 'protocol', 'StatusCode'), 'Value')
}

/** On the assertion, perhaps on the response, one each, and nowhere else. */
function signaturesAreInPlace(response: XmlElement, assertion: XmlElement): boolean {
  const onAssertion = children(assertion, 'signature', 'Signature').length
  const onResponse = children(response, 'signature', 'Signature').length
  const everywhere = descendants(response, 'Signature').length
  return onAssertion === 1 && onResponse <= 1 && everywhere === onAssertion + onResponse
}

function algorithmsAreStrong(response: XmlElement): boolean {
  return Object.entries(algorithms).every(([name, allowed]) =>
    descendants(response, name).every((element) =>
      allowed.has(attribute(element, 'Algorithm') ?? ''),
    ),
  )
}

/** SAML lets an unsigned response leave its issuer out ("Web Browser SSO Profile", 4.1.4.2). */
function issuerIsWrong(response: XmlElement, idp: IdpMetadata): boolean {
  const issuers = children(response, 'assertion', 'Issuer')
  if (issuers.length === 0) return children(response, 'signature', 'Signature').length > 0
  return issuers.length !== 1 || plainText(issuers[0] ?? null) !== idp.entityId
}
