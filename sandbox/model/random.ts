import { createHash, randomBytes } from 'node:crypto'

export interface Random {
  bytes(count: number): Buffer
  /** A number in [0, 1). */
  fraction(): number
}

export function systemRandom(): Random {
  return from((count) => randomBytes(count))
}

/** The same seed gives the same bytes: SHA-256 in counter mode. */
export function seededRandom(seed: string): Random {
  let counter = 0
  let pool = Buffer.alloc(0)
  return from((count) => {
    while (pool.length < count) {
      const block = createHash('sha256').update(`${seed}/${counter}`).digest()
      counter += 1
      pool = Buffer.concat([pool, block])
    }
    const taken = Buffer.from(pool.subarray(0, count))
    pool = pool.subarray(count)
    return taken
  })
}

function from(bytes: (count: number) => Buffer): Random {
  return { bytes, fraction: () => bytes(4).readUInt32BE() / 2 ** 32 }
}

const alphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789'

function letters(random: Random, count: number): string {
  let text = ''
  for (const byte of random.bytes(count)) text += alphanumeric[byte % alphanumeric.length]
  return text
}

const hex = (random: Random, digits: number) => random.bytes(digits / 2).toString('hex')

/** Ids in the shapes that AWS's API models give as patterns. */
export function makeIds(random: Random, identityStoreSuffix: () => string) {
  const uuid = () => {
    const bytes = random.bytes(16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const text = bytes.toString('hex')
    const parts = [0, 8, 12, 16, 20].map((from, at, all) => text.slice(from, all[at + 1]))
    return parts.join('-')
  }
  return {
    uuid,
    random,
    instanceArn: () => `arn:aws:sso:::instance/ssoins-${hex(random, 16)}`,
    permissionSetArn: (instanceArn: string) =>
      `arn:aws:sso:::permissionSet/${instanceArn.slice(instanceArn.lastIndexOf('/') + 1)}/ps-${hex(random, 16)}`,
    identityStoreId: () => `d-${hex(random, 10)}`,
    /** User and group ids begin with the ten digits of their Identity Store. */
    identityId: () => `${identityStoreSuffix()}-${uuid()}`,
    organizationId: () => `o-${letters(random, 10)}`,
    rootId: () => `r-${letters(random, 4)}`,
    organizationalUnitId: (rootId: string) => `ou-${rootId.slice(2)}-${letters(random, 8)}`,
    accountId: () => String(100_000_000_000 + (random.bytes(6).readUIntBE(0, 6) % 900_000_000_000)),
    roleSuffix: () => hex(random, 16),
  }
}

export type Ids = ReturnType<typeof makeIds>
