import { type KeyObject, sign } from 'node:crypto'

/** A self-signed X.509 certificate (RFC 5280), version 1, RSA with SHA-256, written as DER by hand. */
export function selfSignedCertificate(given: {
  commonName: string
  serialNumber: Buffer
  notBefore: Date
  notAfter: Date
  privateKey: KeyObject
  publicKey: KeyObject
}): string {
  const name = sequence(
    element(
      tag.set,
      sequence(objectId(2, 5, 4, 3), element(tag.utf8String, Buffer.from(given.commonName))),
    ),
  )
  const body = sequence(
    positiveInteger(given.serialNumber),
    sha256WithRsa,
    name,
    sequence(time(given.notBefore), time(given.notAfter)),
    name,
    given.publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, given.privateKey)
  const unusedBits = Buffer.from([0])
  const bitString = element(tag.bitString, Buffer.concat([unusedBits, signature]))
  const lines = sequence(body, sha256WithRsa, bitString)
    .toString('base64')
    .match(/.{1,64}/g)
  return `-----BEGIN CERTIFICATE-----\n${(lines ?? []).join('\n')}\n-----END CERTIFICATE-----\n`
}

const tag = {
  integer: 0x02,
  bitString: 0x03,
  nothing: 0x05,
  objectId: 0x06,
  utf8String: 0x0c,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
}

function element(type: number, content: Buffer): Buffer {
  if (content.length < 0x80) return Buffer.concat([Buffer.from([type, content.length]), content])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(content.length)
  const significant = length.subarray(length.findIndex((byte) => byte !== 0))
  return Buffer.concat([Buffer.from([type, 0x80 | significant.length]), significant, content])
}

const sequence = (...parts: Buffer[]) => element(tag.sequence, Buffer.concat(parts))

const positiveInteger = (bytes: Buffer) =>
  element(tag.integer, Buffer.concat([Buffer.from([0x01]), bytes]))

function objectId(first: number, second: number, ...rest: number[]): Buffer {
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const groups = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
    bytes.push(...groups)
  }
  return element(tag.objectId, Buffer.from(bytes))
}

const sha256WithRsa = sequence(
  objectId(1, 2, 840, 113549, 1, 1, 11),
  element(tag.nothing, Buffer.alloc(0)),
)

const time = (at: Date) => {
  const digits = at.toISOString().replaceAll(/[-:T]|\.\d{3}/g, '')
  return element(tag.generalizedTime, Buffer.from(digits))
}
