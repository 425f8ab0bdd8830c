/** The export is read here as a stranger would, with nothing but docs/reference/audit-format.md. */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuditEvent } from '#contract/audit.ts'
import { csvText } from '#server/http/csv.ts'
import { change, systemActor } from '#server/store/change.ts'
import type { EventFilter } from '#server/store/events.ts'
import { createTestDatabase, type TestDatabase } from '#test/database.ts'
import { eventColumns, eventLines, exportedEvents } from './export.ts'
import { eventsPerBatch } from './read.ts'

let database: TestDatabase
const day = (date: number) => new Date(Date.UTC(2026, 10, date))
const formula = '=HYPERLINK("https://evil.example","click")'

beforeAll(async () => {
  database = await createTestDatabase()
  await change(database.db, day(24), async (c) => {
    c.event({
      actor: { type: 'user', id: 'u-1', name: formula },
      action: 'request.submit',
      object: { type: 'request', id: 'r-1' },
      payload: { justification: '「緊急」𠮷, "quoted"\nnext line', z: 1e21, a: -0.1, ｅ: [null] },
    })
  })
  await change(database.db, day(25), async (c) => {
    c.event({
      actor: systemActor,
      action: 'x',
      object: { type: 'request', id: 'r-2' },
      payload: {},
    })
    c.event({ actor: systemActor, action: 'y', object: { type: 'key', id: 'r-1' }, payload: {} })
  })
})
afterAll(() => database.drop())

function exportEvents(
  db: TestDatabase['db'],
  { format, filter = {} }: { format: 'csv' | 'jsonl'; filter?: EventFilter },
): AsyncGenerator<string> {
  const events = exportedEvents(db, filter)
  return format === 'csv' ? csvText(eventColumns, events) : eventLines(events)
}

async function collect(lines: AsyncIterable<string>): Promise<string> {
  let text = ''
  for await (const part of lines) text += part
  return text
}

async function jsonLines(filter = {}) {
  const text = await collect(exportEvents(database.db, { format: 'jsonl', filter }))
  expect(text === '' || text.endsWith('\n')).toBe(true)
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Canonical JSON for what events hold, written from RFC 8785 without a library. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`
}

const sha256 = (...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

function isInOrder(lines: Record<string, unknown>[]): boolean {
  let previous = Buffer.alloc(32)
  return lines.every((line) => {
    const { seq, at, actor, action, object, result, payload, payloadHash } = line
    const salt = Buffer.from(String(line.salt), 'hex')
    const payloadFits = sha256(salt, canonical(payload)).toString('hex') === payloadHash
    const header = { seq, at, actor, action, object, result, payloadHash }
    const hash = sha256(previous, canonical(header))
    const fits =
      line.previousHash === previous.toString('hex') && line.hash === hash.toString('hex')
    previous = hash
    return payloadFits && fits
  })
}

describe('JSON lines', () => {
  test('can be verified by a stranger who has only the file and the description', async () => {
    const lines = await jsonLines()
    expect(lines).toHaveLength(3)
    expect(isInOrder(lines)).toBe(true)
    const altered = structuredClone(lines)
    altered[0].payload.justification = '「平常」'
    expect(isInOrder(altered)).toBe(false)
    expect(isInOrder([lines[0], lines[2]])).toBe(false)
  })

  test('hold what the API shows, and what verification needs beside it', async () => {
    for (const line of await jsonLines()) {
      const shown = AuditEvent.parse(line)
      expect(line).toEqual({ ...shown, salt: line.salt })
    }
  })

  test('an erased payload is null, with its hash still there', async () => {
    await database.owner.query('update audit_event set payload = null, salt = null where seq = 2')
    const [, line] = await jsonLines()
    expect(line).toMatchObject({
      payload: null,
      salt: null,
      payloadHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  test('what somebody damaged is exported as it is found', async () => {
    await database.owner.query(`update audit_event set payload = 'no JSON' where seq = 3`)
    await database.owner.query(`update audit_event set at = 'infinity' where seq = 2`)
    const [, second, third] = await jsonLines()
    expect([second.at, third.payload]).toEqual(['unreadable', 'no JSON'])
    await database.owner.query(`update audit_event set at = $1 where seq = 2`, [day(25)])
  })
})

describe('filters', () => {
  const filters: [string, object, number[]][] = [
    ['none', {}, [1, 2, 3]],
    ['one actor', { actorId: 'u-1' }, [1]],
    ['one action', { action: 'y' }, [3]],
    ['the beginning of a name, in any case', { actor: 'team' }, [2, 3]],
    ['a name with what LIKE takes for something else', { actor: '%' }, []],
    ['one result', { result: 'done' }, [1, 2, 3]],
    ['one kind of thing', { objectType: 'request' }, [1, 2]],
    ['one thing', { objectType: 'request', objectId: 'r-1' }, [1]],
    ['from a moment on, which belongs to it', { from: day(25) }, [2, 3]],
    ['until a moment, which does not', { to: day(25) }, [1]],
    ['nothing', { objectId: 'r-9' }, []],
  ]
  for (const [what, filter, expected] of filters) {
    test(what, async () => {
      expect((await jsonLines(filter)).map((line) => line.seq)).toEqual(expected)
    })
  }
})

describe('CSV', () => {
  test('opens as UTF-8 in a spreadsheet, and no cell of it is a formula', async () => {
    const text = await collect(exportEvents(database.db, { format: 'csv' }))
    expect(text.startsWith('\uFEFFseq,at,actorType,actorId,actorName,action,')).toBe(true)
    const [, first = ''] = text.split('\r\n')
    expect(first).toContain(`"'=HYPERLINK(""https://evil.example"",""click"")"`)
    expect(first).toContain('「緊急」𠮷')
    expect(first.startsWith('1,2026-11-24T00:00:00.000Z,user,u-1,')).toBe(true)
  })

  test('of an empty choice is the line of names alone', async () => {
    const text = await collect(
      exportEvents(database.db, { format: 'csv', filter: { action: 'never' } }),
    )
    expect(text.split('\r\n')).toHaveLength(2)
  })
})

test('a long trail comes in parts, and a reader who stops early ends it', async () => {
  await change(database.db, day(26), async (c) => {
    for (let index = 0; index < eventsPerBatch * 2; index += 1) {
      const object = { type: 'request', id: `long-${index}` }
      c.event({ actor: systemActor, action: 'long', object, payload: { index } })
    }
  })
  const parts: number[] = []
  for await (const part of exportEvents(database.db, {
    format: 'jsonl',
    filter: { action: 'long' },
  })) {
    parts.push(part.split('\n').length - 1)
  }
  expect(parts).toEqual([eventsPerBatch, eventsPerBatch])
  for await (const part of exportEvents(database.db, { format: 'jsonl' })) {
    expect(part.length).toBeGreaterThan(0)
    break
  }
})
