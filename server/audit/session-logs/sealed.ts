import { hkdfSync } from 'node:crypto'
import { createSealer, type Sealer } from '#server/store/sealing.ts'

export interface LogSecrets {
  readonly current: string
  readonly previous: string | null
}

/**
 * A key of its own for each looking, derived from TEAM_SECRET: what one person was shown opens
 * nothing of another's, and no key ever seals more than one query's records.
 */
export function sealerOfLog(secrets: LogSecrets, installation: string, logId: string): Sealer {
  const derive = (secret: string) =>
    Buffer.from(hkdfSync('sha256', secret, logId, 'team session log v1', 32)).toString('hex')
  const { current, previous } = secrets
  const material = {
    current: derive(current),
    previous: previous === null ? null : derive(previous),
  }
  return createSealer(material, installation)
}

/** Bound to its place, so that records can't be moved about. */
export const nameOfRecord = (logId: string, ordinal: number) => `session log ${logId} ${ordinal}`
