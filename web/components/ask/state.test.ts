import { describe, expect, test } from 'vitest'
import type { EligiblePermissionSet } from '#contract/me.ts'
import { Submission } from '#contract/request.ts'
import {
  type Ask,
  askFromUrl,
  askToUrl,
  errorsOf,
  submissionOf,
  termsOf,
  withAccounts,
} from './state.ts'

const arn = 'arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-a1b2c3d4e5f6a7b8'
const tokyo = 'Asia/Tokyo'
const filled: Ask = {
  targets: [{ accountId: '111122223333', permissionSetArn: arn }],
  hours: '1',
  minutes: '30',
  startsLater: true,
  date: '2026-11-24',
  time: '09:00',
  breakGlass: false,
}
const set: EligiblePermissionSet = {
  permissionSetArn: arn,
  name: 'ReadOnlyAccess',
  description: '',
  level: 'read',
  maxDurationMinutes: 120,
  approvalRequired: true,
  ticketRequired: true,
  justificationRequired: true,
  breakGlass: false,
  breakGlassMaxDurationMinutes: null,
  approverCount: 2,
  sessionMinutes: 60,
}

function known(...sets: EligiblePermissionSet[]) {
  return sets.map((one, i) => ({ accountId: String(111122223333 + i), set: one }))
}

function urlOf(ask: Ask): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(askToUrl(ask, tokyo))) {
    for (const one of [value ?? []].flat()) search.append(name, one)
  }
  return search
}

describe('the request form and its URL', () => {
  test('target, duration and start survive the way through the URL', () => {
    expect(askFromUrl(urlOf(filled), tokyo)).toEqual(filled)
  })

  test('an account without a permission set survives too', () => {
    const half = { ...filled, targets: [{ accountId: '111122223333', permissionSetArn: null }] }
    expect(askFromUrl(urlOf(half), tokyo)).toEqual(half)
  })

  test('several targets survive in their order, twenty of them at most', () => {
    const several = Array.from({ length: 20 }, (_, i) => ({
      accountId: String(111122223333 + i),
      permissionSetArn: i % 2 === 0 ? arn : null,
    }))
    expect(askFromUrl(urlOf({ ...filled, targets: several }), tokyo).targets).toEqual(several)
    const more = [...several, { accountId: '999999999999', permissionSetArn: arn }]
    expect(askFromUrl(urlOf({ ...filled, targets: more }), tokyo).targets).toEqual(several)
  })

  const nonsense = ['target=12~x', 'minutes=-5', 'minutes=1.5', 'start=tomorrow', 'target=~']
  test.each(nonsense)('%s falls back to an hour from now on, for nothing yet', (query) => {
    expect(askFromUrl(new URLSearchParams(query), tokyo)).toEqual({
      targets: [],
      hours: '1',
      minutes: '0',
      startsLater: false,
      date: '',
      time: '',
      breakGlass: false,
    })
  })
})

describe('break-glass', () => {
  const urgent = { ...filled, breakGlass: true, hours: '0', minutes: '30' }
  const glass = { ...set, breakGlass: true, breakGlassMaxDurationMinutes: 30 }
  const terms = termsOf(known({ ...glass, justificationRequired: false }), true)
  const facts = { terms, timeZone: tokyo }
  const prose = { justification: 'Payments are down', ticket: 'CHG-1' }

  test('is not in the URL, so that no link decides it', () => {
    expect(askFromUrl(urlOf(urgent), tokyo).breakGlass).toBe(false)
  })

  test('is sent without the start that was chosen before', () => {
    expect(submissionOf(urgent, prose, tokyo)).toMatchObject({ startsAt: null, breakGlass: true })
    expect(submissionOf(filled, prose, tokyo)).not.toHaveProperty('breakGlass')
  })

  test('has a longest duration of its own, and always a reason', () => {
    expect(errorsOf(urgent, prose, facts)).toEqual({})
    expect(errorsOf({ ...urgent, time: '' }, prose, facts)).toEqual({})
    expect(errorsOf({ ...urgent, minutes: '31' }, prose, facts)).toEqual({
      duration: 'code.duration_too_long',
    })
    expect(errorsOf(urgent, { ...prose, justification: ' ' }, facts)).toEqual({
      justification: 'ask.justificationMissing',
    })
  })
})

