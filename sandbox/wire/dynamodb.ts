/** Reading DynamoDB: the tables of an account, what each is, and all that is in it, page by page. */
import * as z from 'zod'
import { Refusal } from '../model/refusal.ts'
import { bytesOf, inScanOrder, pageBytesMax, place } from '../model/tables.ts'
import type { Item, Table } from '../model/types.ts'
import {
  type Context,
  listed,
  operation,
  pageSize,
  type Service,
  seconds,
  text,
} from './service.ts'

/** Limits and patterns of the dynamodb API model, 2012-08-10. */
const TableName = text({ min: 3, max: 255, pattern: /^[a-zA-Z0-9_.-]+$/ })
/** By an ARN, too, where an operation reads one table. */
const TableNameOrArn = text({ min: 1, max: 1024 })

const invalid = (message: string) => new Refusal('ValidationException', message)

function tablesOf({ world, signer }: Context): Table[] {
  const accountId = signer.principal.accountId(world.state.organisation)
  return [...world.state.tables.values()]
    .filter((table) => table.accountId === accountId)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

const arnOf = ({ signer }: Context, { accountId, name }: Table) =>
  `arn:aws:dynamodb:${signer.region}:${accountId}:table/${name}`

function tableNamed(context: Context, named: string): Table {
  const found = tablesOf(context).find(
    (table) => table.name === named || arnOf(context, table) === named,
  )
  if (found !== undefined) return found
  throw new Refusal(
    'ResourceNotFoundException',
    `Requested resource not found: Table: ${named} not found`,
  )
}

const scanInput = z.strictObject({
  TableName: TableNameOrArn,
  Limit: pageSize(Number.MAX_SAFE_INTEGER),
  ExclusiveStartKey: z.record(z.string(), z.unknown()).optional(),
  ConsistentRead: z.boolean().optional(),
  ReturnConsumedCapacity: z.enum(['INDEXES', 'TOTAL', 'NONE']).optional(),
})

/** Where the page begins; a key with other names than the table's is refused. */
function startOf(table: Table, items: readonly Item[], startKey: Item | undefined): number {
  if (startKey === undefined) return 0
  if (Object.keys(startKey).join() !== table.keyName) {
    throw invalid(
      'The provided starting key is invalid: The provided key element does not match the schema',
    )
  }
  const after = place(startKey[table.keyName])
  const found = items.findIndex((item) => place(item[table.keyName]) > after)
  return found === -1 ? items.length : found
}

function scan(context: Context, input: z.output<typeof scanInput>): object {
  const table = tableNamed(context, input.TableName)
  const items = inScanOrder(table)
  const start = startOf(table, items, input.ExclusiveStartKey)
  const limit = input.Limit ?? Number.MAX_SAFE_INTEGER
  const read: Item[] = []
  let bytes = 0
  for (const item of items.slice(start)) {
    if (read.length >= limit) break
    bytes += bytesOf(item)
    read.push(item)
    if (bytes >= pageBytesMax) break
  }
  const last = read.at(-1)
  // As with AWS, the page that ends exactly with the table may say that there is more.
  const isCut = read.length >= limit || bytes >= pageBytesMax
  const next = isCut && last ? { [table.keyName]: last[table.keyName] } : undefined
  return { Items: read, Count: read.length, ScannedCount: read.length, LastEvaluatedKey: next }
}

export const dynamoDb: Service = {
  name: 'dynamodb',
  scope: 'dynamodb',
  operations: {
    ListTables: operation(
      z.object({ ExclusiveStartTableName: TableName.optional(), Limit: pageSize(100) }),
      (context, { ExclusiveStartTableName: after = '', Limit: size = 100 }) => {
        const rest = tablesOf(context).filter(({ name }) => name > after)
        const page = rest.slice(0, size).map(({ name }) => name)
        const more = rest.length > page.length
        return { TableNames: page, ...(more && { LastEvaluatedTableName: page.at(-1) }) }
      },
    ),

    DescribeTable: operation(z.object({ TableName: TableNameOrArn }), (context, input) => {
      const table = tableNamed(context, input.TableName)
      return {
        Table: {
          TableName: table.name,
          TableArn: arnOf(context, table),
          TableStatus: 'ACTIVE',
          CreationDateTime: seconds(table.createdAt),
          AttributeDefinitions: [{ AttributeName: table.keyName, AttributeType: 'S' }],
          KeySchema: [{ AttributeName: table.keyName, KeyType: 'HASH' }],
          ItemCount: table.items.length,
          TableSizeBytes: table.items.reduce((sum, item) => sum + bytesOf(item), 0),
        },
      }
    }),

    Scan: operation(scanInput, scan),
  },
  optional: [],
  malformed: (mistakes) => invalid(listed(mistakes)),
  throttle: () => {},
}
