import { describe, expect, test } from 'vitest'
import { type KeyAction, type KeyFacts, refuseKeyAction } from './key-actions.ts'
import type { RefusalCode } from './refusals.ts'

const held: KeyFacts = {
  isAdmin: true,
  isOwn: false,
  held: true,
  callInFlight: false,
  watched: false,
  alarm: 'none',
}

const rules: [string, KeyAction, Partial<KeyFacts>, RefusalCode | null][] = [
  ['a held key can be handed over', 'release', {}, null],
  ['even while its removal is late', 'release', { alarm: 'open' }, null],
  ['what TEAM does not hold cannot be handed over', 'release', { held: false }, 'not_held'],
  ['nor while a call is in flight', 'release', { callInFlight: true }, 'call_in_flight'],
  ['nor while a lost call may still land', 'release', { watched: true }, 'key_unsettled'],
  ['nor do administrators keep their own for good', 'release', { isOwn: true }, 'own_key'],
  ['nor by an auditor', 'release', { isAdmin: false }, 'not_allowed'],
  ['an alarm can be acknowledged', 'acknowledge', { alarm: 'open' }, null],
  ['where nothing is late there is nothing to acknowledge', 'acknowledge', {}, 'not_late'],
  [
    'an alarm is acknowledged once',
    'acknowledge',
    { alarm: 'acknowledged' },
    'already_acknowledged',
  ],
  ['be it of their own access', 'acknowledge', { alarm: 'open', isOwn: true }, null],
  [
    'an auditor acknowledges nothing',
    'acknowledge',
    { alarm: 'open', isAdmin: false },
    'not_allowed',
  ],
]
describe('what may be done with a key', () => {
  for (const [rule, action, facts, code] of rules) {
    test(rule, () =>
      expect(refuseKeyAction(action, { ...held, ...facts })?.code ?? null).toBe(code),
    )
  }
})
