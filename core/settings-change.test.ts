import { describe, expect, test } from 'vitest'
import { defaultSettings, type Settings, secretRules, settingRules } from './settings.ts'
import {
  type SettingsChange,
  type SettingsFacts,
  settingsDifference,
  validateSettings,
} from './settings-change.ts'
import { groupId, members, person } from './world.fixture.ts'

const current: Settings = {
  ...defaultSettings,
  adminGroupId: groupId('admins'),
  auditorGroupId: groupId('auditors'),
}
const facts: SettingsFacts = {
  current,
  actor: person('ann', ['admins', 'both']),
  groupIds: new Set(['admins', 'auditors', 'others', 'both', 'empty'].map(groupId)),
  enabledMembers: members({ admins: ['ann', 'bob'], others: ['bob'], both: ['ann', 'bob'] }),
}

function codes(change: SettingsChange, more: Partial<SettingsFacts> = {}): string[] {
  const verdict = validateSettings(change, { ...facts, ...more })
  return verdict.ok ? [] : verdict.refusals.map(({ code, field }) => `${code} ${field}`)
}

test('the defaults are those of the domain', () => {
  expect(defaultSettings).toMatchObject({
    maxDurationMinutes: 9 * 60,
    requestExpiryMinutes: 3 * 60,
    approvalRequired: true,
    justificationRequired: true,
    ticketRequired: false,
    commentRequired: false,
    furthestStartDays: 30,
    extensionChainFactor: 2,
    activationDeadlineMinutes: 10,
    endSoonMinutes: 15,
    endOnLostEligibility: true,
    ticketRequiredForPolicies: false,
    secondAdmin: false,
    reviewDueHours: 24,
    idpInitiatedAllowed: false,
  })
})

test('every default lies within the limits of its own setting', () => {
  for (const name of Object.keys(settingRules)) {
    const value = current[name as keyof Settings]
    expect(codes({ [name]: value }), name).toEqual([])
  }
})

