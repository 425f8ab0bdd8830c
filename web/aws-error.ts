/** What AWS said about a call, as the ledger keeps it (`Code: message`), in a kind that has words. */
const kinds = [
  [
    'denied',
    /^(AccessDenied|NotAuthorized|AuthorizationError|UnrecognizedClient|InvalidClientToken|Expired|InvalidSignature|SignatureDoesNotMatch|OptInRequired)/,
  ],
  ['throttled', /^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled|SlowDown)/],
  ['conflict', /^(Conflict|ConcurrentModification)/],
  ['quota', /^(ServiceQuotaExceeded|LimitExceeded)/],
  ['gone', /^\w*NotFound/],
  [
    'unavailable',
    /^(InternalServer|InternalFailure|ServiceUnavailable|Timeout|ECONN|ENOTFOUND|EAI_AGAIN|NetworkingError)/,
  ],
] as const

export type AwsErrorKind = (typeof kinds)[number][0] | 'other' | 'none'

export function awsErrorKind(lastError: string | null): AwsErrorKind {
  if (lastError === null || lastError === '') return 'none'
  return kinds.find(([, pattern]) => pattern.test(lastError))?.[0] ?? 'other'
}
