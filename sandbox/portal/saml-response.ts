import { randomBytes } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import type { State } from '../model/state.ts'
import type { Application, Instant, PortalSecrets, User } from '../model/types.ts'
import { escapeMarkup } from './html.ts'

const validMs = 5 * 60 * 1000
const sessionMs = 8 * 60 * 60 * 1000

const nameIdFormats: Readonly<Record<string, string>> = {
  persistent: 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
  transient: 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient',
  emailAddress: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
  unspecified: 'urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified',
}
const attributeFormats: Readonly<Record<string, string>> = {
  basic: 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
  uri: 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
  unspecified: 'urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified',
}

/** "Attribute mappings" of the user guide, and `${user:groups}`, which works without being there. */
function valuesOf(state: State, user: User, mapping: string): string[] {
  const [givenName = '', ...familyName] = user.displayName.split(' ')
  const known: Record<string, () => (string | null)[]> = {
    subject: () => [user.userName],
    preferredUsername: () => [user.userName],
    email: () => [user.email],
    name: () => [user.displayName],
    givenName: () => [givenName],
    familyName: () => [familyName.join(' ')],
    groups: () => [...state.membershipsOfUser.at(user.userId).values()].map((row) => row.groupId),
  }
  const attribute = /^\$\{user:(\w+)\}$/.exec(mapping)?.[1]
  const values = attribute === undefined ? [mapping] : (known[attribute]?.() ?? [])
  return values.filter((value) => value !== null && value !== '').map(String)
}

export interface ResponseOrder {
  state: State
  now: Instant
  issuer: string
  application: Application
  user: User
  /** Null for a response that nobody asked for. */
  inResponseTo: string | null
}

export class NoSubject extends Error {}

/** A response with its assertion, each signed, as IAM Identity Center sends them. */
export function makeResponse(order: ResponseOrder): string {
  const { application, state } = order
  const secrets = state.portalSecrets
  if (secrets === null) throw new Error('The portal has no signing key.')
  const destination = escapeMarkup(application.acsUrl)
  const response = `<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ID="${newId()}" Version="2.0" IssueInstant="${iso(order.now)}" Destination="${destination}"${inResponseTo(order)}>${issuerElement(order.issuer)}<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>${assertionXml(order)}</saml2p:Response>`
  return signElement(signElement(response, 'Assertion', secrets), 'Response', secrets)
}

const newId = () => `_${randomBytes(16).toString('hex')}`
const iso = (at: Instant) => new Date(at).toISOString()
const inResponseTo = (order: ResponseOrder) =>
  order.inResponseTo === null ? '' : ` InResponseTo="${escapeMarkup(order.inResponseTo)}"`
const issuerElement = (issuer: string) =>
  `<saml2:Issuer xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">${escapeMarkup(issuer)}</saml2:Issuer>`

function assertionXml(order: ResponseOrder): string {
  const { application, now } = order
  const recipient = escapeMarkup(application.acsUrl)
  const until = iso(now + validMs)
  return `<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="${newId()}" IssueInstant="${iso(now)}" Version="2.0">${issuerElement(order.issuer)}<saml2:Subject>${nameIdXml(order)}<saml2:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml2:SubjectConfirmationData${inResponseTo(order)} NotOnOrAfter="${until}" Recipient="${recipient}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="${iso(now - validMs)}" NotOnOrAfter="${until}"><saml2:AudienceRestriction><saml2:Audience>${escapeMarkup(application.audience)}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="${iso(now)}" SessionIndex="${newId()}" SessionNotOnOrAfter="${iso(now + sessionMs)}"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>${attributesXml(order)}</saml2:Assertion>`
}

function nameIdXml({ state, user, application }: ResponseOrder): string {
  const mapping = application.attributes.Subject
  const [value] = valuesOf(state, user, mapping?.value ?? '')
  if (value === undefined) {
    throw new NoSubject(`${user.userName} has no value for ${mapping?.value ?? 'Subject'}.`)
  }
  const format = nameIdFormats[mapping?.format ?? ''] ?? nameIdFormats.unspecified
  return `<saml2:NameID Format="${format}">${escapeMarkup(value)}</saml2:NameID>`
}

function attributesXml({ state, user, application }: ResponseOrder): string {
  const attributes = Object.entries(application.attributes)
    .filter(([name]) => name !== 'Subject')
    .map(([name, mapping]) => {
      const values = valuesOf(state, user, mapping.value)
      const format = attributeFormats[mapping.format] ?? attributeFormats.unspecified
      const valuesXml = values
        .map((value) => `<saml2:AttributeValue>${escapeMarkup(value)}</saml2:AttributeValue>`)
        .join('')
      if (values.length === 0) return ''
      return `<saml2:Attribute Name="${escapeMarkup(name)}" NameFormat="${format}">${valuesXml}</saml2:Attribute>`
    })
    .join('')
  if (attributes === '') return ''
  return `<saml2:AttributeStatement>${attributes}</saml2:AttributeStatement>`
}

const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'

function signElement(xml: string, name: 'Assertion' | 'Response', secrets: PortalSecrets): string {
  const signed = new SignedXml({
    privateKey: secrets.privateKeyPem,
    publicCert: secrets.certificatePem,
    signatureAlgorithm: 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    canonicalizationAlgorithm: exclusive,
  })
  const element =
    name === 'Response'
      ? "/*[local-name(.)='Response']"
      : "/*[local-name(.)='Response']/*[local-name(.)='Assertion']"
  signed.addReference({
    xpath: element,
    transforms: ['http://www.w3.org/2000/09/xmldsig#enveloped-signature', exclusive],
    digestAlgorithm: 'http://www.w3.org/2001/04/xmlenc#sha256',
  })
  signed.computeSignature(xml, {
    prefix: 'ds',
    location: { reference: `${element}/*[local-name(.)='Issuer']`, action: 'after' },
  })
  return signed.getSignedXml()
}

export function metadataXml(given: { entityId: string; ssoUrl: string; certificatePem: string }) {
  const certificate = given.certificatePem.replaceAll(/-----[^-]+-----|\s/g, '')
  const location = escapeMarkup(given.ssoUrl)
  const services = ['HTTP-POST', 'HTTP-Redirect']
    .map(
      (binding) =>
        `<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:${binding}" Location="${location}"/>`,
    )
    .join('')
  return `<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${escapeMarkup(given.entityId)}"><md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:NameIDFormat/>${services}</md:IDPSSODescriptor></md:EntityDescriptor>`
}