describe('a change is refused', () => {
  const rules: [string, SettingsChange, string[]][] = [
    ['never if it changes nothing', {}, []],
    ['of what is no setting', { maxDuration: 60 }, ['unknown_setting maxDuration']],
    [
      'of what is no setting but of every object',
      { constructor: 1 },
      ['unknown_setting constructor'],
    ],
    [
      'of the prototype',
      JSON.parse('{"__proto__": {"approvalRequired": false}}'),
      ['unknown_setting __proto__'],
    ],
    [
      'to a text where a number belongs',
      { maxDurationMinutes: '60' },
      ['malformed maxDurationMinutes'],
    ],
    ['to half a minute', { maxDurationMinutes: 1.5 }, ['malformed maxDurationMinutes']],
    ['to no number', { maxDurationMinutes: Number.NaN }, ['malformed maxDurationMinutes']],
    ['to nothing', { maxDurationMinutes: null }, ['malformed maxDurationMinutes']],
    ['below the least', { maxDurationMinutes: 0 }, ['out_of_range maxDurationMinutes']],
    ['above the most', { furthestStartDays: 366 }, ['out_of_range furthestStartDays']],
    [
      'to a word where yes or no belongs',
      { approvalRequired: 'false' },
      ['malformed approvalRequired'],
    ],
    [
      'to what is not among the choices',
      { sessionLogSource: 'files' },
      ['malformed sessionLogSource'],
    ],
    ['to a pattern that is broken', { ticketPattern: '(' }, ['pattern_malformed ticketPattern']],
    [
      'to a pattern with a null character',
      { ticketPattern: 'A\u0000' },
      ['pattern_malformed ticketPattern'],
    ],
    [
      'to a pattern that looks ahead',
      { ticketPattern: '(?=a)a' },
      ['pattern_malformed ticketPattern'],
    ],
    [
      'to a pattern that the example does not match',
      { ticketPattern: 'OPS-\\d+', ticketExample: 'OPS-x' },
      ['ticket_example_unfit ticketExample'],
    ],
    ['never to one that it matches', { ticketPattern: 'OPS-\\d+', ticketExample: 'OPS-1' }, []],
    [
      'to a template of tickets that is not https',
      { ticketUrlTemplate: 'http://tracker.example.com/{ticket}' },
      ['ticket_template_malformed ticketUrlTemplate'],
    ],
    [
      'to one that lets the ticket choose the host',
      { ticketUrlTemplate: 'https://{ticket}/' },
      ['ticket_template_malformed ticketUrlTemplate'],
    ],
    [
      'never to a proper one',
      { ticketUrlTemplate: 'https://tracker.example.com/browse/{ticket}' },
      [],
    ],
    ['never to no pattern', { ticketPattern: '' }, []],
    ['to an address without TLS', { webhookUrl: 'http://example.com/' }, ['malformed webhookUrl']],
    [
      'to an address with a password in it',
      { webhookUrl: 'https://a:b@example.com/' },
      ['malformed webhookUrl'],
    ],
    ['to a script for an address', { webhookUrl: 'javascript:alert(1)' }, ['malformed webhookUrl']],
    [
      'to a sender of two lines',
      { emailSource: 'a@example.com\r\nBcc: b' },
      ['text_malformed emailSource'],
    ],
    ['to a banner with an override', { banner: 'a\u202Eb' }, ['text_malformed banner']],
    ['to a secret that can be guessed', { webhookSecret: 'short' }, ['malformed webhookSecret']],
    [
      'to a secret with a line break',
      { slackToken: 'xoxb-123\nSet-Cookie: a' },
      ['malformed slackToken'],
    ],
    [
      'to a secret in look-alike letters',
      { slackSigningSecret: 'аbcdefgh' },
      ['malformed slackSigningSecret'],
    ],
    ['to a group that nobody knows', { auditorGroupId: 'gone' }, ['unknown_group auditorGroupId']],
    ['to webhooks without an address', { webhookEnabled: true }, ['required webhookUrl']],
    ['to topics without a topic', { snsEnabled: true }, ['required snsTopicArn']],
    [
      'with all that is wrong at once',
      { maxDurationMinutes: 0, banner: 1 },
      ['out_of_range maxDurationMinutes', 'malformed banner'],
    ],
  ]
  test.each(rules)('%s', (_, change, expected) => expect(codes(change)).toEqual(expected))
})

describe('nobody is locked out:', () => {
  test.each<[string, SettingsChange, Partial<SettingsFacts>, string[]]>([
    ['an admin group with its changer in it is accepted', { adminGroupId: 'both' }, {}, []],
    [
      'an admin group without its changer is refused',
      { adminGroupId: 'others' },
      {},
      ['not_administrator_yourself adminGroupId'],
    ],
    [
      'an empty admin group is refused',
      { adminGroupId: 'empty' },
      {},
      ['no_administrator_left adminGroupId'],
    ],
    [
      'no admin group is refused',
      { adminGroupId: null },
      {},
      ['no_administrator_left adminGroupId'],
    ],
    [
      'a changer who is disabled by now does not count',
      { adminGroupId: 'both' },
      { actor: person('ann', ['both'], false) },
      ['not_administrator_yourself adminGroupId'],
    ],
    [
      'what AWS says of the changer weighs more than the replica',
      { adminGroupId: 'both' },
      { actor: person('ann', ['admins']) },
      ['not_administrator_yourself adminGroupId'],
    ],
    [
      'a changer whom AWS no longer knows in the group is not its last administrator',
      { adminGroupId: 'both' },
      { actor: person('ann', ['admins']), enabledMembers: members({ both: ['ann'] }) },
      ['no_administrator_left adminGroupId'],
    ],
    [
      'a changer whom the replica does not list yet counts',
      { adminGroupId: 'empty' },
      { actor: person('ann', ['empty']) },
      [],
    ],
    [
      'the program itself may seed a group that has somebody',
      { adminGroupId: 'others' },
      { actor: null },
      [],
    ],
    [
      'the program itself may not seed an empty one',
      { adminGroupId: 'empty' },
      { actor: null },
      ['no_administrator_left adminGroupId'],
    ],
    ['a second administrator can be demanded while there are two', { secondAdmin: true }, {}, []],
    [
      'a second administrator cannot be demanded of one',
      { secondAdmin: true },
      { enabledMembers: members({ admins: ['ann'] }) },
      ['too_few_administrators secondAdmin'],
    ],
    [
      'nor kept while the group changes to one of one',
      { adminGroupId: 'both' },
      { current: { ...current, secondAdmin: true }, enabledMembers: members({ both: ['ann'] }) },
      ['too_few_administrators secondAdmin'],
    ],
    [
      'it can always be turned off',
      { secondAdmin: false },
      { current: { ...current, secondAdmin: true }, enabledMembers: members({ admins: ['ann'] }) },
      [],
    ],
  ])('%s', (_, change, more, expected) => expect(codes(change, more)).toEqual(expected))
})

