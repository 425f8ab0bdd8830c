/** DynamoDB, for the command that reads the tables of AWS's sample. Reads only, at a person's desk. */
import {
  type AttributeValue,
  DynamoDBClient,
  ListTablesCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import { clientAt, type Desk, inItsWords } from './at-a-desk.ts'

export interface SampleTables {
  names(): Promise<readonly string[]>
  /** Every item, page by page, in whatever order they lie. */
  items(table: string): AsyncIterable<Readonly<Record<string, AttributeValue>>>
  close(): void
}

/** A table with little read capacity throttles a scan for seconds; nobody waits for this but a person. */
const attemptsMax = 10

const refusing = <T>(call: () => Promise<T>) => inItsWords('DynamoDB', call)

export function createSampleTables(desk: Desk): SampleTables {
  const client = new DynamoDBClient({ ...clientAt(desk), maxAttempts: attemptsMax })
  return {
    names: () => names(client),
    items: (table) => items(client, table),
    close: () => client.destroy(),
  }
}

async function names(client: DynamoDBClient): Promise<string[]> {
  const found: string[] = []
  let after: string | undefined
  do {
    const command = new ListTablesCommand({ ExclusiveStartTableName: after })
    const page = await refusing(() => client.send(command))
    found.push(...(page.TableNames ?? []))
    after = page.LastEvaluatedTableName
  } while (after !== undefined)
  return found
}

async function* items(client: DynamoDBClient, table: string) {
  let after: Record<string, AttributeValue> | undefined
  do {
    const command = new ScanCommand({
      TableName: table,
      ExclusiveStartKey: after,
      ConsistentRead: true,
    })
    const page = await refusing(() => client.send(command))
    yield* page.Items ?? []
    after = page.LastEvaluatedKey
  } while (after !== undefined)
}
