import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { change, systemActor } from '#server/store/change.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { anchorHead } from './anchor.ts'
import { hashEvent, sealPayload } from './chain.ts'
import { verifyChain } from './verify.ts'

let database: TestDatabase
const at = new Date('2026-11-24T00:00:00.123Z')
const events = 12

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

/** As its owner: the application could not do this. */
async function tamper(statement: string, values: unknown[] = []): Promise<number> {
  const { rowCount } = await database.owner.query(statement, values)
  return rowCount ?? 0
}

async function append(payload: object, action = 'request.submit', objectId = 'r-1'): Promise<void> {
  await change(database.db, at, async (c) => {
    c.event({
      actor: { type: 'user', id: 'u-1', name: 'taro' },
      action,
      object: { type: action === 'audit.erase' ? 'audit_event' : 'request', id: objectId },
      payload,
    })
  })
}

const verify = () => verifyChain(database.db)

beforeEach(async () => {
  await tamper('delete from audit_event')
  await tamper(`update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex')`)
  for (let index = 1; index <= events; index += 1) {
    await append({
      index,
      justification: '「緊急対応」𠮷野家 １号 <b>',
      nested: { b: [1, null], a: 1.5 },
    })
  }
})

describe('a trail that nobody touched', () => {
  test('is in order, and its head is the hash of the last event', async () => {
    const { rows } = await database.owner.query<{ hash: Buffer }>(
      'select hash from audit_event order by seq desc limit 1',
    )
    expect(await verify()).toEqual({ ok: true, events, head: rows[0]?.hash.toString('hex') })
  })

  test('is in order when it is empty', async () => {
    await tamper('delete from audit_event')
    await tamper(`update audit_head set seq = 0, hash = decode(repeat('00', 32), 'hex')`)
    expect(await verify()).toEqual({ ok: true, events: 0, head: '0'.repeat(64) })
  })

  test('stays in order under twenty transactions that append at once', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        change(database.db, at, async (c) => {
          for (const part of ['a', 'b']) {
            c.event({
              actor: systemActor,
              action: 'request.submit',
              object: { type: 'request', id: `${index}${part}` },
              payload: { index, part },
            })
          }
        }),
      ),
    )
    expect(await verify()).toMatchObject({ ok: true, events: events + 40 })
    const { rows } = await database.owner.query<{ a: number; b: number }>(
      `select a.seq::int as a, b.seq::int as b from audit_event a
       join audit_event b on b.object_id = replace(a.object_id, 'a', 'b')
       where a.object_id ~ '^[0-9]+a$'`,
    )
    expect(rows).toHaveLength(20)
    for (const pair of rows) expect(pair.b).toBe(pair.a + 1)
  })

  test('is verified batch by batch when it is longer than one', async () => {
    await change(database.db, at, async (c) => {
      for (let index = 0; index < 2_500; index += 1) {
        const object = { type: 'request', id: String(index) }
        c.event({ actor: systemActor, action: 'request.submit', object, payload: { index } })
      }
    })
    expect(await verify()).toMatchObject({ ok: true, events: events + 2_500 })
    await tamper(`update audit_event set result = 'undone' where seq = 2345`)
    expect(await verify()).toMatchObject({ ok: false, firstBroken: 2345 })
  })
})

/** How each column of one event is altered; `n` picks the place. Null: nothing there to alter. */
const columns: Record<string, (n: number) => string> = {
  seq: (n) => `seq = seq # (1::bigint << ${40 + (n % 22)})`,
  at: (n) => `at = at + ${1 + (n % 1_000_000)} * interval '1 microsecond'`,
  actor_type: (n) => `actor_type = '${n % 2 === 0 ? 'system' : 'token'}'`,
  actor_id: flipText('actor_id'),
  actor_name: flipText('actor_name'),
  action: flipText('action'),
  object_type: flipText('object_type'),
  object_id: flipText('object_id'),
  result: flipText('result'),
  payload: flipText('payload'),
  salt: flipBytes('salt'),
  payload_hash: flipBytes('payload_hash'),
  previous_hash: flipBytes('previous_hash'),
  hash: flipBytes('hash'),
}

/** One character becomes its neighbour. */
function flipText(column: string): (n: number) => string {
  return (n) => {
    const place = `1 + ${n} % length(${column})`
    const next = `chr(ascii(substr(${column}, ${place}, 1)) # 1)`
    return `${column} = overlay(${column} placing ${next} from ${place} for 1)`
  }
}

