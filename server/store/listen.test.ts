import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { type Listener, listen } from './database.ts'

let database: TestDatabase
let other: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  other = await createTestDatabase()
})
afterAll(async () => {
  await database.drop()
  await other.drop()
})

interface Heard {
  listener: Listener
  /** The next of what was heard and not taken yet: payloads, `(reconnected)`, `(interrupted)`. */
  next(): Promise<string>
  untaken: readonly string[]
}

async function listenTo(channel: string): Promise<Heard> {
  const heard: string[] = []
  let ring = () => {}
  const hear = (what: string) => {
    heard.push(what)
    ring()
  }
  const listener = await listen({
    connection: database.url,
    channel,
    onNotify: hear,
    onReconnect: () => hear('(reconnected)'),
    log: { warn: () => hear('(interrupted)') },
  })
  return {
    listener,
    untaken: heard,
    async next() {
      while (heard.length === 0) {
        await new Promise<void>((resolve) => {
          ring = resolve
        })
      }
      return heard.shift() ?? ''
    },
  }
}

async function notify(channel: string, payload: string): Promise<void> {
  await database.owner.query('select pg_notify($1, $2)', [channel, payload])
}

async function listenerPids(): Promise<number[]> {
  const { rows } = await database.owner.query(
    `select pid from pg_stat_activity
     where application_name = 'team listen' and datname = current_database()`,
  )
  return rows.map(({ pid }) => pid)
}

describe('listening', () => {
  test('a notice arrives on its channel, whatever the channel is called', async () => {
    const channel = 'Odd "name"; --'
    const { listener, next } = await listenTo(channel)
    await notify('another', 'not for us')
    await notify(channel, 'hello')
    expect(await next()).toBe('hello')
    await listener.close()
  })

  test('after a cut connection it listens again, and says that something may have been missed', async () => {
    const { listener, next } = await listenTo('nudge')
    const [pid] = await listenerPids()
    await database.owner.query('select pg_terminate_backend($1)', [pid])
    expect(await next()).toBe('(interrupted)')
    expect(await next()).toBe('(reconnected)')
    await notify('nudge', 'again')
    expect(await next()).toBe('again')
    await listener.close()
  })

  test('closing ends the connection', async () => {
    const { listener } = await listenTo('nudge')
    expect(await listenerPids()).toHaveLength(1)
    await listener.close()
    let left = await listenerPids()
    while (left.length > 0) left = await listenerPids()
    expect(left).toEqual([])
  })

  test('closing while the database cannot be reached does not wait for it', async () => {
    const { listener, next, untaken } = await listenTo('nudge')
    const [pid] = await listenerPids()
    const allow = (answer: boolean) =>
      other.owner.query(`alter database ${database.name} with allow_connections ${answer}`)
    await allow(false)
    await database.owner.query('select pg_terminate_backend($1)', [pid])
    expect(await next()).toBe('(interrupted)')
    await listener.close()
    await allow(true)
    expect(untaken).toEqual([])
    expect(await listenerPids()).toEqual([])
  })

  test('a database that is not there is said at once, not retried in silence', async () => {
    const nowhere = database.url.replace(database.name, 'no_such_database')
    const attempt = listen({
      connection: nowhere,
      channel: 'nudge',
      onNotify: () => undefined,
      onReconnect: () => undefined,
      log: { warn: () => undefined },
    })
    await expect(attempt).rejects.toMatchObject({ code: '3D000' })
  })
})
