import { describe, expect, test } from 'vitest'
import type { PersonalChannel } from './channels.ts'
import { channelsFor, type Muted, type NoticeName, type Standing } from './notices.ts'

const both: PersonalChannel[] = ['email', 'slack']
const nothing: Muted = {}

const rules: [string, NoticeName, Standing, PersonalChannel[], Muted, PersonalChannel[]][] = [
  ['nothing chosen is everything that is on', 'ended', 'requester', both, nothing, both],
  ['a channel that is off carries nothing', 'ended', 'requester', ['slack'], nothing, ['slack']],
  ['one channel less', 'ended', 'requester', both, { ended: ['email'] }, ['slack']],
  ['another event is left alone', 'active', 'requester', both, { ended: both }, both],
  ['a requester may want no word', 'ended', 'requester', both, { ended: both }, []],
  ['an approver may do without the end', 'ended', 'approver', both, { ended: both }, []],
  ['an approver is asked', 'requested', 'approver', both, { requested: both }, both],
  ['a requester need not be told', 'requested', 'requester', both, { requested: both }, []],
  ['an approver chooses how', 'requested', 'approver', both, { requested: ['email'] }, ['slack']],
  [
    'and is asked by the other where the chosen one is off',
    'requested',
    'approver',
    ['email'],
    { requested: ['email'] },
    ['email'],
  ],
  [
    'an auditor does not look away',
    'rules_changed',
    'auditor',
    both,
    { rules_changed: both },
    both,
  ],
  ['nor does an administrator', 'failed', 'admin', both, { failed: both }, both],
  ['a digest may be left unread', 'digest', 'admin', both, { digest: both }, []],
]

describe('by which channels somebody is told', () => {
  test.each(rules)('%s', (_name, event, standing, on, muted, expected) => {
    expect(channelsFor(event, { standing, on, muted })).toEqual(expected)
  })
})