/** One bit of one byte. */
function flipBytes(column: string): (n: number) => string {
  return (n) => {
    const bit = `${n} % (length(${column}) * 8)`
    return `${column} = set_bit(${column}, ${bit}, 1 - get_bit(${column}, ${bit}))`
  }
}

describe('every alteration is found, where it was made', () => {
  test('the table of columns names every column that there is', async () => {
    const { rows } = await database.owner.query<{ name: string }>(
      `select column_name as name from information_schema.columns where table_name = 'audit_event'`,
    )
    expect(rows.map((row) => row.name).toSorted()).toEqual(Object.keys(columns).toSorted())
  })

  for (const [column, alter] of Object.entries(columns)) {
    test(`a flip in ${column}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: events }),
          fc.nat(10_000),
          async (seq, place) => {
            const row = await database.owner.query('select * from audit_event where seq = $1', [
              seq,
            ])
            const changed = await tamper(
              `update audit_event set ${alter(place)} where seq = ${seq}`,
            )
            expect(changed).toBe(1)
            const verdict = await verify()
            expect(verdict).toMatchObject({ ok: false, firstBroken: seq })
            await restore(seq, row.rows[0])
          },
        ),
        { numRuns: 25 },
      )
      expect(await verify()).toMatchObject({ ok: true, events })
    })
  }

  async function restore(seq: number, row: Record<string, unknown>): Promise<void> {
    const { seq: _, ...rest } = row
    await tamper('delete from audit_event where seq = $1 or seq > 1000', [seq])
    const names = Object.keys(rest)
    await tamper(
      `insert into audit_event (seq, ${names.join(', ')})
       values ($1, ${names.map((_name, index) => `$${index + 2}`).join(', ')})`,
      [seq, ...Object.values(rest)],
    )
  }

  const alterations: [string, string[], number][] = [
    [
      'a payload written in another order of keys',
      [`update audit_event set payload = (payload::jsonb)::text where seq = 4`],
      4,
    ],
    [
      'a payload replaced together with its hash and its salt',
      [
        `update audit_event a set payload = b.payload, salt = b.salt, payload_hash = b.payload_hash
        from audit_event b where a.seq = 5 and b.seq = 6`,
      ],
      5,
    ],
    ['an event taken out of the middle', ['delete from audit_event where seq = 7'], 7],
    ['the first event taken away', ['delete from audit_event where seq = 1'], 1],
    [
      'two events in each other’s place',
      [
        'update audit_event set seq = 100 where seq = 3',
        'update audit_event set seq = 3 where seq = 4',
        'update audit_event set seq = 4 where seq = 100',
      ],
      3,
    ],
    [
      'an event taken out and the numbers closed up',
      [
        'delete from audit_event where seq = 8',
        'update audit_event set seq = seq - 1 where seq > 8',
        'update audit_head set seq = seq - 1',
      ],
      8,
    ],
    ['the last events taken off', ['delete from audit_event where seq > 10'], 11],
    ['all events taken away', ['delete from audit_event'], 1],
    [
      'an event added behind the head',
      [
        `insert into audit_event select 13, at, actor_type, actor_id, actor_name, action, object_type,
         object_id, result, payload, salt, payload_hash, hash, hash from audit_event where seq = 12`,
      ],
      13,
    ],
    [
      'an event numbered zero before the first',
      [
        `insert into audit_event select 0, at, actor_type, actor_id, actor_name, action, object_type,
         object_id, result, payload, salt, payload_hash, hash, hash from audit_event where seq = 12`,
      ],
      1,
    ],
    [
      'a head with another hash',
      [`update audit_head set hash = set_bit(hash, 5, 1 - get_bit(hash, 5))`],
      13,
    ],
    ['a head with an older number', ['update audit_head set seq = 9'], 10],
    ['a head with a newer number', ['update audit_head set seq = 15'], 13],
    ['no head at all', ['delete from audit_head'], 1],
    ['a time without end', [`update audit_event set at = 'infinity' where seq = 2`], 2],
    ['a time before our era', [`update audit_event set at = '0044-03-15 BC' where seq = 2`], 2],
    [
      'a payload erased without an event that says so',
      ['update audit_event set payload = null, salt = null where seq = 3'],
      3,
    ],
    [
      'a payload erased with its salt left',
      ['update audit_event set payload = null where seq = 3'],
      3,
    ],
    [
      'a salt erased with its payload left',
      ['update audit_event set salt = null where seq = 3'],
      3,
    ],
  ]
  for (const [what, statements, firstBroken] of alterations) {
    test(what, async () => {
      for (const statement of statements) expect(await tamper(statement)).toBeGreaterThan(0)
      expect(await verify()).toMatchObject({ ok: false, firstBroken })
      if (what === 'no head at all') {
        await tamper(
          `insert into audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'))`,
        )
      }
    })
  }
})

