export interface ChangedField {
  readonly name: string
  readonly before: string
  readonly after: string
}

type Payload = Readonly<Record<string, unknown>>

/** What is different between `before` and `after` of a payload; null if it has no such two. */
export function changedFields(payload: Payload): {
  readonly rest: Payload
  readonly changed: readonly ChangedField[] | null
} {
  const { before, after, ...rest } = payload
  if (!('before' in payload || 'after' in payload)) return { rest, changed: null }
  const [old, now] = [fieldsOf(before), fieldsOf(after)]
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])]
  const fields = names.map((name) => ({ name, before: shown(old[name]), after: shown(now[name]) }))
  return { rest, changed: fields.filter((one) => one.before !== one.after) }
}

function fieldsOf(value: unknown): Payload {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value))
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return '—'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
