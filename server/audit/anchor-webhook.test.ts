/** Anchors at a second place: what arrives is signed, is kept as it came, and shows a rewritten past. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { SecretName } from '#core/settings.ts'
import { createPost } from '#server/notify/webhook/post.ts'
import { runInFolder } from '#test/command-line.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { fillTrail } from '#test/trail-events.ts'
import { startWebhookReceiver, type WebhookReceiver } from '#test/webhook-receiver.ts'
import { isFromTeam } from '../../docs/reference/verify-webhook.ts'
import { anchorHead } from './anchor.ts'
import { createAnchorWebhook } from './anchor-webhook.ts'
import { eventLines, exportedEvents } from './export.ts'

const at = new Date('2026-11-24T09:00:00.000Z')
const folder = mkdtempSync(join(tmpdir(), 'team-anchors-'))
let receiver: WebhookReceiver
let database: TestDatabase
let url: string | null
let secret: string | null
const warned: object[] = []

beforeAll(async () => {
  receiver = await startWebhookReceiver()
  database = await createTestDatabase()
  await fillTrail(database.owner, { events: 20, from: at })
})
afterAll(async () => {
  await receiver.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  receiver.taken.length = 0
  receiver.feels('well')
  warned.length = 0
  url = receiver.url
  secret = 'a-secret-of-the-anchors'
})

const log = { info: () => undefined, warn: (fields: object) => void warned.push(fields) }
function anchor(allowed: readonly string[] = ['127.0.0.0/8', '::1/128']) {
  const place = createAnchorWebhook({
    post: createPost({ allowed }),
    readSettings: async () => ({ anchorUrl: url }),
    readSecret: async (name: SecretName) => (name === 'anchorSecret' ? secret : null),
    installation: async () => 'installation-1',
  })
  return anchorHead(database.db, log, at, [place])
}

test('each minute’s head arrives signed, as a line of its own', async () => {
  const { seq, hash } = await anchor()
  expect(warned).toEqual([])
  const [one, ...more] = receiver.taken
  expect(more).toEqual([])
  expect(JSON.parse(one?.body ?? '')).toEqual({
    schema: 'team.anchor.v1',
    installation: 'installation-1',
    auditHead: { seq, hash, at: at.toISOString() },
  })
  expect(one?.body).not.toContain('\n')
  const timestamp = String(one?.headers['team-timestamp'])
  const signature = String(one?.headers['team-signature'])
  const isGenuine = (body: string, mine: string) =>
    isFromTeam({ body, timestamp, signature }, [mine], at.getTime() / 1000)
  expect(isGenuine(one?.body ?? '', 'a-secret-of-the-anchors')).toBe(true)
  expect(
    isGenuine(one?.body.replace(`"seq":${seq}`, '"seq":1') ?? '', 'a-secret-of-the-anchors'),
  ).toBe(false)
  expect(isGenuine(one?.body ?? '', 'another-secret')).toBe(false)
})

describe('whoever owns the database writes the past anew', () => {
  test('unseen by the chain, and seen by what the second place kept', async () => {
    await anchor()
    const kept = 'kept.jsonl'
    writeFileSync(join(folder, kept), `${receiver.taken.map(({ body }) => body).join('\n')}\n`)
    const verify = async (name: string, ...more: string[]) => {
      const lines: string[] = []
      for await (const part of eventLines(exportedEvents(database.db))) lines.push(part)
      writeFileSync(join(folder, name), lines.join(''))
      return runInFolder(folder, ['audit', 'verify', name, ...more])
    }
    expect(await verify('before.jsonl', '--anchors', kept)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^Intact: 20 events/),
    })
    await database.owner.query(`
      alter table audit_event disable trigger all; truncate audit_event;
      update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex')`)
    await fillTrail(database.owner, { events: 30, from: new Date('2026-11-24T10:00:00.000Z') })
    expect(await verify('anew.jsonl')).toMatchObject({ code: 0 })
    expect(await verify('anew.jsonl', '--anchors', kept)).toMatchObject({
      code: 1,
      text: expect.stringMatching(/^Broken: event 20 /),
    })
  })
})

function takeSecret(): void {
  secret = null
}

const troubles: [string, () => void, RegExp][] = [
  ['is away', () => receiver.feels('away'), /HTTP 503 closed for an hour/],
  ['loses its answer', () => receiver.feels('silent'), /socket hang up/],
  ['has no secret to be signed for', () => takeSecret(), /no anchorSecret/],
]
test.each(troubles)('a place that %s is said in the log, each minute', async (_, begin, why) => {
  begin()
  await anchor()
  expect(warned).toMatchObject([{ place: 'webhook', err: { message: expect.stringMatching(why) } }])
})

test('an inside address is not called', async () => {
  await anchor([])
  expect(receiver.taken).toEqual([])
  expect(warned).toMatchObject([{ err: { message: expect.stringContaining('no public address') } }])
})

test('without an address nothing is sent, and nothing is wrong', async () => {
  url = null
  await anchor()
  expect(receiver.taken).toEqual([])
  expect(warned).toEqual([])
})
