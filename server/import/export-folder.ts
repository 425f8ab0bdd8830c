/**
 * A folder of files, in either of the forms in which DynamoDB gives a table away:
 *
 * - what `aws dynamodb scan` prints: `{ "Items": [ … ] }`;
 * - an export to S3 in DynamoDB's JSON: files of lines `{ "Item": … }`, as they are or gzipped, below a
 *   `manifest-summary.json` that names the table.
 *
 * A file's table is told by its name, by a folder above it, or by such a manifest.
 */
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { CannotDo, Misuse } from '#server/command-line/shell.ts'
import { type SampleSource, type SampleTable, sampleTables } from './source.ts'

const isManifest = /(^|\/)manifest-(summary|files)\.json$/
const isData = /\.json(\.gz)?$/

export async function openExport(folder: string): Promise<SampleSource> {
  const files = await filesIn(folder)
  const manifests = await tablesByManifest(folder, files)
  const byTable = new Map<SampleTable, string[]>()
  const unknown: string[] = []
  for (const file of files.filter((one) => isData.test(one) && !isManifest.test(one))) {
    const table = tableOf(file, manifests)
    if (table === undefined) unknown.push(file)
    else byTable.set(table, [...(byTable.get(table) ?? []), file])
  }
  if (unknown.length > 0) {
    throw new CannotDo(
      `Which table is ${unknown[0]} of? Let its name, or that of its folder, begin with one of ${sampleTables.join(', ')}.`,
    )
  }
  if (byTable.size === 0)
    throw new CannotDo(`${folder} has no file that ends in .json or .json.gz.`)
  return {
    where: `the export in ${folder}`,
    tables: new Set(byTable.keys()),
    items: (table) => itemsOf(folder, byTable.get(table) ?? []),
    close: () => undefined,
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (error: Error) => {
      throw new Misuse(`${folder} cannot be read: ${error.message}`)
    },
  )
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()
}

async function tablesByManifest(
  folder: string,
  files: readonly string[],
): Promise<Map<string, SampleTable>> {
  const found = new Map<string, SampleTable>()
  for (const file of files.filter((one) => one.endsWith('manifest-summary.json'))) {
    const arn = /"tableArn"\s*:\s*"[^"]*:table\/([^"]+)"/.exec(
      await readFile(join(folder, file), 'utf8'),
    )
    const table = named(arn?.[1] ?? '')
    if (table !== undefined) found.set(dirname(file), table)
  }
  return found
}

function tableOf(
  file: string,
  manifests: ReadonlyMap<string, SampleTable>,
): SampleTable | undefined {
  for (const [folder, table] of manifests) if (file.startsWith(`${folder}/`)) return table
  return file
    .split('/')
    .toReversed()
    .map(named)
    .find((table) => table !== undefined)
}

const named = (name: string) =>
  sampleTables.find((table) => name.toLowerCase().startsWith(table.toLowerCase()))

async function* itemsOf(folder: string, files: readonly string[]): AsyncGenerator<unknown> {
  for (const file of files) {
    const path = join(folder, file)
    const text = await textOf(path)
    // A line of an export to S3 is a whole item; what a scan prints is one value over many lines.
    yield* /^\s*\{\s*"Item"\s*:/.test(text) ? lineItems(path, text) : scanItems(path, text)
  }
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path)
  try {
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    throw new CannotDo(`${path} is not gzip: ${error instanceof Error ? error.message : error}`)
  }
}

function scanItems(path: string, text: string): unknown[] {
  const items: unknown = Reflect.get(Object(parsed(path, 'the file', text)), 'Items')
  if (!Array.isArray(items)) throw new CannotDo(`${path} has no "Items", as a scan prints them.`)
  return items
}

function* lineItems(path: string, text: string): Generator<unknown> {
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    yield Reflect.get(Object(parsed(path, `line ${at + 1}`, line)), 'Item')
  }
}

function parsed(path: string, what: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new CannotDo(`${path}: ${what} is not JSON (${why}). Nothing was written.`)
  }
}
