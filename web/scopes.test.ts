import { describe, expect, test } from 'vitest'
import { chosenScope, scopesFor } from './scopes.ts'

describe('whose access a person is shown first, and what else they can choose', () => {
  test.each([
    ['active', 'requester', 'mine'],
    ['active', 'requester approver', 'decide mine'],
    ['active', 'requester auditor', 'all mine'],
    ['active', 'requester approver admin', 'all decide mine'],
    ['ended', 'requester', 'mine'],
    ['ended', 'requester approver', 'mine decide'],
    ['ended', 'requester auditor', 'all mine'],
    ['ended', 'requester approver admin', 'all mine decide'],
  ] as const)('%s access, to %s: %s', (view, roles, scopes) => {
    expect(scopesFor(view, roles.split(' ')).join(' ')).toBe(scopes)
  })

  test('a scope that is not theirs is not asked for', () => {
    const scopes = scopesFor('ended', ['requester', 'approver'])
    expect(chosenScope(scopes, 'all')).toBe('mine')
    expect(chosenScope(scopes, 'decide')).toBe('decide')
    expect(chosenScope(scopes, null)).toBe('mine')
    expect(chosenScope([], 'mine')).toBe(undefined)
  })
})
