/** Judges the identity provider's metadata before the server lives by it, and in time afterwards. */
import { X509Certificate } from 'node:crypto'
import { type IdpMetadata, isValidAt, parseIdpMetadata } from '#server/http/sign-in/metadata.ts'

export const warnDays = 60
const dayMs = 24 * 60 * 60 * 1000
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
      ...endsSoon(metadata, now),
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

function endsSoon({ certificates }: IdpMetadata, now: Date): string[] {
  const last = new Date(Math.max(...certificates.map(({ notAfter }) => notAfter.getTime())))
  const days = Math.floor((last.getTime() - now.getTime()) / dayMs)
  if (days >= warnDays) return []
  const which =
    certificates.length === 1
      ? 'The signing certificate ends'
      : 'The last of the signing certificates ends'
  return [`${which} on ${dayOf(last)}, in ${days} days. ${rotate}.`]
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
