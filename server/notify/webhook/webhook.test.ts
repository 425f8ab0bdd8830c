import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { defaultSettings } from '#core/settings.ts'
import { selfSignedCertificate } from '#sandbox/portal/certificate.ts'
import type { Outgoing } from '#server/notify/channel-port.ts'
import { compose } from '#server/notify/email/compose.ts'
import { viewOf } from '#test/sample-mails.ts'
import { isFromTeam } from '../../../docs/reference/verify-webhook.ts'
import { AddressRefused, isPublic, pin } from './addresses.ts'
import { createPost, type PostOptions } from './post.ts'
import { createSendWebhook } from './send-webhook.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certificate = selfSignedCertificate({
  commonName: 'localhost',
  serialNumber: Buffer.from([7]),
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 86_400_000),
  privateKey,
  publicKey,
})

interface Taken {
  readonly headers: Record<string, unknown>
  readonly body: string
}
const taken: Taken[] = []
let answer = { status: 204, headers: {} as Record<string, string>, body: '' }
const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
const receiver = createServer({ key, cert: certificate }, async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  taken.push({ headers: { ...request.headers }, body: Buffer.concat(parts).toString('utf8') })
  if (answer.status === 0) return
  response.writeHead(answer.status, answer.headers)
  response.end(answer.body)
})
let url: string
beforeAll(async () => {
  await new Promise<void>((done) => receiver.listen(0, '127.0.0.1', done))
  url = `https://localhost:${(receiver.address() as AddressInfo).port}/hook`
})
afterAll(() => {
  receiver.closeAllConnections()
  receiver.close()
})
beforeEach(() => {
  taken.length = 0
  answer = { status: 204, headers: {}, body: '' }
  secrets = { webhookSecret: 'first-secret' }
})

let secrets: Partial<Record<string, string>> = {}
const at = new Date('2026-11-24T09:00:00Z')
const outgoing: Outgoing = {
  noticeId: '7c2e0d11-0000-4000-8000-000000000009',
  event: 'approved',
  at,
  now: at,
  receiverId: 'webhook:endpoint',
  address: 'localhost',
  thread: 'request-1',
  letter: compose(viewOf('approved', { standing: 'auditor' })),
  request: null,
  publicUrl: 'https://team.example.com',
  mayDecide: false,
}
const loopback = async () => [{ address: '127.0.0.1', family: 4 }]
const send = (options: Partial<PostOptions> = {}, to = url) =>
  createSendWebhook({
    post: createPost({
      allowed: ['127.0.0.0/8'],
      ca: certificate,
      resolve: loopback,
      limitMs: 2_000,
      ...options,
    }),
    readSecret: async (name) => secrets[name] ?? null,
  })(outgoing, { ...defaultSettings, webhookEnabled: true, webhookUrl: to })

describe('a webhook', () => {
  const isGenuine = ({ headers, body }: Taken, mine: string[], now = at.getTime() / 1000) => {
    const timestamp = String(headers['team-timestamp'])
    return isFromTeam({ body, timestamp, signature: String(headers['team-signature']) }, mine, now)
  }

  test('is verified by the script of the documentation, and a changed or late one is not', async () => {
    expect(await send()).toMatchObject({ kind: 'sent' })
    const [one] = taken
    if (!one) throw new Error('Nothing came')
    expect(isGenuine(one, ['first-secret'])).toBe(true)
    expect(isGenuine({ ...one, body: `${one.body} ` }, ['first-secret'])).toBe(false)
    expect(isGenuine(one, ['another'])).toBe(false)
    expect(isGenuine(one, ['first-secret'], at.getTime() / 1000 + 301)).toBe(false)
    expect(isGenuine(one, ['first-secret'], at.getTime() / 1000 - 301)).toBe(false)
    expect(one.headers['team-notice-id']).toBe(outgoing.noticeId)
    expect(JSON.parse(one.body)).toMatchObject({ noticeId: outgoing.noticeId, event: 'approved' })
  })

  test('is signed with both secrets while one is replaced', async () => {
    secrets = { webhookSecret: 'second-secret', webhookSecretPrevious: 'first-secret' }
    await send()
    for (const secret of ['first-secret', 'second-secret']) {
      expect(taken.map((one) => isGenuine(one, [secret]))).toEqual([true])
    }
  })

  test('without a secret is not sent', async () => {
    secrets = {}
    expect(await send()).toMatchObject({ kind: 'off' })
    expect(taken).toEqual([])
  })

  const answers: [number, string, object][] = [
    [200, 'x'.repeat(100_000), { kind: 'sent' }],
    [301, '', { kind: 'later', message: 'HTTP 301: redirects are not followed' }],
    [404, 'no such hook', { kind: 'later', message: 'HTTP 404: no such hook' }],
    [410, '', { kind: 'refused' }],
    [500, `a\r\nb${'x'.repeat(5_000)}`, { kind: 'later' }],
  ]
  test.each(answers)('answered %i is as it should be', async (status, body, expected) => {
    answer = { status, headers: { location: url }, body }
    const outcome = await send()
    expect(outcome).toMatchObject(expected)
    expect(taken).toHaveLength(1)
    if ('message' in outcome) expect(outcome.message.length).toBeLessThan(250)
  })

  test('that is not answered is given up in time, and may have arrived', async () => {
    answer = { status: 0, headers: {}, body: '' }
    expect(await send({ limitMs: 200 })).toMatchObject({ kind: 'later', mayHaveArrived: true })
  })

  test('to a receiver that nobody vouches for is not sent', async () => {
    const { ca: _, ...options } = { ca: undefined }
    const post = createPost({ allowed: ['127.0.0.0/8'], resolve: loopback, ...options })
    await expect(post(url, { body: '', headers: {} })).rejects.toThrow(/self-signed/)
    expect(taken).toEqual([])
  })

  test('over plain HTTP is not sent', async () => {
    expect(await send({}, url.replace('https:', 'http:'))).toMatchObject({ kind: 'later' })
    expect(taken).toEqual([])
  })
})

describe('where a webhook may go', () => {
  const inside = [
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '2001:db8::1',
  ]
  test.each(inside)('%s is not public', (address) => {
    expect(isPublic(address)).toBe(false)
  })
  test.each(['8.8.8.8', '203.0.114.1', '2606:4700::1111'])('%s is public', (address) => {
    expect(isPublic(address)).toBe(true)
  })

  test.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:127.0.0.1]/',
  ])('%s is refused, and not tried again', async (to) => {
    expect(await send({ allowed: [] }, to)).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('TEAM_WEBHOOK_NETWORKS'),
    })
  })

  test('a name with one inside address among public ones is refused', async () => {
    const resolve = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '169.254.169.254', family: 4 },
    ]
    await expect(pin('hook.example.com', { allowed: [], resolve })).rejects.toThrow(AddressRefused)
  })

  test('a name that points elsewhere a moment later is not followed there', async () => {
    let asked = 0
    const resolve = async () => {
      asked += 1
      return [{ address: '127.0.0.1', family: 4 }]
    }
    // By DNS the name is the receiver as well, if anybody asked once more.
    expect(await send({ resolve })).toMatchObject({ kind: 'sent' })
    expect(asked).toBe(1)
    const elsewhere = async () => [{ address: '127.0.0.2', family: 4 }]
    expect(await send({ resolve: elsewhere })).toMatchObject({ kind: 'later' })
    expect(taken).toHaveLength(1)
  })
})
