import { describe, expect, test } from 'vitest'
import type { EligiblePermissionSet } from '#contract/me.ts'
import { Submission } from '#contract/request.ts'
import { type Ask, askFromUrl, askToUrl, errorsOf, submissionOf } from './state.ts'

const arn = 'arn:aws:sso:::permissionSet/ssoins-7223a1b2c3d4e5f6/ps-a1b2c3d4e5f6a7b8'
const tokyo = 'Asia/Tokyo'
const filled: Ask = {
  accountId: '111122223333',
  permissionSetArn: arn,
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

function urlOf(ask: Ask): URLSearchParams {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(askToUrl(ask, tokyo))) {
    if (value !== null) search.set(name, value)
  }
  return search
}

describe('the request form and its URL', () => {
  test('target, duration and start survive the way through the URL', () => {
    expect(askFromUrl(urlOf(filled), tokyo)).toEqual(filled)
  })

  test('an account without a permission set survives too', () => {
    const half = { ...filled, permissionSetArn: null }
    expect(askFromUrl(urlOf(half), tokyo)).toEqual(half)
  })

  const nonsense = ['target=12~x', 'minutes=-5', 'minutes=1.5', 'start=tomorrow', 'target=~']
  test.each(nonsense)('%s falls back to an hour from now on, for nothing yet', (query) => {
    expect(askFromUrl(new URLSearchParams(query), tokyo)).toEqual({
      accountId: null,
      permissionSetArn: null,
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
  const facts = { set: { ...glass, justificationRequired: false }, timeZone: tokyo }
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
    expect(submissionOf({ ...filled, accountId: null }, prose, tokyo)).toBe(null)
    expect(submissionOf({ ...filled, hours: '0', minutes: '0' }, prose, tokyo)).toBe(null)
  })
})

describe('what is wrong before it is sent', () => {
  const prose = { justification: 'Investigate', ticket: 'CHG-1' }
  const facts = { set, timeZone: tokyo }

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
    expect(errorsOf(filled, nothing, { set: easy, timeZone: tokyo })).toEqual({})
  })
})
