/**
 * What went wrong with a call to AWS, said in one place. Names are those of the services' API
 * references and of their "Common Errors" pages; a name that nobody knows is judged by its HTTP
 * status.
 */

export type AwsErrorKind =
  | 'throttled'
  | 'conflict'
  | 'quota'
  | 'not_found'
  | 'denied'
  | 'invalid'
  /** The endpoint does not offer this operation. */
  | 'unsupported'
  /** AWS could not be reached or failed on its side, or what holds everything is out of sight. */
  | 'unavailable'
  | 'unknown'

export interface AwsErrorFacts {
  readonly kind: AwsErrorKind
  readonly code: string
  readonly message: string
}

const names: Record<Exclude<AwsErrorKind, 'unknown'>, readonly string[]> = {
  throttled: [
    'ThrottlingException',
    'Throttling',
    'ThrottledException',
    'TooManyRequestsException',
    'RequestLimitExceeded',
    'RequestThrottled',
    'RequestThrottledException',
    'SlowDown',
  ],
  conflict: ['ConflictException', 'ConcurrentModificationException'],
  quota: [
    'ServiceQuotaExceededException',
    'LimitExceededException',
    'MaxConcurrentQueriesException',
  ],
  not_found: [
    'ResourceNotFoundException',
    'NotFoundException',
    'AccountNotFoundException',
    'ParentNotFoundException',
    'ChildNotFoundException',
    'OrganizationalUnitNotFoundException',
    'EventDataStoreNotFoundException',
    'QueryIdNotFoundException',
  ],
  denied: [
    'AccessDeniedException',
    'AuthorizationError',
    'AuthorizationErrorException',
    'AccessDenied',
    'NotAuthorized',
    'UnrecognizedClientException',
    'InvalidClientTokenId',
    'ExpiredToken',
    'ExpiredTokenException',
    'RequestExpired',
    'InvalidSignatureException',
    'SignatureDoesNotMatch',
    'IncompleteSignature',
    'IncompleteSignatureException',
    'MissingAuthenticationToken',
    'MissingAuthenticationTokenException',
    'OptInRequired',
  ],
  invalid: [
    'ValidationException',
    'ValidationError',
    'InvalidInputException',
    'BadRequestException',
    'InvalidParameterException',
    'InvalidQueryStatementException',
    'MalformedQueryException',
    'InactiveEventDataStoreException',
    'InactiveQueryException',
    'SerializationException',
  ],
  unsupported: [
    'UnknownOperationException',
    'UnknownOperation',
    'InvalidAction',
    'UnsupportedOperation',
    'UnsupportedOperationException',
    'UnsupportedAPIEndpointException',
    'NotImplemented',
    'NotImplementedException',
  ],
  unavailable: [
    'InternalServerException',
    'InternalFailure',
    'InternalServiceErrorException',
    'ServiceException',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'RequestTimeout',
    'RequestTimeoutException',
    'TimeoutError',
    'AbortError',
    'CredentialsProviderError',
    // Of the account that asks, whatever it asked about.
    'AWSOrganizationsNotInUseException',
  ],
}

const kindOfName = new Map<string, AwsErrorKind>(
  Object.entries(names).flatMap(([kind, list]) =>
    // The keys of `names` are kinds; Object.entries forgets it.
    list.map((name): [string, AwsErrorKind] => [name, kind as AwsErrorKind]),
  ),
)

export function classify(error: unknown): AwsErrorFacts {
  if (error instanceof AwsReadError) return error
  if (!(error instanceof Error)) return { kind: 'unknown', code: 'Unknown', message: String(error) }
  const code = systemCodeOf(error) ?? error.name
  return { kind: kindOf(error), code, message: messageOf(error) }
}

function kindOf(error: Error): AwsErrorKind {
  const known = kindOfName.get(error.name)
  if (known === 'not_found' && isOfWhatHoldsIt(error)) return 'unavailable'
  if (known !== undefined) return known
  const status = httpStatusOf(error)
  if (status === null) return systemCodeOf(error) === null ? 'unknown' : 'unavailable'
  if (status === 429) return 'throttled'
  if (status === 501) return 'unsupported'
  if (status >= 500 || status === 408) return 'unavailable'
  if (status === 401 || status === 403) return 'denied'
  return status >= 400 && isNamedByAws(error) ? 'invalid' : 'unknown'
}

/**
 * Not what was asked for is missing, but the store that would know of it, or the KMS key without
 * which AWS cannot read that store. It must not pass for the end of everything in it.
 */
function isOfWhatHoldsIt(error: Error): boolean {
  const reason = property(error, 'Reason')
  const isOfKey = typeof reason === 'string' && reason.startsWith('KMS_')
  return isOfKey || property(error, 'ResourceType') === 'IDENTITY_STORE'
}

/** The status of AWS's answer; null if there was none. */
export function httpStatusOf(error: unknown): number | null {
  const metadata = property(error, '$metadata')
  const status = property(metadata, 'httpStatusCode')
  return typeof status === 'number' ? status : null
}

/**
 * False for an answer without an error name of AWS's, such as a proxy's page: the SDK then has its
 * own name for it, or fails to read it and gives no `$fault`.
 */
export function isNamedByAws(error: unknown): boolean {
  if (!(error instanceof Error) || property(error, '$fault') === undefined) return false
  return !['Error', 'Unknown', 'UnknownError', ''].includes(error.name)
}

/**
 * Whether the connection was never made, so that nothing can have been received. Node names the
 * system call that failed; the SDK's own limit on connecting has no code, only this text
 * (@smithy/node-http-handler, set-connection-timeout).
 */
export function wasNeverConnected(error: unknown): boolean {
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every(wasNeverConnected)
  const call = property(error, 'syscall')
  if (call === 'connect' || call === 'getaddrinfo') return true
  return error instanceof Error && error.message.includes('did not establish a connection')
}

function systemCodeOf(error: Error): string | null {
  const code = property(error, 'code')
  return typeof code === 'string' && /^E[A-Z]/.test(code) ? code : null
}

function messageOf(error: Error): string {
  // Identity Center spells the member `Message`; where the SDK finds no text it says UnknownError.
  const spelled = property(error, 'Message')
  const text = [error.message, spelled].find((one) => typeof one === 'string' && isSaid(one))
  return typeof text === 'string' ? (text.split('\n', 1)[0] ?? text) : error.name
}

function isSaid(text: string): boolean {
  return text !== '' && text !== 'UnknownError'
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** A read that AWS did not answer. */
export class AwsReadError extends Error implements AwsErrorFacts {
  readonly kind: AwsErrorKind
  readonly code: string
  readonly operation: string

  constructor(operation: string, facts: AwsErrorFacts, cause: unknown) {
    super(`${operation}: ${facts.message}`, { cause })
    this.name = 'AwsReadError'
    this.kind = facts.kind
    this.code = facts.code
    this.operation = operation
  }
}

/** Runs a read; whatever it throws becomes an `AwsReadError` that names the operation. */
export async function reading<Answer>(
  operation: string,
  read: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof AwsReadError) throw error
    throw new AwsReadError(operation, classify(error), error)
  }
}

export function isReadError(error: unknown, kind: AwsErrorKind): error is AwsReadError {
  return error instanceof AwsReadError && error.kind === kind
}
