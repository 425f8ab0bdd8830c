/**
 * The identity provider's metadata, kept fresh: read when first needed, read again every hour, and
 * at most once a minute when it is missing or a signature did not fit, for then its certificate may
 * have been changed. What was read well is kept until something better is read.
 */
import { readFile } from 'node:fs/promises'
import type { MetadataSource } from '#server/config.ts'
import type { Logger } from '#server/log.ts'
import type { Clock } from '../ports.ts'
import { endsSoon, type IdpMetadata, MetadataError, parseIdpMetadata } from './metadata.ts'

export interface IdentityProvider {
  /** Null: it could not be read yet. */
  current(): Promise<IdpMetadata | null>
  /** A signature did not fit: looks again. True if the certificates are others now. */
  lookAgain(): Promise<boolean>
}

export type ReadMetadata = () => Promise<string>

const freshMinutes = 60
const retrySeconds = 60
const warnedEveryHours = 24
const fetchSecondsMax = 10
const metadataBytesMax = 256 * 1024

export function metadataReader(source: MetadataSource): ReadMetadata {
  return source.kind === 'file' ? () => readFile(source.path, 'utf8') : () => download(source.url)
}

async function download(url: string): Promise<string> {
  const answer = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchSecondsMax * 1000),
  })
  if (!answer.ok) throw new MetadataError(`It was answered with status ${answer.status}.`)
  const length = Number(answer.headers.get('content-length') ?? '0')
  if (length > metadataBytesMax) throw new MetadataError('It is too large.')
  return answer.text()
}

export function identityProvider(ports: {
  read: ReadMetadata
  clock: Clock
  log: Pick<Logger, 'info' | 'warn'>
}): IdentityProvider {
  let known: IdpMetadata | null = null
  let readAt: Date | null = null
  let triedAt: Date | null = null
  let warnedAt: Date | null = null
  let reading: Promise<void> | null = null

  async function read(now: Date): Promise<void> {
    triedAt = now
    try {
      const metadata = parseIdpMetadata(await ports.read(), now)
      if (metadata.entityId !== known?.entityId) {
        ports.log.info({ entityId: metadata.entityId }, 'the identity provider is known')
      }
      known = metadata
      readAt = now
      warnInTime(metadata, now)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      ports.log.warn({ why }, "the identity provider's SAML metadata cannot be read")
    }
  }

  function warnInTime(metadata: IdpMetadata, now: Date): void {
    const ending = endsSoon(metadata, now)
    if (ending === null || !isOlder(warnedAt, now, warnedEveryHours * 3600)) return
    warnedAt = now
    const { at, days } = ending
    ports.log.warn(
      { endsAt: at.toISOString(), days },
      "nobody can sign in once the identity provider's certificate has ended: make a new one",
    )
  }

  function readOnce(now: Date): Promise<void> {
    reading ??= read(now).finally(() => {
      reading = null
    })
    return reading
  }

  const isOlder = (than: Date | null, now: Date, seconds: number) =>
    than === null || now.getTime() - than.getTime() >= seconds * 1000

  return {
    async current() {
      const now = await ports.clock.now()
      const isStale = isOlder(readAt, now, freshMinutes * 60)
      if (reading !== null || (isStale && isOlder(triedAt, now, retrySeconds))) {
        const done = readOnce(now)
        // Who has something to go by need not wait for the network.
        if (known === null) await done
      }
      return known
    },
    async lookAgain() {
      const now = await ports.clock.now()
      if (reading === null && !isOlder(triedAt, now, retrySeconds)) return false
      const before = JSON.stringify(known)
      await readOnce(now)
      return JSON.stringify(known) !== before
    },
  }
}
