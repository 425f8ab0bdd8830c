/**
 * Where a webhook may go. An administrator types its address, and the server can reach what the
 * administrator cannot: so only public addresses, unless whoever operates TEAM allows a network.
 */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { isWithin, plainAddress } from '#server/operations/networks.ts'

export interface Pinned {
  readonly address: string
  readonly family: 4 | 6
}

export type Resolve = (host: string) => Promise<readonly { address: string; family: number }[]>

export class AddressRefused extends Error {}

/** IANA IPv4 Special-Purpose Address Registry, and multicast. */
const notPublic = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** All that is public in IPv6 is in the first; of it, what is not, or has an IPv4 address in it. */
const globalUnicast = ['2000::/3']
const notGlobal = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

export function isPublic(address: string): boolean {
  const plain = plainAddress(address)
  if (isIP(plain) === 4) return !isWithin(plain, notPublic)
  return isWithin(plain, globalUnicast) && !isWithin(plain, notGlobal)
}

const resolveByDns: Resolve = (host) => lookup(host, { all: true, verbatim: true })

/**
 * Resolved once; the connection is made to exactly this address, so that a name cannot point
 * elsewhere a moment later. One bad address among several refuses the name.
 */
export async function pin(
  hostname: string,
  { allowed, resolve = resolveByDns }: { allowed: readonly string[]; resolve?: Resolve },
): Promise<Pinned> {
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const found = isIP(host) === 0 ? await resolve(host) : [{ address: host, family: isIP(host) }]
  const first = found[0]
  if (first === undefined) throw new Error(`${host} has no address`)
  const refused = found.find(({ address }) => !isPublic(address) && !isWithin(address, allowed))
  if (refused) {
    throw new AddressRefused(
      `${host} is ${refused.address}, which is no public address; TEAM_WEBHOOK_NETWORKS can allow its network`,
    )
  }
  return { address: first.address, family: first.family === 6 ? 6 : 4 }
}
