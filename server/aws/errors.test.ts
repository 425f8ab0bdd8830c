import { describe, expect, test } from 'vitest'
import { type AwsErrorKind, classify, wasNeverConnected } from './errors.ts'

const error = (name: string, more: object = {}) =>
  Object.assign(new Error(`about ${name}`), { name, ...more })
const answered = (name: string, status: number) =>
  error(name, { $fault: 'client', $metadata: { httpStatusCode: status } })

const known: [string, Error, AwsErrorKind][] = [
  ['ThrottlingException of Identity Center', answered('ThrottlingException', 400), 'throttled'],
  [
    'TooManyRequestsException of Organizations',
    answered('TooManyRequestsException', 400),
    'throttled',
  ],
  ['a nameless 429', answered('Unknown', 429), 'throttled'],
  ['ConflictException', answered('ConflictException', 400), 'conflict'],
  ['ServiceQuotaExceededException', answered('ServiceQuotaExceededException', 400), 'quota'],
  ['LimitExceededException of SES', answered('LimitExceededException', 400), 'quota'],
  ['ResourceNotFoundException', answered('ResourceNotFoundException', 400), 'not_found'],
  ['ParentNotFoundException', answered('ParentNotFoundException', 400), 'not_found'],
  [
    'ResourceNotFoundException of the instance’s KMS key',
    error('ResourceNotFoundException', { Reason: 'KMS_NotFoundException' }),
    'unavailable',
  ],
  [
    'ResourceNotFoundException of a whole Identity Store',
    error('ResourceNotFoundException', { ResourceType: 'IDENTITY_STORE' }),
    'unavailable',
  ],
  [
    'ResourceNotFoundException of a person',
    error('ResourceNotFoundException', { ResourceType: 'USER' }),
    'not_found',
  ],
  [
    'an account without an organisation',
    answered('AWSOrganizationsNotInUseException', 400),
    'unavailable',
  ],
  ['AccessDeniedException', answered('AccessDeniedException', 400), 'denied'],
  ['an expired token', answered('ExpiredTokenException', 403), 'denied'],
  ['a nameless 403', answered('Unknown', 403), 'denied'],
  ['ValidationException', answered('ValidationException', 400), 'invalid'],
  ['InvalidInputException of Organizations', answered('InvalidInputException', 400), 'invalid'],
  ['a name that nobody knows', answered('TeapotException', 400), 'invalid'],
  ['UnknownOperationException', answered('UnknownOperationException', 400), 'unsupported'],
  ['InvalidAction of STS', answered('InvalidAction', 400), 'unsupported'],
  ['a nameless 501', answered('Unknown', 501), 'unsupported'],
  ['InternalServerException', answered('InternalServerException', 500), 'unavailable'],
  ['a nameless 502', answered('Unknown', 502), 'unavailable'],
  ['a time-out', error('TimeoutError'), 'unavailable'],
  ['a reset', error('Error', { code: 'ECONNRESET' }), 'unavailable'],
  ['no credentials', error('CredentialsProviderError'), 'unavailable'],
  ['a mistake of our own', new TypeError('x is not a function'), 'unknown'],
  [
    'a success that cannot be read',
    error('SyntaxError', { $metadata: { httpStatusCode: 200 } }),
    'unknown',
  ],
]

describe('an error of AWS', () => {
  for (const [what, thrown, kind] of known) {
    test(`${what} is ${kind}`, () => expect(classify(thrown).kind).toBe(kind))
  }

  test('keeps its words, also where the service spells the member with a capital', () => {
    const thrown = Object.assign(new Error('UnknownError'), { Message: 'slow down' })
    expect(classify(thrown).message).toBe('slow down')
  })
})

const connections: [string, unknown, boolean][] = [
  ['refused', error('Error', { code: 'ECONNREFUSED', syscall: 'connect' }), true],
  ['of an unknown host', error('Error', { code: 'ENOTFOUND', syscall: 'getaddrinfo' }), true],
  [
    'refused at both addresses',
    new AggregateError([error('a', { syscall: 'connect' }), error('b', { syscall: 'connect' })]),
    true,
  ],
  [
    'refused at one address only',
    new AggregateError([error('a', { syscall: 'connect' }), error('b', { syscall: 'read' })]),
    false,
  ],
  ['reset while reading', error('Error', { code: 'ECONNRESET', syscall: 'read' }), false],
  ['hung up', error('Error', { code: 'ECONNRESET' }), false],
  ['broken while writing', error('Error', { code: 'EPIPE', syscall: 'write' }), false],
  ['timed out after sending', error('TimeoutError'), false],
]

describe('a connection', () => {
  for (const [what, thrown, never] of connections) {
    test(`${what} was ${never ? 'never' : 'perhaps'} made`, () =>
      expect(wasNeverConnected(thrown)).toBe(never))
  }
})
