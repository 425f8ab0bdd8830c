/**
 * Cursors name the last thing that was shown, so that what is added or removed meanwhile neither
 * repeats nor hides anything. To clients they are opaque.
 */
import type { z } from 'zod'
import { Refused } from './refused.ts'

export function encodeCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

export function decodeCursor<Schema extends z.ZodType>(
  cursor: string | undefined,
  schema: Schema,
): z.output<Schema> | null {
  if (cursor === undefined) return null
  const parsed = schema.safeParse(jsonIn(cursor))
  if (parsed.success) return parsed.data
  const message = 'This cursor belongs to another list. Begin at the first page.'
  throw new Refused('malformed', {
    detail: message,
    errors: [{ field: 'cursor', code: 'malformed', message }],
  })
}

function jsonIn(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString(), refuseNull)
  } catch {
    return null
  }
}

/** No place in a list has a null character, and PostgreSQL would not take one. */
function refuseNull(_name: string, value: unknown): unknown {
  if (typeof value === 'string' && value.includes('\u0000')) throw new SyntaxError('null character')
  return value
}

/** Stores answer one more than asked for: whether there is a next page shows by that. */
export function pageOf<Item>(
  found: readonly Item[],
  limit: number,
  cursorOf: (last: Item) => readonly (string | number)[],
): { items: Item[]; nextCursor: string | null } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const nextCursor =
    found.length > limit && last !== undefined ? encodeCursor(cursorOf(last)) : null
  return { items, nextCursor }
}
