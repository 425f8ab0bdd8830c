/** Amazon DynamoDB as far as reading a whole table goes: items, their sizes, pages of a scan. */
import { createHash } from 'node:crypto'
import type { Item, Table } from './types.ts'

/** API reference, Scan: a page ends when so much has been read. */
export const pageBytesMax = 1024 * 1024

/** Items lie by the hash of their key, so a scan gives them in no order that anybody chose. */
export function inScanOrder({ items, keyName }: Pick<Table, 'items' | 'keyName'>): Item[] {
  const placed = items.map((item): [string, Item] => [place(item[keyName]), item])
  return placed.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, item]) => item)
}

export const place = (key: unknown): string =>
  createHash('sha256').update(JSON.stringify(key)).digest('hex')

/** Developer guide, "DynamoDB item sizes and formats". */
export function bytesOf(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOfValue(value),
    0,
  )
}

/** A value as DynamoDB writes it: `{ S: "…" }`. Lists and maps cost 3 bytes, and 1 for each in them. */
function bytesOfValue(value: unknown): number {
  const [[type, inner] = ['', null]] = Object.entries(Object(value))
  if (type === 'M') {
    return Object.entries(Object(inner)).reduce(
      (sum, [name, one]) => sum + 1 + Buffer.byteLength(name) + bytesOfValue(one),
      3,
    )
  }
  if (type === 'L' && Array.isArray(inner)) {
    return inner.reduce((sum, one) => sum + 1 + bytesOfValue(one), 3)
  }
  const texts = Array.isArray(inner) ? inner : [inner]
  return texts.reduce((sum, one) => sum + (typeof one === 'string' ? Buffer.byteLength(one) : 1), 0)
}
