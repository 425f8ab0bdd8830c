import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AccountId, UserId } from './ids.ts'
import {
  countUse,
  type GrantUseFacts,
  type LogCriteria,
  type LoggedEvent,
  logWindow,
  parseLogLocation,
  roleNamePattern,
  type Stranger,
  sessionNameOf,
  strangerBecause,
} from './session-log.ts'

const at = (time: string) => new Date(`2026-11-24T${time}Z`)
const criteria: LogCriteria = {
  userId: 'u-bob' as UserId,
  userName: 'bob@example.com',
  accountId: '111122223333' as AccountId,
  permissionSetName: 'Read.Only+',
  from: at('09:00:00'),
  to: at('18:00:00'),
}
const event: LoggedEvent = {
  eventId: 'e1',
  at: at('10:00:00'),
  service: 's3.amazonaws.com',
  action: 'ListBuckets',
  region: 'us-east-1',
  resources: [],
  sourceAddress: '203.0.113.9',
  errorCode: null,
  errorMessage: null,
  readOnly: true,
  identityType: 'AssumedRole',
  principalId: 'AROAEXAMPLE:bob@example.com',
  onBehalfOf: null,
  roleName: 'AWSReservedSSO_Read.Only+_0123456789abcdef',
  accountId: '111122223333',
}

describe('an event', () => {
  const rules: [string, Partial<LoggedEvent>, Stranger | null][] = [
    ['of the session, the role, the account and the time is of the grant', {}, null],
    ['by the id of the person needs no name', { onBehalfOf: 'u-bob', principalId: null }, null],
    [
      'by the id of another is theirs, whatever the session is called',
      { onBehalfOf: 'u-bobby' },
      'person',
    ],
    [
      'of a session whose name differs in case is the same person’s',
      { principalId: 'AROA1:BOB@example.com' },
      null,
    ],
    [
      'of a name that begins like theirs is another’s',
      { principalId: 'AROA1:bob@example.com.au' },
      'person',
    ],
    [
      'of a name that ends like theirs is another’s',
      { principalId: 'AROA1:jim-bob@example.com' },
      'person',
    ],
    ['without a session name is nobody’s', { principalId: 'AROA1' }, 'person'],
    ['with two colons names no session', { principalId: 'AROA1:x:bob@example.com' }, 'person'],
    ['in another account is not of the grant', { accountId: '444455556666' }, 'account'],
    ['that names no account is not of the grant', { accountId: null }, 'account'],
    [
      'under another set of a longer name is not of the grant',
      { roleName: 'AWSReservedSSO_Read.Only+Plus_0123456789abcdef' },
      'role',
    ],
    [
      'under a set that a pattern would take for it is not of the grant',
      { roleName: 'AWSReservedSSO_ReadXOnlyy_0123456789abcdef' },
      'role',
    ],
    [
      'under the role of another suffix is of the grant',
      { roleName: 'AWSReservedSSO_Read.Only+_fedcba9876543210' },
      null,
    ],
    [
      'under a role with more behind the suffix is not',
      { roleName: 'AWSReservedSSO_Read.Only+_0123456789abcdef0' },
      'role',
    ],
    [
      'under a role with something before is not',
      { roleName: 'xAWSReservedSSO_Read.Only+_0123456789abcdef' },
      'role',
    ],
    ['under a role of the account’s own is not', { roleName: 'Read.Only+' }, 'role'],
    ['a second before the grant is not of it', { at: at('08:59:59') }, 'time'],
    ['in the last second of the last session is of it', { at: at('18:00:00') }, null],
    ['after the last session is not of it', { at: at('18:00:01') }, 'time'],
    ['of the root user is nobody’s', { identityType: 'Root' }, 'kind'],
    ['of a service is nobody’s', { identityType: 'AWSService', principalId: null }, 'kind'],
  ]
  test.each(rules)('%s', (_rule, change, expected) => {
    expect(strangerBecause({ ...event, ...change }, criteria)).toBe(expected)
  })
})

test('a name that no session can have finds nobody by name', () => {
  const hostile = [
    "o'brien",
    'a|b',
    'a\\b',
    'a"b',
    'a\nb',
    '.*',
    'a b',
    '森直子',
    'a',
    'x'.repeat(65),
  ]
  for (const userName of hostile) {
    expect(sessionNameOf(userName)).toBeNull()
    const own = { ...event, principalId: `AROA1:${userName}` }
    expect(strangerBecause(own, { ...criteria, userName })).toBe('person')
    expect(strangerBecause({ ...own, onBehalfOf: 'u-bob' }, { ...criteria, userName })).toBeNull()
  }
})

