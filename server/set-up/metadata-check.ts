/** Judges the identity provider's metadata before the server lives by it, and in time afterwards. */
import { X509Certificate } from 'node:crypto'
import {
  endsSoon,
  type IdpMetadata,
  isValidAt,
  parseIdpMetadata,
} from '#server/http/sign-in/metadata.ts'

const rsaBitsMin = 2048

export interface CertificateReport {
  readonly fingerprint: string
  readonly notBefore: Date
  readonly notAfter: Date
  readonly state: 'valid' | 'not yet valid' | 'expired'
}

export interface MetadataReport {
  readonly metadata: IdpMetadata
  readonly certificates: readonly CertificateReport[]
  readonly warnings: readonly string[]
}

/** @throws MetadataError with one line that says what is wrong. */
export function checkMetadata(xml: string, now: Date): MetadataReport {
  const metadata = parseIdpMetadata(xml, now)
  return {
    metadata,
    certificates: metadata.certificates.map((certificate) => {
      const { pem, notBefore, notAfter } = certificate
      const state = isValidAt(certificate, now)
        ? 'valid'
        : now < notBefore
          ? 'not yet valid'
          : 'expired'
      return { fingerprint: new X509Certificate(pem).fingerprint256, notBefore, notAfter, state }
    }),
    warnings: [
      ...endingWarning(metadata, now),
      ...weakKeys(metadata),
      ...(/\bWantAuthnRequestsSigned\s*=\s*["'](true|1)["']/.test(xml)
        ? ['The identity provider wants signed requests, and TEAM does not sign them.']
        : []),
    ],
  }
}

/** Rotation in Identity Center: a second certificate is made, known here, and only then made active. */
const rotate =
  'In IAM Identity Center, on the application: Actions › Manage certificate › Generate new certificate; run team idp again; then make it active'

function endingWarning(metadata: IdpMetadata, now: Date): string[] {
  const ending = endsSoon(metadata, now)
  if (ending === null) return []
  const which =
    metadata.certificates.length === 1
      ? 'The signing certificate ends'
      : 'The last of the signing certificates ends'
  return [`${which} on ${dayOf(ending.at)}, in ${ending.days} days. ${rotate}.`]
}

function weakKeys({ certificates }: IdpMetadata): string[] {
  return certificates.flatMap(({ pem }) => {
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(pem).publicKey
    const bits = asymmetricKeyDetails?.modulusLength ?? rsaBitsMin
    if (asymmetricKeyType !== 'rsa' || bits >= rsaBitsMin) return []
    return [`A signing certificate has a key of ${bits} bits; make one of ${rsaBitsMin}.`]
  })
}

export const dayOf = (at: Date) => at.toISOString().slice(0, 10)

export function certificateLine({ fingerprint, notBefore, notAfter, state }: CertificateReport) {
  const when = state === 'not yet valid' ? `from ${dayOf(notBefore)}` : `until ${dayOf(notAfter)}`
  return `${state} ${when}, SHA-256 ${fingerprint}`
}
