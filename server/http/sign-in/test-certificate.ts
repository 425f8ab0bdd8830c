/** A key and a self-signed certificate for tests, in DER by hand (RFC 5280, section 4.1). */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface KeyPair {
  readonly privateKey: string
  /** Base64 of the DER, as metadata has it. */
  readonly certificate: string
}

export interface Validity {
  readonly from: Date
  readonly until: Date
}

function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const size =
    length < 0x80
      ? Buffer.from([length])
      : length < 0x100
        ? Buffer.from([0x81, length])
        : Buffer.from([0x82, length >> 8, length & 0xff])
  return Buffer.concat([Buffer.from([tag]), size, content])
}

const sequence = (...contents: Buffer[]) => der(0x30, ...contents)
const integer = (bytes: Buffer) => der(0x02, bytes)
const oid = (hex: string) => der(0x06, Buffer.from(hex, 'hex'))
const generalizedTime = (time: Date) =>
  der(0x18, Buffer.from(`${time.toISOString().replace(/[-:T]|\.\d+Z$/g, '')}Z`))

const sha256WithRsa = sequence(oid('2a864886f70d01010b'), der(0x05))
const versionThree = der(0xa0, integer(Buffer.from([2])))
const commonName = (name: string) =>
  sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))))

export function makeKeyPair({ from, until }: Validity): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const name = commonName('idp.example.com')
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)])
  const toBeSigned = sequence(
    versionThree,
    integer(serial),
    sha256WithRsa,
    name,
    sequence(generalizedTime(from), generalizedTime(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = der(0x03, Buffer.from([0]), sign('sha256', toBeSigned, privateKey))
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: sequence(toBeSigned, sha256WithRsa, signature).toString('base64'),
  }
}
