import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { UserId } from '#core/ids.ts'
import {
  purgeRowsMax,
  purgeSignIns,
  type SessionStore,
  sessionStore,
} from '#server/store/sessions.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { createSessions, type Sessions, type StartSession } from './sessions.ts'

const start = new Date('2026-11-23T10:00:00Z')
const minutes = (count: number) => new Date(start.getTime() + count * 60_000)
const taro = 'u-taro' as UserId

let database: TestDatabase
let store: SessionStore
let sessions: Sessions
let now = start

beforeAll(async () => {
  database = await createTestDatabase()
  store = sessionStore(database.db)
  sessions = createSessions({ store, clock: { now: () => now } })
})
beforeEach(async () => {
  await database.owner.query(
    'delete from sign_in_session; delete from saml_assertion_once; delete from audit_event',
  )
  now = start
})
afterAll(() => database.drop())

async function ends() {
  const rows = await database.db
    .selectFrom('sign_in_session')
    .select(['user_id', 'ended_why'])
    .where('ended_at', 'is not', null)
    .execute()
  return rows.map((row) => `${row.user_id} ${row.ended_why}`)
}

async function events() {
  const rows = await database.db
    .selectFrom('audit_event')
    .select(['action', 'result', 'actor_id'])
    .where('action', '=', 'session.end')
    .execute()
  return rows.map((row) => `${row.result} by ${row.actor_id}`)
}

function signIn(facts: Partial<StartSession> = {}) {
  return sessions.start({
    userId: taro,
    userName: 'taro',
    address: '127.0.0.1',
    assertionId: randomUUID(),
    idpInitiated: false,
    sessionNotOnOrAfter: null,
    localeHint: null,
    replaced: null,
    ...facts,
  })
}

describe('how long a session lives', () => {
  test('an hour without a request ends it', async () => {
    const { id } = await signIn()
    now = minutes(59)
    expect(await sessions.authenticate(id)).not.toBeNull()
    now = minutes(59 + 60)
    expect(await sessions.authenticate(id)).toBeNull()
    expect(await ends()).toEqual(['u-taro idle'])
  })

  test('eight hours end it however busy it is', async () => {
    const { id } = await signIn()
    for (let quarter = 1; quarter < 32; quarter++) {
      now = minutes(quarter * 15)
      expect(await sessions.authenticate(id)).not.toBeNull()
    }
    now = minutes(8 * 60)
    expect(await sessions.authenticate(id)).toBeNull()
    expect(await ends()).toEqual(['u-taro expired'])
  })

  test('the end of the assertion ends it sooner, never later', async () => {
    const brief = await signIn({ sessionNotOnOrAfter: minutes(10) })
    const long = await signIn({ sessionNotOnOrAfter: minutes(24 * 60) })
    expect(long.session.expiresAt).toEqual(minutes(8 * 60))
    now = minutes(10)
    expect(await sessions.authenticate(brief.id)).toBeNull()
    expect(await sessions.authenticate(long.id)).not.toBeNull()
  })

  test("a page's own polling does not keep it from falling idle", async () => {
    const { id } = await signIn()
    now = minutes(30)
    expect(await sessions.authenticate(id, { countsAsActivity: false })).not.toBeNull()
    now = minutes(60)
    expect(await sessions.authenticate(id)).toBeNull()
  })

  test('a look at whether it lives does not keep it alive', async () => {
    const { id, session } = await signIn()
    now = minutes(30)
    expect(await sessions.isLive(session)).toBe(true)
    now = minutes(60)
    expect(await sessions.isLive(session)).toBe(false)
    expect(await sessions.authenticate(id)).toBeNull()
  })

  test('a clock that jumps back re-opens nothing', async () => {
    const { id } = await signIn()
    now = minutes(61)
    expect(await sessions.authenticate(id)).toBeNull()
    now = minutes(1)
    expect(await sessions.authenticate(id)).toBeNull()
  })

  test('activity is not written down at every request', async () => {
    const { id, session } = await signIn()
    now = new Date(start.getTime() + 59_000)
    await sessions.authenticate(id)
    expect((await store.find(session.idHash))?.lastSeenAt).toEqual(start)
    now = minutes(1)
    await sessions.authenticate(id)
    expect((await store.find(session.idHash))?.lastSeenAt).toEqual(minutes(1))
  })
})

describe('how a session ends', () => {
  test("a disabled person's sessions end everywhere, and nobody else's", async () => {
    const mine = [await signIn(), await signIn()]
    const other = await signIn({ userId: 'u-hanako' as UserId })
    const heard: string[] = []
    sessions.onEnd((idHash) => heard.push(idHash.toString('hex')))
    await sessions.endAllOf(taro, 'disabled')
    for (const { id } of mine) expect(await sessions.authenticate(id)).toBeNull()
    expect(await sessions.authenticate(other.id)).not.toBeNull()
    expect(await ends()).toEqual(['u-taro disabled', 'u-taro disabled'])
    expect(await events()).toEqual(['disabled by team', 'disabled by team'])
    expect(heard.sort()).toEqual(mine.map((one) => one.session.idHash.toString('hex')).sort())
  })

  test('ending it twice is one event', async () => {
    const { session } = await signIn()
    await sessions.end(session, 'signed_out')
    await sessions.end(session, 'signed_out')
    expect(await events()).toEqual(['signed_out by u-taro'])
  })

  test('a sign-in that cannot be recorded does not happen, and leaves the former session', async () => {
    const former = await signIn()
    await database.owner.query('alter table audit_event rename to audit_event_lost')
    try {
      await expect(signIn({ replaced: former.session.idHash })).rejects.toThrow('audit_event')
    } finally {
      await database.owner.query('alter table audit_event_lost rename to audit_event')
    }
    expect(await sessions.authenticate(former.id)).not.toBeNull()
    const rows = await database.db.selectFrom('sign_in_session').select('id_hash').execute()
    expect(rows).toHaveLength(1)
  })
})

describe('what is kept', () => {
  test('of fifty who bring one assertion at once exactly one is first', async () => {
    const firsts = await Promise.all(
      Array.from({ length: 50 }, () => store.rememberAssertion('_one', minutes(5))),
    )
    expect(firsts.filter(Boolean)).toHaveLength(1)
  })

  test('what has been over for a day is purged, a bounded number at a time', async () => {
    const { id } = await signIn()
    await database.owner.query(
      `insert into sign_in_session
         (id_hash, user_id, csrf_token, created_at, last_seen_at, expires_at)
       select sha256(n::text::bytea), 'u-old', 't', $1, $1, $1 from generate_series(1, $2) as n`,
      [minutes(-25 * 60), purgeRowsMax + 5],
    )
    await store.rememberAssertion('_old', minutes(-1))
    await store.rememberAssertion('_live', minutes(5))
    expect(await purgeSignIns(database.db, now)).toEqual({ sessions: purgeRowsMax, assertions: 1 })
    expect(await purgeSignIns(database.db, now)).toEqual({ sessions: 5, assertions: 0 })
    expect(await sessions.authenticate(id)).not.toBeNull()
    expect(await store.rememberAssertion('_live', minutes(5))).toBe(false)
  })
})
