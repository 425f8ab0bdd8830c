/**
 * The password for one connection to Amazon RDS or Aurora with IAM authentication: a signed
 * address, good for 15 minutes (RDS user guide, "IAM database authentication"). Signing is done
 * here; nothing is asked of AWS but credentials.
 */
import { Signer } from '@aws-sdk/rds-signer'

export interface DatabasePlace {
  readonly host: string
  readonly port: number
  readonly user: string
  /** Where the host's name does not say it; absent: as the SDK finds it. */
  readonly region: string | null
}

export function databaseToken({ host, port, user, region }: DatabasePlace): () => Promise<string> {
  const place = regionOf(host) ?? region
  const signer = new Signer({
    hostname: host,
    port,
    username: user,
    ...(place !== null && { region: place }),
  })
  return () => signer.getAuthToken()
}

function regionOf(host: string): string | null {
  return /\.([a-z0-9-]+)\.rds\.amazonaws\.com(\.cn)?$/.exec(host)?.[1] ?? null
}
