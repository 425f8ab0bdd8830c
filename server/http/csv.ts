/**
 * Lists as files, in CSV for people with spreadsheets and in JSON lines for programs. What stands in
 * a cell is made harmless by `csvRow` of the rules; here rows become text and text becomes a file
 * that is sent as fast as it is taken, so that a long list needs no more memory than a short one.
 */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { z } from 'zod'
import { type CsvValue, csvRow } from '#core/text.ts'

export const exportFormats = ['csv', 'jsonl'] as const
export type ExportFormat = (typeof exportFormats)[number]

export const exportMediaTypes: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  jsonl: 'application/jsonl; charset=utf-8',
}

/** Spreadsheets take a file for UTF-8 by this. */
const byteOrderMark = '\uFEFF'

/** Name and content of each column, in order. */
export type Columns<Row> = Readonly<Record<string, (row: Row) => CsvValue>>

/** A line of names, with the first rows so that a refusal of them comes before it; a line a row. */
export async function* csvText<Row>(
  columns: Columns<Row>,
  batches: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  const cells = Object.values(columns)
  let head = byteOrderMark + csvRow(Object.keys(columns))
  for await (const batch of batches) {
    yield head + batch.map((row) => csvRow(cells.map((cell) => cell(row)))).join('')
    head = ''
  }
  if (head !== '') yield head
}

export async function* jsonLinesText<Row>(
  batches: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  for await (const batch of batches) {
    yield batch.map((row) => `${JSON.stringify(row)}\n`).join('')
  }
}

export async function* mapped<From, To>(
  batches: AsyncIterable<readonly From[]>,
  show: (one: From) => To,
): AsyncGenerator<To[]> {
  for await (const batch of batches) yield batch.map(show)
}

/** Without the ending; of two that were taken at different times, two. */
export function fileName(what: string, at: Date): string {
  return `team-${what}-${at.toISOString().replaceAll(':', '-').slice(0, 19)}Z`
}

/**
 * Nothing is sent before the first part is there, so that a refusal is still an answer of its own.
 * A fault or a refusal after that breaks the connection: half a file must not look like a whole one.
 */
export async function sendFile(
  reply: FastifyReply,
  file: {
    readonly format: ExportFormat
    /** Without the ending. */
    readonly name: string
    readonly text: AsyncIterable<string>
    /** Asked before each further part; throws when whoever takes the file may no longer. */
    readonly mayGoOn: () => Promise<unknown>
  },
): Promise<FastifyReply> {
  const parts = file.text[Symbol.asyncIterator]()
  const first = await parts.next()
  reply.header('content-type', exportMediaTypes[file.format])
  reply.header('content-disposition', `attachment; filename="${file.name}.${file.format}"`)
  reply.header('cache-control', 'no-store')
  const sent = from(first, parts, file.mayGoOn)
  return reply.send(Readable.from(sent, { objectMode: false }))
}

async function* from(
  first: IteratorResult<string>,
  rest: AsyncIterator<string>,
  mayGoOn: () => Promise<unknown>,
): AsyncGenerator<Buffer> {
  try {
    for (let part = first; part.done !== true; part = await rest.next()) {
      // An empty part would end a stream of bytes.
      if (part.value !== '') yield Buffer.from(part.value)
      await mayGoOn()
    }
  } finally {
    await rest.return?.()
  }
}

/** For a route's schema: the same file in either format. */
export function fileAnswer(description: string) {
  const content = Object.fromEntries(
    Object.values(exportMediaTypes).map((type) => [type.split(';', 1)[0], { schema: z.string() }]),
  )
  return { description, content }
}
