/** Networks from which a token works: addresses and CIDR ranges, IPv4 and IPv6. */
import { BlockList, isIP, isIPv4 } from 'node:net'

interface Network {
  readonly address: string
  readonly bits: number
  readonly family: 'ipv4' | 'ipv6'
}

/** An IPv4 address that came over an IPv6 socket is an IPv4 address. */
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

export function plainAddress(address: string): string {
  return mapped.exec(address)?.[1] ?? address
}

/** `203.0.113.7`, `203.0.113.0/24`, `2001:db8::/32`; null where it is none of these. */
export function parseNetwork(text: string): Network | null {
  const match = /^([0-9a-fA-F:.]{2,45})(?:\/(\d{1,3}))?$/.exec(text)
  const address = match?.[1] ?? ''
  if (isIP(address) === 0 || mapped.test(address)) return null
  const isV4 = isIPv4(address)
  const longest = isV4 ? 32 : 128
  const bits = match?.[2] === undefined ? longest : Number(match[2])
  if (bits > longest) return null
  return { address: address.toLowerCase(), bits, family: isV4 ? 'ipv4' : 'ipv6' }
}

/** One that cannot be read lets nobody in. */
export function isWithin(address: string, networks: readonly string[]): boolean {
  const plain = plainAddress(address)
  const version = isIP(plain)
  if (version === 0) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  for (const text of networks) {
    const network = parseNetwork(text)
    // Node would find an IPv4 address in the IPv6 range that it maps to as well.
    if (network?.family === family) list.addSubnet(network.address, network.bits, network.family)
  }
  return list.check(plain, family)
}