test('numbers may not jump, even if every hash fits', async () => {
  const { rows } = await database.owner.query<{ hash: Buffer }>(
    'select hash from audit_event where seq = 12',
  )
  const previous = rows[0]!.hash
  const payload = sealPayload({})
  const header = {
    seq: 14,
    at,
    actor: systemActor,
    action: 'x',
    object: { type: 'request', id: 'r' },
    result: 'done',
  }
  const hash = hashEvent(previous, header, payload.hash)
  await tamper(
    `insert into audit_event values
     (14, $1, 'system', $2, $3, 'x', 'request', 'r', 'done', $4, $5, $6, $7, $8)`,
    [
      at,
      systemActor.id,
      systemActor.name,
      payload.text,
      payload.salt,
      payload.hash,
      previous,
      hash,
    ],
  )
  await tamper('update audit_head set seq = 14, hash = $1', [hash])
  expect(await verify()).toMatchObject({ ok: false, firstBroken: 13 })
})

describe('erasing for privacy', () => {
  const erase = () =>
    tamper('update audit_event set payload = null, salt = null where seq in (3, 5)')

  test('is fine when events say which payloads are gone', async () => {
    await erase()
    await append({ why: 'asked for' }, 'audit.erase', '3')
    await append({ why: 'asked for' }, 'audit.erase', '5')
    expect(await verify()).toMatchObject({ ok: true, events: events + 2 })
  })

  test('is found when an event names only some of them', async () => {
    await erase()
    await append({ why: 'asked for' }, 'audit.erase', '3')
    expect(await verify()).toMatchObject({ ok: false, firstBroken: 5 })
  })

  test('is found when the event that names it is about something else', async () => {
    await tamper('update audit_event set payload = null, salt = null where seq = 3')
    await append({}, 'request.submit', '3')
    expect(await verify()).toMatchObject({ ok: false, firstBroken: 3 })
  })
})

describe('anchors', () => {
  test('show that a trail was shortened together with its head', async () => {
    const lines: object[] = []
    const log = { info: (fields: object) => void lines.push(fields), warn: () => undefined }
    const anchor = await anchorHead(database.db, log, at)
    expect(lines).toEqual([{ auditHead: { ...anchor, at: at.toISOString() } }])
    expect(await verifyChain(database.db, { anchors: [anchor] })).toMatchObject({ ok: true })
    await tamper('delete from audit_event where seq > 10')
    await tamper(
      'update audit_head set seq = 10, hash = (select hash from audit_event where seq = 10)',
    )
    expect(await verify()).toMatchObject({ ok: true, events: 10 })
    expect(await verifyChain(database.db, { anchors: [anchor] })).toMatchObject({
      ok: false,
      firstBroken: 11,
    })
  })

  test('go to every place; one that does not take it stops no other and is said', async () => {
    const kept: object[] = []
    const warned: object[] = []
    const log = { info: () => undefined, warn: (fields: object) => void warned.push(fields) }
    const away = { name: 'away', keep: () => Promise.reject(new Error('is away')) }
    const place = { name: 'there', keep: async (one: object) => void kept.push(one) }
    const anchor = await anchorHead(database.db, log, at, [away, place])
    expect(kept).toEqual([{ ...anchor, at }])
    expect(warned).toEqual([{ err: new Error('is away'), place: 'away' }])
  })

  test('show that the trail was written anew', async () => {
    const anchor = { seq: 4, hash: 'ab'.repeat(32) }
    expect(await verifyChain(database.db, { anchors: [anchor] })).toMatchObject({
      ok: false,
      firstBroken: 4,
    })
  })
})

describe('the application’s role', () => {
  const forbidden: [string, string][] = [
    ['cannot change an event', `update audit_event set result = 'x'`],
    ['cannot delete an event', 'delete from audit_event'],
    ['cannot empty the trail', 'truncate audit_event'],
    ['cannot delete the head', 'delete from audit_head'],
    ['cannot become the owner', 'reset role; update audit_event set result = result'],
    ['cannot switch the table’s rules off', 'alter table audit_event disable trigger all'],
  ]
  for (const [rule, statement] of forbidden) {
    test(rule, async () => {
      await expect(sql.raw(statement).execute(database.db)).rejects.toThrow(
        /permission|must be owner/,
      )
      expect(await verify()).toMatchObject({ ok: true, events })
    })
  }
})
