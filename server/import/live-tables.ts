/** The sample's tables in DynamoDB. Amplify calls them `<type>-<id of the API>-<environment>`. */
import { AwsRefused, type Desk } from '#server/aws/at-a-desk.ts'
import { createSampleTables } from '#server/aws/sample-tables.ts'
import { CannotDo } from '#server/command-line/shell.ts'
import { type SampleSource, type SampleTable, sampleTables } from './source.ts'

export interface LiveTables extends Desk {
  /** What follows the type in the tables' names; undefined: whatever there is one of. */
  readonly suffix: string | undefined
}

export async function openLiveTables(wanted: LiveTables): Promise<SampleSource> {
  const tables = createSampleTables(wanted)
  try {
    const found = sampleTablesAmong(await inWords(() => tables.names()))
    const suffix = chosen(found, wanted.suffix)
    const present = found.get(suffix) ?? new Set()
    return {
      where: `DynamoDB, tables …-${suffix}`,
      tables: present,
      items: (table) => itemsInWords(tables.items(`${table}-${suffix}`)),
      close: () => tables.close(),
    }
  } catch (error) {
    tables.close()
    throw error
  }
}

function sampleTablesAmong(names: readonly string[]): Map<string, Set<SampleTable>> {
  const found = new Map<string, Set<SampleTable>>()
  for (const name of names) {
    const table = sampleTables.find((one) => name.startsWith(`${one}-`))
    if (table === undefined) continue
    const suffix = name.slice(table.length + 1)
    found.set(suffix, (found.get(suffix) ?? new Set()).add(table))
  }
  // Any other program may have a table of requests.
  for (const [suffix, tables] of found) if (!tables.has('Eligibility')) found.delete(suffix)
  return found
}

function chosen(found: ReadonlyMap<string, unknown>, wanted: string | undefined): string {
  const suffixes = [...found.keys()].toSorted()
  const [only] = suffixes
  if (wanted !== undefined && found.has(wanted)) return wanted
  if (only === undefined) {
    throw new CannotDo(
      'DynamoDB has no table Eligibility-… in this account and Region. Say --profile and --region of the account in which the sample runs, or --export with a folder.',
    )
  }
  if (wanted !== undefined || suffixes.length > 1) {
    throw new CannotDo(
      `The sample's tables are there with these endings: ${suffixes.join(', ')}. Say one of them with --tables.`,
    )
  }
  return only
}

async function inWords<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw error instanceof AwsRefused ? new CannotDo(error.message) : error
  }
}

async function* itemsInWords(items: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  try {
    yield* items
  } catch (error) {
    throw error instanceof AwsRefused ? new CannotDo(error.message) : error
  }
}
