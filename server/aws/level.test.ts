import { describe, expect, test } from 'vitest'
import { type Contents, levelOf } from './level.ts'
import { minutesOf } from './session-duration.ts'

const allow = (statement: object) =>
  JSON.stringify({ Statement: { Effect: 'Allow', ...statement } })

const levels: [string, Partial<Contents>, string][] = [
  ['nothing in it', {}, 'read'],
  ['AdministratorAccess', { managedPolicies: ['AdministratorAccess'] }, 'admin'],
  ['IAMFullAccess, which can make administrators', { managedPolicies: ['IAMFullAccess'] }, 'admin'],
  ['PowerUserAccess', { managedPolicies: ['PowerUserAccess'] }, 'write'],
  ['Billing', { managedPolicies: ['Billing'] }, 'write'],
  ['ReadOnlyAccess', { managedPolicies: ['ReadOnlyAccess'] }, 'read'],
  [
    'SecurityAudit and ViewOnlyAccess',
    { managedPolicies: ['SecurityAudit', 'ViewOnlyAccess'] },
    'read',
  ],
  ['AmazonS3ReadOnlyAccess', { managedPolicies: ['AmazonS3ReadOnlyAccess'] }, 'read'],
  ['reading and writing', { managedPolicies: ['ReadOnlyAccess', 'AmazonS3FullAccess'] }, 'write'],
  ['a policy of each account’s own', { customerManagedPolicies: 1 }, 'unknown'],
  [
    'that, and administration',
    { customerManagedPolicies: 1, managedPolicies: ['AdministratorAccess'] },
    'admin',
  ],
  [
    'an inline policy of everything',
    { inlinePolicy: allow({ Action: '*', Resource: '*' }) },
    'admin',
  ],
  [
    'an inline policy of all of IAM',
    { inlinePolicy: allow({ Action: ['s3:Get*', 'IAM:*'] }) },
    'admin',
  ],
  [
    'an inline policy of looking',
    { inlinePolicy: allow({ Action: ['s3:Get*', 'ec2:DescribeInstances'] }) },
    'read',
  ],
  [
    'an inline policy of one write',
    { inlinePolicy: allow({ Action: ['s3:GetObject', 's3:PutObject'] }) },
    'write',
  ],
  ['an inline policy of all but IAM', { inlinePolicy: allow({ NotAction: ['iam:*'] }) }, 'write'],
  ['an inline policy of all but S3', { inlinePolicy: allow({ NotAction: 's3:*' }) }, 'admin'],
  [
    'an inline policy that only denies',
    { inlinePolicy: JSON.stringify({ Statement: [{ Effect: 'Deny', Action: '*' }] }) },
    'read',
  ],
  ['an inline policy that is no JSON', { inlinePolicy: '{' }, 'unknown'],
]

describe('a permission set with', () => {
  for (const [what, contents, level] of levels) {
    test(`${what} is ${level}`, () => {
      const none = { managedPolicies: [], customerManagedPolicies: 0, inlinePolicy: '' }
      expect(levelOf({ ...none, ...contents })).toBe(level)
    })
  }
})

const durations: [string | undefined, number | null][] = [
  ['PT1H', 60],
  ['PT12H', 720],
  ['PT1H30M', 90],
  ['PT90M', 90],
  ['PT61S', 2],
  ['P1D', 1_440],
  ['PT', null],
  ['an hour', null],
  ['', null],
  [undefined, null],
]

describe('a session duration of', () => {
  for (const [text, minutes] of durations) {
    test(`${text} is ${minutes}`, () => expect(minutesOf(text)).toBe(minutes))
  }
})