test('whatever a set is called, its pattern fits its own roles and no other’s', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9_+=,.@-]{1,32}$/)
  const suffix = fc.stringMatching(/^[0-9a-f]{16}$/)
  fc.assert(
    fc.property(name, name, suffix, (set, other, end) => {
      const pattern = new RegExp(roleNamePattern(set) ?? 'never')
      expect(pattern.test(`AWSReservedSSO_${set}_${end}`)).toBe(true)
      expect(pattern.test(`AWSReservedSSO_${other}_${end}`)).toBe(set === other)
      expect(pattern.test(`AWSReservedSSO_${set}${other}_${end}`)).toBe(false)
    }),
  )
  for (const wrong of ['a|b', 'a/b', "a'b", 'a"b', 'a\\', 'a\n', '(a)', 'a*', '', 'x'.repeat(33)]) {
    expect(roleNamePattern(wrong)).toBeNull()
  }
})

describe('the place of a source', () => {
  const store = '01234567-89ab-cdef-0123-456789abcdef'
  const places: [string, string, string | null, unknown][] = [
    [
      'a log group by name',
      'cloudwatch_logs',
      'aws-cloudtrail-logs/org',
      { logGroup: 'aws-cloudtrail-logs/org', region: null },
    ],
    [
      'a log group by ARN',
      'cloudwatch_logs',
      'arn:aws:logs:eu-central-1:111122223333:log-group:trail:*',
      {
        logGroup: 'arn:aws:logs:eu-central-1:111122223333:log-group:trail',
        region: 'eu-central-1',
      },
    ],
    ['a log group with a pipe', 'cloudwatch_logs', 'trail | limit 1', null],
    ['a log group with a quote', 'cloudwatch_logs', "trail'", null],
    ['the ARN of something else', 'cloudwatch_logs', 'arn:aws:s3:::bucket', null],
    [
      'an event data store',
      'cloudtrail_lake',
      `arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/${store}`,
      { eventDataStoreId: store, region: 'us-east-1', ownerAccountId: '111122223333' },
    ],
    [
      'an event data store and more',
      'cloudtrail_lake',
      `arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/${store} where 1=1`,
      null,
    ],
    [
      'an event data store and a line',
      'cloudtrail_lake',
      `arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/${store}\n`,
      null,
    ],
    ['its bare id', 'cloudtrail_lake', store, null],
    ['no place', 'cloudtrail_lake', null, null],
    ['a place of no source', 'none', 'trail', null],
  ]
  test.each(places)('%s', (_name, source, location, expected) => {
    const parsed = parseLogLocation(source, location)
    if (expected === null) expect(parsed).toBeNull()
    else expect(parsed).toMatchObject(expected as object)
  })
})

describe('the window of a grant', () => {
  const facts: GrantUseFacts = {
    beganAt: at('09:00:00'),
    goneAt: at('10:00:00'),
    goesOn: false,
    sessionMinutes: 60,
  }
  const windows: [string, Partial<GrantUseFacts>, Date, Date, Date | null][] = [
    ['of access that is there ends now', { goneAt: null }, at('09:30:00'), at('09:30:00'), null],
    [
      'ends with its last session, and is complete when events had time',
      {},
      at('12:00:00'),
      at('11:00:00'),
      at('11:15:00'),
    ],
    ['ends now while its sessions may live', {}, at('10:30:00'), at('10:30:00'), null],
    [
      'is twelve hours longer if nobody knows how long sessions last',
      { sessionMinutes: null },
      at('23:30:00'),
      at('22:00:00'),
      at('22:15:00'),
    ],
    [
      'ends where another grant goes on',
      { goesOn: true },
      at('12:00:00'),
      at('10:00:00'),
      at('10:15:00'),
    ],
  ]
  test.each(windows)('%s', (_rule, change, now, to, completeAt) => {
    expect(logWindow({ ...facts, ...change }, now)).toEqual({
      from: at('09:00:00'),
      to,
      completeAt,
    })
  })
})

test('what does not say that it only reads counts as a write', () => {
  const use = countUse([
    event,
    { ...event, readOnly: false, errorCode: 'AccessDenied', at: at('11:00:00') },
    { ...event, readOnly: null, service: 'ec2.amazonaws.com', at: at('10:30:00') },
  ])
  expect(use).toEqual({
    services: [
      { service: 'ec2.amazonaws.com', reads: 0, writes: 1 },
      { service: 's3.amazonaws.com', reads: 1, writes: 1 },
    ],
    reads: 1,
    writes: 2,
    errors: 1,
    lastUsedAt: at('11:00:00'),
  })
  expect(countUse([])).toEqual({ services: [], reads: 0, writes: 0, errors: 0, lastUsedAt: null })
})
