/**
 * An identity provider for tests: it makes SAML responses that are right in every respect but those
 * that a test asks for, and signs them with a key of its own.
 */
import { randomBytes } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import { type KeyPair, makeKeyPair, type Validity } from './test-certificate.ts'

const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
export const rsaSha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'
export const sha1 = 'http://www.w3.org/2000/09/xmldsig#sha1'
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'

export interface ResponseFacts {
  readonly now: Date
  readonly acsUrl: string
  readonly audience: string
  /** Null: nobody asked. */
  readonly requestId: string | null
}

/** Null leaves a thing out. */
export interface ResponseChanges {
  readonly assertionId?: string
  readonly nameId?: string
  readonly responseIssuer?: string | null
  readonly assertionIssuer?: string
  readonly destination?: string | null
  readonly recipient?: string
  readonly audience?: string | null
  readonly status?: string
  readonly responseInResponseTo?: string | null
  readonly subjectInResponseTo?: string | null
  readonly confirmedUntil?: Date | null
  readonly notBefore?: Date
  readonly conditionsUntil?: Date
  readonly withoutConditions?: boolean
  readonly withoutAuthnStatement?: boolean
  readonly sessionUntil?: Date | null
  readonly email?: string
  readonly signs?: readonly ('assertion' | 'response')[]
  readonly signatureAlgorithm?: string
  readonly digestAlgorithm?: string
  readonly key?: KeyPair
  readonly beforeSigning?: (xml: string) => string
  readonly afterSigning?: (xml: string) => string
}

export interface TestIdp {
  readonly entityId: string
  readonly signInUrl: string
  readonly key: KeyPair
  metadata(options?: { certificates?: readonly string[] }): string
  xml(facts: ResponseFacts, changes?: ResponseChanges): string
  /** As a browser posts it. */
  response(facts: ResponseFacts, changes?: ResponseChanges): string
}

const defaultValidity: Validity = {
  from: new Date('2020-01-01T00:00:00Z'),
  until: new Date('2040-01-01T00:00:00Z'),
}

export function makeTestIdp(validity = defaultValidity): TestIdp {
  const key = makeKeyPair(validity)
  const entityId = 'https://portal.sso.eu-west-1.example.com/saml/assertion/MTIzNA'
  const signInUrl = entityId
  const idp: TestIdp = {
    entityId,
    signInUrl,
    key,
    metadata: ({ certificates = [key.certificate] } = {}) =>
      metadataXml({ entityId, signInUrl, certificates }),
    xml(facts, changes = {}) {
      const plain = responseXml(entityId, facts, changes)
      const unsigned = changes.beforeSigning?.(plain) ?? plain
      const signs = changes.signs ?? ['assertion']
      const signed = signs.reduce((xml, what) => signOne(xml, what, changes, key), unsigned)
      return changes.afterSigning?.(signed) ?? signed
    },
    response: (facts, changes) => Buffer.from(idp.xml(facts, changes)).toString('base64'),
  }
  return idp
}