describe('what the form sends', () => {
  test('it is what the contract asks for, with the start in UTC', () => {
    const body = submissionOf(filled, { justification: '「調査」', ticket: ' ' }, tokyo)
    expect(Submission.parse(body)).toEqual({
      targets: [{ accountId: '111122223333', permissionSetArn: arn }],
      startsAt: '2026-11-24T00:00:00.000Z',
      durationMinutes: 90,
      justification: '「調査」',
      ticket: null,
    })
  })

  test('nothing, while there is no target or no duration', () => {
    const prose = { justification: 'x', ticket: '' }
    expect(submissionOf({ ...filled, targets: [] }, prose, tokyo)).toBe(null)
    expect(submissionOf({ ...filled, hours: '0', minutes: '0' }, prose, tokyo)).toBe(null)
  })
})

describe('what is wrong before it is sent', () => {
  const prose = { justification: 'Investigate', ticket: 'CHG-1' }
  const facts = { terms: termsOf(known(set), false), timeZone: tokyo }

  test('nothing, when it is complete', () => {
    expect(errorsOf(filled, prose, facts)).toEqual({})
  })

  test('each field has its own words', () => {
    const wrong = { ...filled, hours: '9', time: '' }
    expect(errorsOf(wrong, { justification: ' ', ticket: '' }, facts)).toEqual({
      duration: 'code.duration_too_long',
      start: 'ask.startMissing',
      justification: 'ask.justificationMissing',
      ticket: 'ask.ticketMissing',
    })
  })

  test('a justification is counted in characters, not in UTF-16 units', () => {
    const long = (length: number) => ({ ...prose, justification: '𠮷'.repeat(length) })
    expect(errorsOf(filled, long(2000), facts)).toEqual({})
    expect(errorsOf(filled, long(2001), facts)).toEqual({ justification: 'ask.tooLong' })
  })

  test('what the policies do not ask for may be left empty', () => {
    const easy = { ...set, justificationRequired: false, ticketRequired: false }
    const nothing = { justification: '', ticket: '' }
    const terms = termsOf(known(easy), false)
    expect(errorsOf(filled, nothing, { terms, timeZone: tokyo })).toEqual({})
  })
})

describe('several targets', () => {
  const short = { ...set, maxDurationMinutes: 60, ticketRequired: false }
  const glass = { ...short, breakGlassMaxDurationMinutes: 30 }

  test('are limited by the one that allows least, and demand what any of them demands', () => {
    expect(termsOf(known(set, short), false)).toEqual({
      limitMinutes: 60,
      limitAccountId: '111122223334',
      breakGlassMinutes: null,
      justificationRequired: true,
      ticketRequired: true,
    })
    expect(termsOf([], false)).toBe(null)
  })

  test('allow break-glass only where all of them do', () => {
    expect(termsOf(known(glass, short), false)?.breakGlassMinutes).toBe(null)
    expect(
      termsOf(known(glass, { ...glass, breakGlassMaxDurationMinutes: 20 }), true),
    ).toMatchObject({ breakGlassMinutes: 20, limitMinutes: 20, limitAccountId: '111122223334' })
  })

  test('keep their rows when accounts come and go; a new one begins with the set above it', () => {
    const [one, other] = ['111122223333', '444455556666'] as const
    const rows = [{ accountId: one, permissionSetArn: arn }]
    const both = withAccounts(rows, [one, other])
    expect(both).toEqual([...rows, { accountId: other, permissionSetArn: arn }])
    expect(withAccounts(both, [other])).toEqual([{ accountId: other, permissionSetArn: arn }])
    expect(withAccounts([], [other])).toEqual([{ accountId: other, permissionSetArn: null }])
  })

  test('are twenty at most, each with its permission set', () => {
    const row = { accountId: '111122223333', permissionSetArn: null }
    const facts = { terms: null, timeZone: tokyo }
    const prose = { justification: 'x', ticket: '' }
    expect(errorsOf({ ...filled, targets: Array(21).fill(row) }, prose, facts)).toEqual({
      targets: 'ask.targetsMax',
      sets: 'ask.setMissing',
    })
    expect(errorsOf({ ...filled, targets: [] }, prose, facts)).toEqual({
      targets: 'ask.accountMissing',
    })
  })
})
