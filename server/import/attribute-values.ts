/** DynamoDB's JSON (`{ "id": { "S": "…" } }`) as plain values. */

export type Item = Readonly<Record<string, unknown>>

export class NoAttributeValue extends Error {}

/** @throws {NoAttributeValue} for what is no item. */
export function plainItem(raw: unknown): Item {
  return plainMap(raw, '')
}

function plainMap(raw: unknown, at: string): Item {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new NoAttributeValue(`${at || 'the item'} is not a map`)
  }
  // `fromEntries` makes properties of the object's own, whatever they are called.
  return Object.fromEntries(
    Object.entries(raw).map(([name, value]) => [
      name,
      plainValue(value, at ? `${at}.${name}` : name),
    ]),
  )
}

function plainValue(raw: unknown, at: string): unknown {
  const entries = typeof raw === 'object' && raw !== null ? Object.entries(raw) : []
  const [entry] = entries
  if (entry === undefined || entries.length !== 1) {
    throw new NoAttributeValue(`${at} is not a value of DynamoDB's`)
  }
  const [type, value] = entry
  switch (type) {
    case 'S':
    case 'N':
    case 'B':
      return typeof value === 'string' ? value : String(value)
    case 'BOOL':
      return value === true
    case 'NULL':
      return null
    case 'M':
      return plainMap(value, at)
    case 'L':
    case 'SS':
    case 'NS':
    case 'BS':
      return plainList(type, value, at)
    default:
      throw new NoAttributeValue(`${at} is of the unknown type ${type}`)
  }
}

function plainList(type: string, value: unknown, at: string): unknown[] {
  if (!Array.isArray(value)) throw new NoAttributeValue(`${at} is not a list`)
  return type === 'L' ? value.map((one, i) => plainValue(one, `${at}.${i}`)) : value.map(String)
}
