/**
 * What the identity provider says about itself. IAM Identity Center gives an application one or two
 * signing certificates ("Rotate a SAML 2.0 certificate": at most two at once), and an empty
 * `NameIDFormat`, which is not looked at.
 */
import { X509Certificate } from 'node:crypto'
import { isLoopback } from '#server/config-values.ts'
import { attribute, children, isElement, onlyChild, parseXml, type XmlElement } from './xml.ts'

export interface IdpCertificate {
  readonly pem: string
  readonly notBefore: Date
  readonly notAfter: Date
}

export interface IdpMetadata {
  readonly entityId: string
  /** Where an AuthnRequest goes, by the HTTP-Redirect binding. */
  readonly signInUrl: string
  readonly certificates: readonly IdpCertificate[]
}

export class MetadataError extends Error {}

const metadataBytesMax = 256 * 1024
const certificatesMax = 2
const redirectBinding = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect'
const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol'

/** @throws {MetadataError} with one line that says what is wrong. */
export function parseIdpMetadata(xml: string, now: Date): IdpMetadata {
  const root = rootOf(xml)
  const entityId = attribute(root, 'entityID') ?? ''
  if (entityId === '') throw new MetadataError('The entityID is missing.')
  const provider = children(root, 'metadata', 'IDPSSODescriptor').find((descriptor) =>
    (attribute(descriptor, 'protocolSupportEnumeration') ?? '').split(/\s+/).includes(protocol),
  )
  if (provider === undefined) {
    throw new MetadataError('There is no SAML 2.0 identity provider (IDPSSODescriptor) in it.')
  }
  return {
    entityId,
    signInUrl: signInUrlOf(provider),
    certificates: certificatesOf(provider, now),
  }
}

export function isValidAt(certificate: IdpCertificate, now: Date): boolean {
  return certificate.notBefore <= now && now < certificate.notAfter
}

/** From when on somebody should see to a new certificate; making one takes two people and a day. */
export const endsSoonDays = 60
const dayMs = 24 * 60 * 60 * 1000

/** When nothing will be believed any more, if that is soon. */
export function endsSoon(
  { certificates }: IdpMetadata,
  now: Date,
): { readonly at: Date; readonly days: number } | null {
  const at = new Date(Math.max(...certificates.map(({ notAfter }) => notAfter.getTime())))
  const days = Math.floor((at.getTime() - now.getTime()) / dayMs)
  return days < endsSoonDays ? { at, days } : null
}

function rootOf(xml: string): XmlElement {
  if (Buffer.byteLength(xml) > metadataBytesMax) {
    throw new MetadataError(`It is larger than ${metadataBytesMax} bytes.`)
  }
  if (/<!doctype/i.test(xml)) {
    throw new MetadataError('It has a document type (DOCTYPE), which is refused.')
  }
  const root = parseXml(xml)
  if (root === null) throw new MetadataError('It is not well-formed XML.')
  if (!isElement(root, 'metadata', 'EntityDescriptor')) {
    throw new MetadataError('Its root is not a SAML 2.0 EntityDescriptor.')
  }
  return root
}

function signInUrlOf(provider: XmlElement): string {
  const service = children(provider, 'metadata', 'SingleSignOnService').find(
    (one) => attribute(one, 'Binding') === redirectBinding,
  )
  const location = attribute(service ?? null, 'Location') ?? ''
  if (!URL.canParse(location)) {
    throw new MetadataError('There is no sign-in address with the HTTP-Redirect binding.')
  }
  const url = new URL(location)
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))
  if (!isSafe) throw new MetadataError(`The sign-in address is not https: ${url.origin}`)
  return location
}

function certificatesOf(provider: XmlElement, now: Date): IdpCertificate[] {
  const descriptors = children(provider, 'metadata', 'KeyDescriptor').filter((descriptor) =>
    [null, 'signing'].includes(attribute(descriptor, 'use')),
  )
  const texts = descriptors.map((descriptor) => {
    const data = onlyChild(onlyChild(descriptor, 'signature', 'KeyInfo'), 'signature', 'X509Data')
    return onlyChild(data, 'signature', 'X509Certificate')?.textContent ?? ''
  })
  if (texts.length === 0) throw new MetadataError('There is no signing certificate in it.')
  if (texts.length > certificatesMax) {
    throw new MetadataError(`There are more than ${certificatesMax} signing certificates in it.`)
  }
  const certificates = texts.map(readCertificate)
  if (certificates.some((certificate) => isValidAt(certificate, now))) return certificates
  const ends = certificates.map((certificate) => certificate.notAfter.toISOString())
  throw new MetadataError(
    `No signing certificate is valid now (they end ${ends.join(' and ')}). Make a new one in IAM Identity Center and give TEAM the new metadata.`,
  )
}

function readCertificate(text: string): IdpCertificate {
  try {
    const parsed = new X509Certificate(Buffer.from(text.replace(/\s+/g, ''), 'base64'))
    return {
      pem: parsed.toString(),
      notBefore: parsed.validFromDate,
      notAfter: parsed.validToDate,
    }
  } catch {
    throw new MetadataError('A signing certificate cannot be read.')
  }
}
