import { inflateRawSync } from 'node:zlib'
import { DOMParser } from '@xmldom/xmldom'

export interface AuthnRequest {
  id: string
  issuer: string
  acsUrl: string | null
}

export class BadAuthnRequest extends Error {}

const xmlBytesMax = 64 * 1024
const protocol = 'urn:oasis:names:tc:SAML:2.0:protocol'
const assertion = 'urn:oasis:names:tc:SAML:2.0:assertion'

/** The HTTP-Redirect binding of SAML 2.0 deflates the message, the HTTP-POST binding doesn't. */
export function readAuthnRequest(encoded: string, binding: 'redirect' | 'post'): AuthnRequest {
  const bytes = Buffer.from(encoded, 'base64')
  const xml = binding === 'redirect' ? inflate(bytes) : bytes.toString('utf8')
  if (xml.length > xmlBytesMax) throw new BadAuthnRequest('The request is too long.')
  if (xml.includes('<!DOCTYPE')) throw new BadAuthnRequest('The request has a document type.')
  const root = parse(xml)
  if (root.namespaceURI !== protocol || root.localName !== 'AuthnRequest') {
    throw new BadAuthnRequest('The message is not an AuthnRequest.')
  }
  const id = root.getAttribute('ID') ?? ''
  if (!/^[A-Za-z_][\w.-]{0,255}$/.test(id))
    throw new BadAuthnRequest('The request has no usable ID.')
  const issuer = root.getElementsByTagNameNS(assertion, 'Issuer').item(0)?.textContent?.trim() ?? ''
  const acsUrl = root.getAttribute('AssertionConsumerServiceURL') ?? ''
  return { id, issuer, acsUrl: acsUrl === '' ? null : acsUrl }
}

function inflate(bytes: Buffer): string {
  try {
    return inflateRawSync(bytes, { maxOutputLength: xmlBytesMax }).toString('utf8')
  } catch {
    throw new BadAuthnRequest('The request is not deflated as the HTTP-Redirect binding asks.')
  }
}

function parse(xml: string): Element {
  const refuse = () => {
    throw new BadAuthnRequest('The request is not well-formed XML.')
  }
  const errorHandler = { warning: () => {}, error: refuse, fatalError: refuse }
  const document = new DOMParser({ errorHandler }).parseFromString(xml, 'text/xml')
  return document.documentElement ?? refuse()
}
