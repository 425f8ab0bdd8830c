import {
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
  paginateScan,
  ScanCommand,
} from '@aws-sdk/client-dynamodb'
import { beforeEach, describe, expect, test } from 'vitest'
import { control } from '#sandbox/control/control.ts'
import type { World } from '#sandbox/model/world.ts'
import { managementAccount } from '../model/principals.ts'
import { clientOptions, drivenClock, drivenWorld } from '../test-kit.ts'

let world: World
let client: DynamoDBClient

beforeEach(async () => {
  ;({ world } = await drivenWorld({ clock: drivenClock() }))
  client = new DynamoDBClient(clientOptions(world))
})

function load(name: string, items: object[], more: object = {}) {
  const body = Buffer.from(JSON.stringify({ name, items, ...more }))
  const path = '/_sandbox/tables'
  return control(world, { method: 'POST', path, host: 'localhost', origin: undefined, body })
}
const numbered = (count: number, text = '') =>
  Array.from({ length: count }, (_, at) => ({ id: { S: `${at}` }, text: { S: text } }))

describe('DynamoDB', () => {
  test('gives every item once, in pages of at most 1 MB and the item that reached it', async () => {
    load('requests-a-main', numbered(2_500, 'あ'.repeat(400)))
    const pages = []
    for await (const page of paginateScan({ client }, { TableName: 'requests-a-main' })) {
      pages.push(page.Items?.map(({ id }) => id?.S) ?? [])
    }
    expect(pages.map((page) => page.length)).toEqual([867, 867, 766])
    expect(new Set(pages.flat()).size).toBe(2_500)
    expect(pages.flat()).not.toEqual(pages.flat().toSorted((a, b) => Number(a) - Number(b)))
  })

  test('stops at a limit with the key to go on from, and refuses a key of another shape', async () => {
    load('requests-a-main', numbered(3))
    const scan = (more: object) =>
      client.send(new ScanCommand({ TableName: 'requests-a-main', ...more }))
    const { Items: first, LastEvaluatedKey } = await scan({ Limit: 2 })
    const { Items: rest, LastEvaluatedKey: end } = await scan({
      ExclusiveStartKey: LastEvaluatedKey,
    })
    expect([first?.length, rest?.length, end]).toEqual([2, 1, undefined])
    await expect(scan({ ExclusiveStartKey: { other: { S: '1' } } })).rejects.toMatchObject({
      name: 'ValidationException',
    })
    await expect(scan({ FilterExpression: 'id = :a' })).rejects.toMatchObject({
      name: 'ValidationException',
    })
  })

  test('lists and describes the tables of the account that asks, and knows no others', async () => {
    for (let at = 0; at < 101; at += 1) load(`table-${String(at).padStart(3, '0')}`, numbered(at))
    load('of-another', [], { accountId: world.state.organisation.managementAccountId })
    const first = await client.send(new ListTablesCommand())
    expect([first.TableNames?.length, first.LastEvaluatedTableName]).toEqual([100, 'table-099'])
    const { TableNames } = await client.send(
      new ListTablesCommand({ ExclusiveStartTableName: 'table-099' }),
    )
    expect(TableNames).toEqual(['table-100'])
    const { Table } = await client.send(new DescribeTableCommand({ TableName: 'table-002' }))
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      ItemCount: 2,
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    })
    await expect(
      client.send(new DescribeTableCommand({ TableName: 'of-another' })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' })
    const owner = new DynamoDBClient(clientOptions(world, managementAccount))
    expect((await owner.send(new ListTablesCommand())).TableNames).toEqual(['of-another'])
  })
})
