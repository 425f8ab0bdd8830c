import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { escapeXml, namespaces } from './xml.ts'

export interface ServiceProvider {
  /** Entity id and audience. */
  readonly audience: string
  readonly acsUrl: string
}

export interface AuthnRequest {
  readonly requestId: string
  readonly url: string
}

/**
 * A request each time, by the HTTP-Redirect binding. It is unsigned, for IAM Identity Center does
 * not check signatures on it, and forces no second typing of a password (`ForceAuthn`): whoever
 * holds the portal session is who Identity Center says. It asks for no format of the name and no
 * way of signing in; the application's mapping decides the first, Identity Center the second.
 */
export function authnRequest(
  provider: ServiceProvider,
  signInUrl: string,
  now: Date,
): AuthnRequest {
  const requestId = `_${randomBytes(20).toString('hex')}`
  const xml = [
    `<samlp:AuthnRequest xmlns:samlp="${namespaces.protocol}"`,
    ` xmlns:saml="${namespaces.assertion}"`,
    ` ID="${requestId}" Version="2.0" IssueInstant="${now.toISOString()}"`,
    ` Destination="${escapeXml(signInUrl)}"`,
    ` AssertionConsumerServiceURL="${escapeXml(provider.acsUrl)}"`,
    ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST">',
    `<saml:Issuer>${escapeXml(provider.audience)}</saml:Issuer>`,
    '</samlp:AuthnRequest>',
  ].join('')
  const url = new URL(signInUrl)
  url.searchParams.set('SAMLRequest', deflateRawSync(xml).toString('base64'))
  return { requestId, url: url.href }
}

/** For the operator who registers TEAM by uploading its metadata. */
export function serviceProviderMetadata(provider: ServiceProvider): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<md:EntityDescriptor xmlns:md="${namespaces.metadata}" entityID="${escapeXml(provider.audience)}">`,
    `  <md:SPSSODescriptor protocolSupportEnumeration="${namespaces.protocol}" AuthnRequestsSigned="false" WantAssertionsSigned="true">`,
    '    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>',
    `    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="${escapeXml(provider.acsUrl)}" index="0" isDefault="true"/>`,
    '  </md:SPSSODescriptor>',
    '</md:EntityDescriptor>',
    '',
  ].join('\n')
}
