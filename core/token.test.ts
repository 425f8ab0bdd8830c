import { describe, expect, test } from 'vitest'
import { type Action, actions, isWrite, mayPerform, relations, roles } from './access.ts'
import { isScopeOf, scopes, scopesFor, tokenCovers } from './token.ts'

const everything = (kind: 'person' | 'service', names: readonly string[]) => ({
  enabled: true,
  roles: new Set(roles),
  relations: new Set(['approver-of-it', 'past-decider'] as const),
  token: { kind, scopes: new Set(names) },
})
const allowed = (kind: 'person' | 'service', names: readonly string[]) =>
  actions.filter((action) => mayPerform(action, everything(kind, names)))

describe('a scope that nobody knows covers nothing:', () => {
  test.each(['', '*', 'admin', 'constructor', '__proto__', 'requests', 'requests:*', 'me:read '])(
    '%j',
    (name) => expect(allowed('person', [name])).toEqual([]),
  )
})

test('a token without scopes may nothing', () => {
  expect(allowed('person', [])).toEqual([])
})

test('a token adds nothing to what its owner may', () => {
  for (const action of actions) {
    const owner = {
      enabled: true,
      roles: new Set(['requester'] as const),
      relations: new Set<never>(),
    }
    const token = { kind: 'person' as const, scopes: new Set(scopes) }
    if (mayPerform(action, { ...owner, token })) expect(mayPerform(action, owner)).toBe(true)
  }
})

test('no scope covers tokens, proposals, the word on a held refresh, or keys handed over', () => {
  const browserOnly = actions.filter((action) =>
    /^(token|proposal\.decide|directory\.decide|reconciler\.act|me\.write)/.test(action),
  )
  expect(browserOnly.length).toBeGreaterThan(6)
  expect(browserOnly.flatMap(scopesFor)).toEqual([])
})

test('only a service token manages policies and settings', () => {
  const managing = (actions as readonly Action[]).filter((action) =>
    /(policy|settings)\.(write|test)$/.test(action),
  )
  for (const action of managing) {
    expect(tokenCovers({ kind: 'person', scopes: new Set(scopes) }, action)).toBe(false)
    expect(tokenCovers({ kind: 'service', scopes: new Set(scopes) }, action)).toBe(true)
  }
})

test('a program neither asks, decides, reviews, extends, cancels nor gives back', () => {
  const writes = allowed('service', scopes).filter((action) =>
    /^(request|submission)\./.test(action),
  )
  expect(writes.filter(isWrite)).toEqual(['request.revoke'])
})

test('a program stands in no relation: it may only what its roles may', () => {
  for (const relation of relations) {
    const actor = { ...everything('service', scopes), roles: new Set(['requester'] as const) }
    const related = { ...actor, relations: new Set([relation]) }
    expect(actions.filter((one) => mayPerform(one, related))).toEqual(
      actions.filter((one) => mayPerform(one, { ...actor, relations: new Set() })),
    )
  }
})

test('every scope is for somebody', () => {
  for (const scope of scopes) {
    expect(isScopeOf('person', scope) || isScopeOf('service', scope), scope).toBe(true)
  }
})
