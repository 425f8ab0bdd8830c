/**
 * What stands between TEAM and PostgreSQL in Amazon RDS: TLS or nothing, and for users of IAM a
 * token whose signature, age, user and place are checked as RDS does. Behind it is the tests' own
 * PostgreSQL, which trusts its socket.
 */
import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { selfSignedCertificate } from '#sandbox/portal/certificate.ts'
import { placeOf, socketOf } from './tcp-proxy.ts'

export const rdsRegion = 'eu-west-1'
const sslRequest = 80_877_103
const protocolThree = 196_608
const tokenSecondsMax = 900

export interface RdsOptions {
  /** A URL of the socket; its user does not matter. */
  readonly behind: string
  readonly iamUsers: readonly string[]
  /** Of users that log in by a password. */
  readonly passwords?: Readonly<Record<string, string>>
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly now?: () => Date
}

export interface RdsStandIn {
  readonly port: number
  readonly certificate: string
  /** Tokens that were believed, in order. */
  readonly tokens: readonly string[]
  url(user: string, parameters?: Readonly<Record<string, string>>): string
  close(): Promise<void>
}

export async function openRds(options: RdsOptions): Promise<RdsStandIn> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const year = 365 * 86_400_000
  const certificate = selfSignedCertificate({
    commonName: 'localhost',
    serialNumber: randomBytes(8),
    notBefore: new Date(Date.now() - year),
    notAfter: new Date(Date.now() + year),
    privateKey,
    publicKey,
  })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const tokens: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((raw) => {
    sockets.add(raw)
    raw.on('error', () => undefined).on('close', () => sockets.delete(raw))
    serve(raw, { options, port: () => portOf(server), certificate, key, tokens })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { database } = placeOf(options.behind)
  return {
    port: portOf(server),
    certificate,
    tokens,
    url: (user, parameters = {}) =>
      `postgres://${user}@localhost:${portOf(server)}/${database}?${new URLSearchParams(parameters)}`,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((done) => server.close(done))
    },
  }
}

// It listens by port, so that the address is one.
const portOf = (server: Server) => (server.address() as AddressInfo).port

interface House {
  readonly options: RdsOptions
  readonly port: () => number
  readonly certificate: string
  readonly key: string | Buffer
  readonly tokens: string[]
}

function serve(raw: Socket, house: House): void {
  raw.once('data', (first) => {
    if (first.length !== 8 || first.readInt32BE(4) !== sslRequest) {
      raw.end(refusal('28000', 'no pg_hba.conf entry for host, no encryption'))
      return
    }
    raw.write('S')
    const { certificate: cert, key } = house
    const client = new TLSSocket(raw, { isServer: true, cert, key })
    client.on('error', () => undefined)
    client.once('data', (startup) => admit(client, startup, house))
  })
}

function admit(client: TLSSocket, startup: Buffer, house: House): void {
  if (startup.readInt32BE(4) !== protocolThree) return void client.destroy()
  const words = startup.subarray(8).toString('utf8').split('\0')
  const user = words[words.indexOf('user') + 1] ?? ''
  client.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]))
  client.once('data', (message) => {
    const password = message.subarray(5, -1).toString('utf8')
    if (!mayEnter(user, password, house)) {
      client.end(refusal('28P01', `PAM authentication failed for user "${user}"`))
      return
    }
    const behind = dial(socketOf(house.options.behind))
    behind.on('error', () => client.destroy()).on('close', () => client.destroy())
    client.on('close', () => behind.destroy())
    behind.write(startup)
    client.pipe(behind)
    behind.pipe(client)
  })
}

function mayEnter(user: string, password: string, house: House): boolean {
  const { iamUsers, passwords = {}, now = () => new Date() } = house.options
  if (!iamUsers.includes(user)) return password !== '' && passwords[user] === password
  if (!isToken(password, { user, host: `localhost:${house.port()}`, at: now() }, house.options)) {
    return false
  }
  house.tokens.push(password)
  return true
}

interface Expected {
  readonly user: string
  readonly host: string
  readonly at: Date
}

/** Signature Version 4 in the query of an address without a scheme. */
function isToken(token: string, expected: Expected, { credentials }: RdsOptions): boolean {
  const [host = '', query = ''] = token.split('/?', 2)
  const given = new URLSearchParams(query)
  const read = (name: string) => given.get(name) ?? ''
  const date = read('X-Amz-Date')
  const day = date.slice(0, 8)
  const scope = `${day}/${rdsRegion}/rds-db/aws4_request`
  const canonical = [...given]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join('&')
  const request = ['GET', '/', canonical, `host:${host}`, '', 'host', sha256('')].join('\n')
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(request)].join('\n')
  const key = [day, rdsRegion, 'rds-db', 'aws4_request'].reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${credentials.secretAccessKey}`),
  )
  const ageSeconds = (expected.at.getTime() - timeOf(date)) / 1000
  return (
    host === expected.host &&
    read('Action') === 'connect' &&
    read('DBUser') === expected.user &&
    read('X-Amz-Credential') === `${credentials.accessKeyId}/${scope}` &&
    ageSeconds > -60 &&
    ageSeconds < tokenSecondsMax &&
    read('X-Amz-Signature') === createHmac('sha256', key).update(text).digest('hex')
  )
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

/** `20261127T101500Z` */
function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function refusal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write('E')
  head.writeInt32BE(fields.length + 4, 1)
  return Buffer.concat([head, fields])
}
