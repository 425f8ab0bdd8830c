import type {
  Sourced,
  SourceFailure,
  SourceFailureCode,
} from '#server/audit/session-logs/source.ts'
import { type AwsErrorKind, classify } from './errors.ts'

const codes: Record<AwsErrorKind, SourceFailureCode> = {
  throttled: 'busy',
  quota: 'busy',
  conflict: 'busy',
  not_found: 'location_not_found',
  denied: 'denied',
  invalid: 'query_failed',
  unsupported: 'query_failed',
  unavailable: 'unavailable',
  unknown: 'unavailable',
}

/** What AWS said, as a value: a job decides by it whether to wait, to give up or to tell. */
export async function sourced<Value>(
  call: () => Promise<Value>,
  notFound: SourceFailureCode,
): Promise<Sourced<Value>> {
  try {
    return { ok: true, value: await call() }
  } catch (error) {
    const { kind, message } = classify(error)
    return failure(kind === 'not_found' ? notFound : codes[kind], message)
  }
}

export function failure(code: SourceFailureCode, message: string): SourceFailure {
  return { ok: false, code, message }
}

export const unsearchable = failure(
  'unsearchable',
  'The permission set, the account or the person has a name that no query can hold safely.',
)
