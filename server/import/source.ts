/** Where the rows of AWS's sample come from: its tables in DynamoDB, or files of an export. */
import { type Item, NoAttributeValue, plainItem } from './attribute-values.ts'
import { shown } from './shown.ts'

export const sampleTables = ['Eligibility', 'Approvers', 'Settings', 'requests'] as const
export type SampleTable = (typeof sampleTables)[number]

export interface SampleSource {
  /** As the report names it. */
  readonly where: string
  /** Those that are there. */
  readonly tables: ReadonlySet<SampleTable>
  /** Raw, in DynamoDB's JSON; each time from the beginning. */
  items(table: SampleTable): AsyncIterable<unknown>
  close(): void
}

export interface Row {
  readonly table: SampleTable
  /** The row's `id`; what stands in for it where there is none. */
  readonly key: string
  readonly item: Item
}

/** Something in a row that could not be understood or followed. */
export interface Problem {
  readonly table: SampleTable
  readonly key: string
  readonly field: string
  readonly reason: string
}

/** Of a row that is none, too. */
function keyOf(raw: unknown): string | null {
  const id: unknown = Object(Object(raw).id).S
  return typeof id === 'string' && isKey.test(id) ? id : null
}

const asWrittenCharactersMax = 2_000

function asWritten(raw: unknown): string {
  const text = JSON.stringify(raw, (name, value) => (name === 'slackToken' ? undefined : value))
  return shown(text ?? 'nothing', asWrittenCharactersMax)
}

/** The sample keeps its Slack token beside everything else. It goes no further than this. */
function withoutSecrets(item: Item): Item {
  return item.slackToken ? { ...item, slackToken: '(not kept)' } : item
}

const isKey = /^[\x21-\x7e]{1,200}$/

/** Rows that are rows; of any other, only its place in the table is known. */
export async function* rowsOf(
  source: SampleSource,
  table: SampleTable,
  tell: (problem: Problem) => void,
): AsyncGenerator<Row> {
  if (!source.tables.has(table)) return
  let count = 0
  for await (const raw of source.items(table)) {
    count += 1
    const key = keyOf(raw) ?? `item ${count}`
    try {
      const item = plainItem(raw)
      const { id } = item
      if (typeof id === 'string' && isKey.test(id)) {
        yield { table, key: id, item: withoutSecrets(item) }
      } else {
        tell({
          table,
          key,
          field: 'id',
          reason: `is missing, or is none of the sample’s: ${asWritten(raw)}`,
        })
      }
    } catch (error) {
      if (!(error instanceof NoAttributeValue)) throw error
      tell({ table, key, field: '', reason: `${error.message}: ${asWritten(raw)}` })
    }
  }
}
