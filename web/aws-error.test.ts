import { expect, test } from 'vitest'
import { awsErrorKind } from './aws-error.ts'

test.each([
  [null, 'none'],
  ['', 'none'],
  ['AccessDeniedException: no. To end it by hand, run: aws sso-admin', 'denied'],
  ['ThrottlingException: Rate exceeded', 'throttled'],
  ['TooManyRequestsException: x', 'throttled'],
  ['ConflictException: another change is under way', 'conflict'],
  ['ServiceQuotaExceededException: x', 'quota'],
  ['ResourceNotFoundException: no such permission set', 'gone'],
  ['InternalServerException: x', 'unavailable'],
  ['TimeoutError: socket hang up', 'unavailable'],
  // The name decides, not what else the message says.
  ['ValidationException: AccessDenied', 'other'],
  ['AWS accepted the call without naming its operation', 'other'],
] as const)('%s is %s', (said, kind) => {
  expect(awsErrorKind(said)).toBe(kind)
})
