/** What becomes of one row of the sample: the policy or settings that it is here, and what differs. */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import type { PolicyId } from '#core/ids.ts'
import { shown } from './shown.ts'
import type { Problem, Row } from './source.ts'

/** Something that meant one thing in the sample and means another here. */
export interface Meaning {
  readonly code: string
  readonly text: string
}

export interface Entry<Body> {
  readonly row: Row
  readonly id: PolicyId
  /** As the report names it. */
  readonly name: string
  /** Null: nothing could be made of it; the problems say why. */
  body: Body | null
  readonly meanings: Meaning[]
  readonly problems: Problem[]
}

/** The same row is the same policy, however often it is read: a UUID of version 8 from its key. */
export function idOf({ table, key }: Pick<Row, 'table' | 'key'>): PolicyId {
  const hash = createHash('sha256').update(`aws-sample ${table} ${key}`).digest('hex')
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-8${hash.slice(13, 16)}-a${hash.slice(17, 20)}-${hash.slice(20, 32)}`
  // Made here, of a policy.
  return id as PolicyId
}

/** Reads a row's fields, and notes what is wrong with them. */
export function fieldsOf(row: Row, problems: Problem[]) {
  const { table, key, item } = row
  const tell = (field: string, reason: string) => void problems.push({ table, key, field, reason })
  return {
    tell,
    isThere: (field: string) => item[field] !== undefined && item[field] !== null,
    isOn: (field: string) => item[field] === true,
    /** Empty where there is none. */
    text(field: string): string {
      const value = item[field]
      if (value === undefined || value === null) return ''
      if (typeof value === 'string') return value.trim()
      tell(field, 'is not text')
      return ''
    },
    flag(field: string, otherwise: boolean): boolean {
      const value = item[field]
      if (typeof value === 'boolean') return value
      tell(field, `is neither true nor false; taken as ${otherwise}`)
      return otherwise
    },
    texts(field: string): string[] {
      const value = item[field] ?? []
      if (!Array.isArray(value)) {
        tell(field, 'is not a list')
        return []
      }
      return value.filter((one, at) => {
        if (typeof one === 'string') return true
        tell(`${field}.${at}`, 'is not text')
        return false
      })
    },
    /** Of `{ name, id }`; an id twice is there once. */
    ids(field: string): { id: string; name: string; field: string }[] {
      const value = item[field] ?? []
      if (!Array.isArray(value)) {
        tell(field, 'is not a list')
        return []
      }
      const seen = new Map<string, { id: string; name: string; field: string }>()
      for (const [at, one] of value.entries()) {
        const { id, name } = Object(one)
        const place = `${field}.${at}`
        if (typeof id !== 'string' || id === '') {
          tell(
            place,
            `has no id${typeof name === 'string' ? `, only the name ${shown(name)}` : ''}`,
          )
        } else if (!seen.has(id)) {
          seen.set(id, { id, name: typeof name === 'string' ? name : id, field: place })
        }
      }
      return [...seen.values()]
    },
    /** Hours as the sample writes them, in minutes; null where they are none. */
    hours(field: string): number | null {
      const value = item[field]
      const minutes =
        typeof value === 'string' && value.trim() !== '' ? Number(value) * 60 : Number.NaN
      if (Number.isSafeInteger(minutes) && minutes >= 1) return minutes
      tell(field, `is not a number of hours (it is ${shown(String(value))})`)
      return null
    },
  }
}

export type Fields = ReturnType<typeof fieldsOf>

/** A row about a policy, of which nothing has been made yet. */
export function readPolicy<Body>(row: Row): { entry: Entry<Body>; fields: Fields } {
  const problems: Problem[] = []
  const fields = fieldsOf(row, problems)
  const name = shown(fields.text('name') || row.key)
  return { entry: { row, id: idOf(row), name, body: null, meanings: [], problems }, fields }
}

export function noteFrom(fields: Fields): string {
  const by = shown(fields.text('modifiedBy').replace(/^idc_/, ''))
  return `Taken over from AWS’s sample${by === '' ? '' : `, where ${by} wrote it`}.`
}

/** As the API would take it, or null with what it would refuse. */
export function asBody<Schema extends z.ZodType>(
  schema: Schema,
  input: z.input<Schema>,
  tell: Fields['tell'],
): z.output<Schema> | null {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  for (const { path, message } of parsed.error.issues) tell(path.join('.'), message)
  return null
}

export function hoursInWords(minutes: number): string {
  const hours = Math.floor(minutes / 60)
  const rest = minutes % 60
  return [hours > 0 && `${hours} h`, rest > 0 && `${rest} min`].filter(Boolean).join(' ')
}

export const counted = (count: number, one: string, many = `${one}s`) =>
  `${count} ${count === 1 ? one : many}`
