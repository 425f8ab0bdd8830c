/**
 * Somebody's program behind an https address, for tests: it keeps what came, and can be away, or
 * take a message and lose its answer. This process trusts its certificate from then on.
 */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { selfSignedCertificate } from '#sandbox/portal/certificate.ts'

export interface Received {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export type WebhookReceiver = Awaited<ReturnType<typeof startWebhookReceiver>>

export async function startWebhookReceiver() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = selfSignedCertificate({
    commonName: 'localhost',
    serialNumber: Buffer.from([9]),
    notBefore: new Date(Date.now() - 3_600_000),
    notAfter: new Date(Date.now() + 86_400_000),
    privateKey,
    publicKey,
  })
  setDefaultCACertificates([...getCACertificates('default'), cert])
  const taken: Received[] = []
  let mood: 'well' | 'away' | 'silent' = 'well'
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const server = createServer({ key, cert }, async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    if (mood === 'away') {
      response.writeHead(503)
      return void response.end('closed for an hour')
    }
    const body = Buffer.concat(parts).toString('utf8')
    taken.push({ path: request.url ?? '', headers: { ...request.headers }, body })
    if (mood === 'silent') return void request.socket.destroy()
    response.writeHead(204)
    response.end()
  })
  await new Promise<void>((done) => server.listen(0, 'localhost', done))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}/hook`,
    taken,
    feels: (next: typeof mood) => {
      mood = next
    },
    async close() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}
