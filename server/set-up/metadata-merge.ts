/**
 * Metadata of an identity provider whose certificate is being replaced: Identity Center's file names
 * one certificate, and until the new one has been made active the former goes on signing.
 */
import { X509Certificate } from 'node:crypto'
import { CannotDo } from '#server/command-line/shell.ts'
import { type IdpCertificate, type IdpMetadata, isValidAt } from '#server/http/sign-in/metadata.ts'

const certificatesMax = 2

export function withPrevious(next: IdpMetadata, previous: IdpMetadata, now: Date): IdpMetadata {
  if (next.entityId !== previous.entityId) {
    throw new CannotDo(
      `The metadata is of another application (${next.entityId}) than before (${previous.entityId}); its certificates cannot be kept beside each other.`,
    )
  }
  const isNew = ({ pem }: IdpCertificate) => next.certificates.every((one) => one.pem !== pem)
  const kept = previous.certificates.filter((one) => isNew(one) && isValidAt(one, now))
  const certificates = [...next.certificates, ...kept]
  if (certificates.length <= certificatesMax) return { ...next, certificates }
  throw new CannotDo(
    `Together there would be ${certificates.length} certificates, and at most ${certificatesMax} are believed at once. Give the new file without --keep-previous.`,
  )
}

export function metadataXml({ entityId, signInUrl, certificates }: IdpMetadata): string {
  const keys = certificates.map(({ pem }) => {
    const base64 = new X509Certificate(pem).raw.toString('base64')
    return `    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`
  })
  return `<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${escaped(entityId)}">
  <md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
${keys.join('\n')}
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="${escaped(signInUrl)}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>
`
}

const signs: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
const escaped = (text: string) => text.replaceAll(/[&<>"]/g, (sign) => signs[sign] ?? sign)
