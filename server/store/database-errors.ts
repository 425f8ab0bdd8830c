import pg from 'pg'

/** PostgreSQL's error codes (its manual, appendix A) that the program tells apart. */
const codes = {
  uniqueViolation: '23505',
  serializationFailure: '40001',
  deadlock: '40P01',
  queryCancelled: '57014',
  // The session was ended: idle in a transaction, or a transaction for too long.
  idleInTransaction: '25P03',
  transactionTimeout: '25P04',
}
const connectionClasses = ['08', '57P']
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ETIMEDOUT',
])
// pg gives these no code (its client.js, and pg-pool's index.js).
const networkMessages = [
  'Connection terminated',
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Client has encountered a connection error and is not queryable',
]

function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== codes.uniqueViolation) return false
  return constraint === undefined || violatedConstraint(error) === constraint
}

/** The name of the constraint that refused a change, of whatever kind; it is a sentence. */
export function violatedConstraint(error: unknown): string | null {
  return error instanceof pg.DatabaseError ? (error.constraint ?? null) : null
}

/** Another transaction came first: nothing was written, and the same work may be tried again. */
export function isSerializationFailure(error: unknown): boolean {
  const code = codeOf(error)
  return code === codes.serializationFailure || code === codes.deadlock
}

/** The server's patience with one statement is over: others hold what it waits for. */
export function isTimeout(error: unknown): boolean {
  return codeOf(error) === codes.queryCancelled
}

/** The database could not be asked, or the session ended. A COMMIT under way may have happened. */
export function isConnectionError(error: unknown): boolean {
  const code = codeOf(error)
  if (code === null) {
    if (error instanceof AggregateError) return error.errors.every(isConnectionError)
    return (
      error instanceof Error && networkMessages.some((start) => error.message.startsWith(start))
    )
  }
  if (code === codes.idleInTransaction || code === codes.transactionTimeout) return true
  if (error instanceof pg.DatabaseError) {
    return connectionClasses.some((start) => code.startsWith(start))
  }
  return networkCodes.has(code)
}
