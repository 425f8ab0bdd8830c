import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { PortalSecrets } from '../model/types.ts'
import { selfSignedCertificate } from './certificate.ts'

/** A signing key and a self-signed certificate, as IAM Identity Center makes for each application. */
export async function makePortalSecrets(): Promise<PortalSecrets> {
  const pair = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificatePem: selfSignedCertificate({
      ...pair,
      commonName: 'amazonaws.com',
      serialNumber: randomBytes(8),
      // Wide enough for any clock that a test may drive.
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2049-12-31T00:00:00Z'),
    }),
    cookieSecret: randomBytes(32).toString('base64url'),
  }
}
