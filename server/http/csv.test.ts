import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { type Columns, csvText, type ExportFormat, jsonLinesText, sendFile } from './csv.ts'

interface Row {
  readonly name: string
  readonly count: number | null
}

const columns: Columns<Row> = { name: (row) => row.name, count: (row) => row.count }

let app: FastifyInstance | null = null
afterEach(() => app?.close())

async function* batches(...all: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  yield* all
}

async function fetched(
  text: AsyncIterable<string>,
  format: ExportFormat = 'csv',
  mayGoOn = async () => {},
) {
  app = fastify()
  app.get('/', (_request, reply) => sendFile(reply, { format, name: 'rows', text, mayGoOn }))
  return fetch(await app.listen({ port: 0 }))
}

describe('a file', () => {
  test('in CSV has a line of names, a line a row, and no formula', async () => {
    const rows = batches([{ name: '=1+1', count: -1 }], [], [{ name: 'a,"b"', count: null }])
    const answer = await fetched(csvText(columns, rows))
    const bytes = Buffer.from(await answer.arrayBuffer()).toString()
    expect(bytes).toBe(`\uFEFFname,count\r\n'=1+1,-1\r\n"a,""b""",\r\n`)
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="rows.csv"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('in JSON lines has the rows as they are, and may be empty', async () => {
    const answer = await fetched(jsonLinesText(batches([{ name: '=1', count: 2 }])), 'jsonl')
    expect(await answer.text()).toBe('{"name":"=1","count":2}\n')
    await app?.close()
    const empty = await fetched(jsonLinesText(batches()), 'jsonl')
    expect([empty.status, await empty.text()]).toEqual([200, ''])
  })
})

describe('a fault', () => {
  test('before the first part is an answer of its own', async () => {
    // biome-ignore lint/correctness/useYield: it fails before it could
    async function* refused(): AsyncGenerator<string> {
      throw new Error('refused')
    }
    expect((await fetched(refused())).status).toBe(500)
  })

  test('of the first rows comes before the line of names', async () => {
    // biome-ignore lint/correctness/useYield: it fails before it could
    async function* refused(): AsyncGenerator<Row[]> {
      throw new Error('refused')
    }
    expect((await fetched(csvText(columns, refused()))).status).toBe(500)
    const none = await csvText(columns, batches()).next()
    expect(none.value).toBe('\uFEFFname,count\r\n')
  })

  test('in the middle does not look like a whole file', async () => {
    async function* broken(): AsyncGenerator<string> {
      yield 'begun\n'
      throw new Error('broken')
    }
    const answer = await fetched(broken())
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })

  test('is that whoever takes it may no longer, and nothing more is made', async () => {
    let made = 0
    async function* parts(): AsyncGenerator<string> {
      for (made = 1; made <= 10; made += 1) yield `part ${made}\n`
    }
    const answer = await fetched(parts(), 'csv', async () => {
      if (made === 3) throw new Error('may no longer')
    })
    await expect(answer.text()).rejects.toThrow()
    expect(made).toBe(3)
  })
})

test('what nobody takes is not made: a reader who leaves early ends the reading', async () => {
  const ended = Promise.withResolvers<void>()
  let made = 0
  async function* endless(): AsyncGenerator<string> {
    try {
      for (;;) {
        made += 1
        yield 'x'.repeat(100_000)
      }
    } finally {
      ended.resolve()
    }
  }
  const answer = await fetched(endless())
  const reader = answer.body?.getReader()
  await reader?.read()
  await reader?.cancel()
  await ended.promise
  expect(made).toBeLessThan(1_000)
})