describe('what an accepted change changes', () => {
  test('is told with before and after, and nothing else is', () => {
    const verdict = validateSettings({ maxDurationMinutes: 60, approvalRequired: true }, facts)
    expect(verdict).toMatchObject({
      ok: true,
      settings: { ...current, maxDurationMinutes: 60 },
      differences: [{ name: 'maxDurationMinutes', before: 540, after: 60, widens: false }],
    })
  })
  test('never holds a secret', () => {
    const verdict = validateSettings({ slackToken: 'xoxb-123', webhookSecret: null }, facts)
    expect(verdict).toMatchObject({
      ok: true,
      secrets: { slackToken: 'xoxb-123', webhookSecret: null },
      differences: [],
    })
    expect(JSON.stringify(verdict.ok && verdict.settings)).not.toContain('xoxb')
    for (const name of Object.keys(secretRules)) expect(current).not.toHaveProperty(name)
  })
  test('is kept composed and trimmed', () => {
    const verdict = validateSettings({ banner: ' か\u3099 ', ticketPattern: 'か\u3099' }, facts)
    expect(verdict).toMatchObject({ ok: true, settings: { banner: 'が', ticketPattern: 'が' } })
  })
  test.each<[string, Partial<Settings>, boolean]>([
    ['a longer maximum widens', { maxDurationMinutes: 541 }, true],
    ['a shorter maximum does not', { maxDurationMinutes: 539 }, false],
    ['a longer chain widens', { extensionChainFactor: 3 }, true],
    ['approval off widens', { approvalRequired: false }, true],
    ['another admin group widens', { adminGroupId: groupId('both') }, true],
    ['another auditor group widens', { auditorGroupId: groupId('both') }, true],
    ['extensions off does not', { extensionAllowed: false }, false],
    ['a banner does not', { banner: 'hello' }, false],
  ])('%s', (_, change, widens) => {
    expect(settingsDifference(current, { ...current, ...change })).toMatchObject([{ widens }])
  })
  test('the second administrator no longer being needed widens, being needed does not', () => {
    const needed = { ...current, secondAdmin: true }
    expect(settingsDifference(needed, current)).toMatchObject([{ widens: true }])
    expect(settingsDifference(current, needed)).toMatchObject([{ widens: false }])
  })
})

test('a pattern alone is refused if the example that stands does not match it', () => {
  const withExample = { ...current, ticketExample: 'OPS-1' }
  expect(codes({ ticketPattern: 'INC\\d+' }, { current: withExample })).toEqual([
    'ticket_example_unfit ticketPattern',
  ])
  expect(codes({ ticketPattern: 'OPS-\\d+' }, { current: withExample })).toEqual([])
  expect(codes({ ticketPattern: null }, { current: withExample })).toEqual([])
})
