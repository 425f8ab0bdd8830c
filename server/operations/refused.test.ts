import { expect, test } from 'vitest'
import { refusal, refusalCodes } from '#core/refusals.ts'
import { Refused, refusedBy, statusOf, titleOf } from './refused.ts'

test('every refusal of the rules has a status of a refusal and a title', () => {
  for (const code of refusalCodes) {
    expect([400, 401, 403, 404, 409, 412, 422, 428, 429, 503], code).toContain(statusOf(code))
    expect(titleOf(code)).toMatch(/^[A-Z].*[^.]$/)
  }
})

test('a stranger learns nothing: what they may not see is 404', () => {
  expect(statusOf('not_found')).toBe(404)
})

test('the field that a rule blames is in the errors, a rule that blames none adds none', () => {
  const blamed = refusedBy(refusal('text_malformed', { character: 'U+202E' }, 'justification'))
  expect(blamed).toBeInstanceOf(Refused)
  expect(blamed.errors).toMatchObject([{ field: 'justification', code: 'text_malformed' }])
  expect(blamed.params).toEqual({ character: 'U+202E' })
  expect(refusedBy(refusal('not_eligible')).errors).toEqual([])
})