function signOne(
  xml: string,
  what: 'assertion' | 'response',
  changes: ResponseChanges,
  ownKey: KeyPair,
): string {
  const key = changes.key ?? ownKey
  const element =
    what === 'assertion'
      ? "/*[local-name()='Response']/*[local-name()='Assertion']"
      : "/*[local-name()='Response']"
  const signature = new SignedXml({
    privateKey: key.privateKey,
    publicCert: `-----BEGIN CERTIFICATE-----\n${key.certificate}\n-----END CERTIFICATE-----`,
    signatureAlgorithm: changes.signatureAlgorithm ?? rsaSha256,
    canonicalizationAlgorithm: exclusive,
  })
  signature.addReference({
    xpath: element,
    transforms: [enveloped, exclusive],
    digestAlgorithm: changes.digestAlgorithm ?? sha256,
  })
  signature.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${element}/*[local-name()='Issuer']`, action: 'after' },
  })
  return signature.getSignedXml()
}

function newId(): string {
  return `_${randomBytes(16).toString('hex')}`
}

/** The change, or what is right; null stays null. */
function or<T>(change: T | undefined, right: T): T {
  return change === undefined ? right : change
}

function optional(name: string, value: string | null): string {
  return value === null ? '' : ` ${name}="${value}"`
}

function minutesAfter(now: Date, minutes: number): Date {
  return new Date(now.getTime() + minutes * 60_000)
}

function responseXml(entityId: string, facts: ResponseFacts, changes: ResponseChanges): string {
  const responseIssuer = or(changes.responseIssuer, entityId)
  const issuer = responseIssuer === null ? '' : `<saml2:Issuer>${responseIssuer}</saml2:Issuer>`
  return [
    `<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol"`,
    ` xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="${newId()}" Version="2.0"`,
    ` IssueInstant="${facts.now.toISOString()}"`,
    optional('Destination', or(changes.destination, facts.acsUrl)),
    optional('InResponseTo', or(changes.responseInResponseTo, facts.requestId)),
    `>${issuer}<saml2p:Status><saml2p:StatusCode`,
    ` Value="urn:oasis:names:tc:SAML:2.0:status:${changes.status ?? 'Success'}"/></saml2p:Status>`,
    assertionXml(entityId, facts, changes),
    '</saml2p:Response>',
  ].join('')
}

function assertionXml(entityId: string, facts: ResponseFacts, changes: ResponseChanges): string {
  const { now } = facts
  const until = minutesAfter(now, 5)
  const confirmedUntil = or<Date | null>(changes.confirmedUntil, until)
  return [
    `<saml2:Assertion ID="${changes.assertionId ?? newId()}" Version="2.0"`,
    ` IssueInstant="${now.toISOString()}">`,
    `<saml2:Issuer>${changes.assertionIssuer ?? entityId}</saml2:Issuer>`,
    '<saml2:Subject><saml2:NameID',
    ' Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">',
    `${changes.nameId ?? 'taro'}</saml2:NameID>`,
    '<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">',
    '<saml2:SubjectConfirmationData',
    optional('InResponseTo', or(changes.subjectInResponseTo, facts.requestId)),
    optional('NotOnOrAfter', confirmedUntil?.toISOString() ?? null),
    ` Recipient="${changes.recipient ?? facts.acsUrl}"/>`,
    '</saml2:SubjectConfirmation></saml2:Subject>',
    changes.withoutConditions === true ? '' : conditionsXml(facts, changes, until),
    changes.withoutAuthnStatement === true ? '' : statementXml(now, changes),
    '<saml2:AttributeStatement><saml2:Attribute Name="Email">',
    `<saml2:AttributeValue>${changes.email ?? 'taro@example.com'}</saml2:AttributeValue>`,
    '</saml2:Attribute></saml2:AttributeStatement>',
    '</saml2:Assertion>',
  ].join('')
}

function conditionsXml(facts: ResponseFacts, changes: ResponseChanges, until: Date): string {
  const audience = or<string | null>(changes.audience, facts.audience)
  const restriction =
    audience === null
      ? ''
      : `<saml2:AudienceRestriction><saml2:Audience>${audience}</saml2:Audience></saml2:AudienceRestriction>`
  return [
    `<saml2:Conditions NotBefore="${(changes.notBefore ?? minutesAfter(facts.now, -5)).toISOString()}"`,
    ` NotOnOrAfter="${(changes.conditionsUntil ?? until).toISOString()}">`,
    `${restriction}</saml2:Conditions>`,
  ].join('')
}

function statementXml(now: Date, changes: ResponseChanges): string {
  const sessionUntil = or<Date | null>(changes.sessionUntil, minutesAfter(now, 60))
  return [
    `<saml2:AuthnStatement AuthnInstant="${now.toISOString()}" SessionIndex="${newId()}"`,
    optional('SessionNotOnOrAfter', sessionUntil?.toISOString() ?? null),
    '><saml2:AuthnContext><saml2:AuthnContextClassRef>',
    'urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified',
    '</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>',
  ].join('')
}

function metadataXml(idp: {
  entityId: string
  signInUrl: string
  certificates: readonly string[]
}): string {
  const keys = idp.certificates.map((certificate) =>
    [
      '<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#">',
      `<ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data>`,
      '</ds:KeyInfo></md:KeyDescriptor>',
    ].join(''),
  )
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"',
    ` entityID="${idp.entityId}">`,
    '<md:IDPSSODescriptor WantAuthnRequestsSigned="false"',
    ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">',
    ...keys,
    '<md:NameIDFormat/>',
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"',
    ` Location="${idp.signInUrl}"/>`,
    '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"',
    ` Location="${idp.signInUrl}"/>`,
    '</md:IDPSSODescriptor></md:EntityDescriptor>',
  ].join('')
}
