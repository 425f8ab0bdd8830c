import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SecretName } from '#core/settings.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { change } from './change.ts'
import { createVault, SecretsUnreadable, secretMarks } from './vault.ts'

const at = new Date('2026-11-24T09:00:00.000Z')
const old = 'the old secret of this installation'
const fresh = 'the new secret of this installation'

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const vaultWith = (current: string, previous: string | null = null) =>
  createVault({ db: database.db, material: { current, previous } })

async function put(name: SecretName, value: string | null, secret = old) {
  await change(database.db, at, (c) => vaultWith(secret).write(c, { name, value, by: 'ada' }))
}

const rows = () => database.db.selectFrom('sealed_secret').selectAll().orderBy('name').execute()
const events = () =>
  database.db.selectFrom('audit_event').select(['action', 'payload']).orderBy('seq').execute()

test('what is written is read again, replaced, and taken away', async () => {
  const vault = vaultWith(old)
  expect(await vault.read('slackToken')).toBeNull()
  await put('slackToken', 'xoxb-first')
  await put('slackToken', 'xoxb-second')
  expect(await vault.read('slackToken')).toBe('xoxb-second')
  expect(await secretMarks(database.db)).toEqual({ slackToken: { setAt: at, setBy: 'ada' } })
  await put('slackToken', null)
  expect(await vault.read('slackToken')).toBeNull()
  expect(await rows()).toEqual([])
})

test('the database keeps no secret that is not sealed', async () => {
  const insert = sql`insert into sealed_secret (name, sealed, set_at, set_by)
    values ('slackToken', 'xoxb-plain', ${at}, 'ada')`
  await expect(insert.execute(database.db)).rejects.toThrow('a_secret_is_kept_sealed')
})

test('a start with a new TEAM_SECRET seals all anew, once, with one event without a secret', async () => {
  await put('slackToken', 'xoxb-first')
  await put('webhookSecret', 'a-webhook-secret')
  const copies = [vaultWith(fresh, old), vaultWith(fresh, old)]
  const sealed = await Promise.all(copies.map((vault) => vault.sealAnew(at)))
  expect(sealed.flat().toSorted()).toEqual(['slackToken', 'webhookSecret'])
  expect(await copies[0]!.sealAnew(at)).toEqual([])
  const told = await events()
  expect(told.map(({ action }) => action)).toEqual(['secret.seal_anew'])
  expect(JSON.stringify(told)).not.toMatch(/xoxb|a-webhook|secret of this/)
  // The former secret is not needed any more.
  const alone = vaultWith(fresh)
  expect(await alone.read('slackToken')).toBe('xoxb-first')
  expect(await alone.read('webhookSecret')).toBe('a-webhook-secret')
  expect(await secretMarks(database.db)).toMatchObject({ slackToken: { setAt: at, setBy: 'ada' } })
})

test('a start with a wrong TEAM_SECRET says so, changes nothing, and the right one opens all again', async () => {
  await put('slackToken', 'xoxb-first')
  await put('webhookSecret', 'a-webhook-secret', fresh)
  const before = await rows()
  const wrong = vaultWith('somebody else’s secret entirely', fresh)
  const told = await wrong.sealAnew(at).catch((error: unknown) => error)
  expect(told).toBeInstanceOf(SecretsUnreadable)
  expect(String(told)).toMatch(/^SecretsUnreadable: TEAM_SECRET is not what slackToken is sealed/)
  expect(String(told)).not.toMatch(/xoxb|a-webhook|secret of this|somebody/)
  // Not even the one that it could have sealed anew.
  expect(await rows()).toEqual(before)
  expect(await events()).toEqual([])
  expect(await vaultWith(fresh, old).sealAnew(at)).toEqual(['slackToken'])
})

test('reading with a wrong TEAM_SECRET is an error that names the secret, never a text', async () => {
  await put('slackToken', 'xoxb-first')
  await expect(vaultWith(fresh).read('slackToken')).rejects.toThrow('TEAM_SECRET is not what')
})

test('a sealed text moved to another name by whoever writes rows is not opened', async () => {
  await put('slackToken', 'xoxb-first')
  await database.db.updateTable('sealed_secret').set({ name: 'webhookSecret' }).execute()
  await expect(vaultWith(old).read('webhookSecret')).rejects.toThrow('damaged')
  await expect(vaultWith(old).sealAnew(at)).rejects.toThrow('webhookSecret in the database is')
})

test('what cannot be opened any more is taken away on demand, and nothing else', async () => {
  await put('slackToken', 'xoxb-first')
  await put('webhookSecret', 'a-webhook-secret', fresh)
  const vault = vaultWith(fresh)
  expect(await vault.forgetUnreadable(at)).toEqual(['slackToken'])
  expect(await vault.forgetUnreadable(at)).toEqual([])
  expect(await vault.read('webhookSecret')).toBe('a-webhook-secret')
  expect(await events()).toMatchObject([
    { action: 'secret.forget', payload: '{"names":["slackToken"]}' },
  ])
})
