import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PolicyTargets } from './facts.ts'
import { coveredBy, matchesNamePattern, namedBy } from './targets.ts'
import {
  account,
  accountId,
  arnOf,
  noTargets,
  ouId,
  pathOf,
  permissionSet,
} from './world.fixture.ts'

const prodDb = account(1, ['r-root', 'ou-workloads', 'ou-prod'])
const unit = (id: string, scope: 'children' | 'subtree'): PolicyTargets => ({
  ...noTargets,
  organizationalUnits: [{ id: ouId(id), scope }],
})

describe('a policy covers an account', () => {
  const rules: [string, PolicyTargets, string | null][] = [
    ['that it names', { ...noTargets, accounts: [accountId(1)] }, 'account'],
    ['but not another one', { ...noTargets, accounts: [accountId(2)] }, null],
    [
      'directly in an OU named with its children',
      unit('ou-prod', 'children'),
      'organizationalUnit',
    ],
    ['but not one level further down', unit('ou-workloads', 'children'), null],
    ['directly in an OU named with its subtree', unit('ou-prod', 'subtree'), 'organizationalUnit'],
    ['at any depth of a subtree', unit('ou-workloads', 'subtree'), 'organizationalUnit'],
    ['at any depth below the root as an OU', unit('r-root', 'subtree'), 'organizationalUnit'],
    ['but not as a child of the root', unit('r-root', 'children'), null],
    ['anywhere, if it names the root', { ...noTargets, root: true }, 'root'],
    ['never by an OU whose id merely begins alike', unit('ou-pro', 'subtree'), null],
    ['never by naming nothing', noTargets, null],
  ]
  test.each(rules)('%s', (_, targets, by) => {
    expect(coveredBy(targets, prodDb)?.by ?? null).toBe(by)
  })

  test('and says so by the narrowest of its targets', () => {
    const both: PolicyTargets = {
      accounts: [],
      organizationalUnits: [
        { id: ouId('r-root'), scope: 'subtree' },
        { id: ouId('ou-workloads'), scope: 'subtree' },
        { id: ouId('ou-workloads'), scope: 'children' },
      ],
      root: true,
    }
    expect(coveredBy(both, prodDb)).toEqual({
      by: 'organizationalUnit',
      id: 'ou-workloads',
      scope: 'subtree',
    })
  })

  test('as one who walks up the tree from the account would say', () => {
    const tree = fc.tuple(fc.nat(0), fc.nat(1), fc.nat(2), fc.nat(3), fc.nat(4))
    const scope = fc.constantFrom('children' as const, 'subtree' as const)
    const named = fc.array(fc.tuple(fc.nat(6), scope), { maxLength: 3 })
    fc.assert(
      fc.property(tree, fc.nat(5), named, (parents, home, units) => {
        const covers = (at: number, wanted: number, deep: boolean): boolean => {
          if (at === wanted) return true
          return deep && at > 0 && covers(parents[at - 1]!, wanted, deep)
        }
        const expected = units.some(([one, how]) => covers(home, one, how === 'subtree'))
        const targets = {
          ...noTargets,
          organizationalUnits: units.map(([one, how]) => ({ id: ouId(`ou-${one}`), scope: how })),
        }
        const at = account(1, pathOf(parents, home))
        expect(coveredBy(targets, at) !== null).toBe(expected)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a name pattern', () => {
  const rules: [string, string, string, boolean][] = [
    ['matches the name itself', 'ReadOnly', 'ReadOnly', true],
    ['must match the whole name', 'Read', 'ReadOnly', false],
    ['with a star matches any ending', 'Read*', 'ReadOnly', true],
    ['with a star matches an empty ending', 'Read*', 'Read', true],
    ['with a star alone matches everything', '*', 'Billing', true],
    ['with a question mark matches one character', 'Read?nly', 'ReadOnly', true],
    ['with a question mark does not match none', 'Read?', 'Read', false],
    ['minds upper and lower case', 'read*', 'ReadOnly', false],
    ['goes back to its last star', '*a*b', 'xaab-ab', true],
    ['takes a dot for a dot', 'Read.nly', 'ReadOnly', false],
    ['takes brackets for brackets', '[A-Z]*', 'ReadOnly', false],
    ['that is empty matches only an empty name', '', 'R', false],
    ['counts a character outside the basic plane as one', '?', '𠮷', true],
  ]
  test.each(rules)('%s', (_, pattern, name, matches) => {
    expect(matchesNamePattern(pattern, name)).toBe(matches)
  })

  test('agrees with a regular expression made of it', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?', '.'), maxLength: 7 })
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 })
    fc.assert(
      fc.property(pattern, name, (want, have) => {
        const source = want.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.')
        expect(matchesNamePattern(want, have)).toBe(new RegExp(`^${source}$`).test(have))
      }),
      { numRuns: 1_000 },
    )
  })

  test('made of many stars is decided at once', () => {
    const startedAt = performance.now()
    expect(matchesNamePattern(`${'*a'.repeat(2_000)}b`, 'a'.repeat(4_000))).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('a permission set', () => {
  const readOnly = permissionSet('ReadOnly')
  test.each([
    ['is named by its ARN', [arnOf('ReadOnly')], arnOf('ReadOnly')],
    ['is not named by another ARN', [arnOf('ReadOnl')], null],
    ['is not named by an ARN with a star', ['arn:aws:sso:::permissionSet/*'], null],
    ['is named by a pattern of its name', ['Admin*', 'Read*'], 'Read*'],
    ['is not named by nothing', [], null],
  ])('%s', (_, entries, by) => expect(namedBy(entries, readOnly)).toBe(by))

  test('is not named by a pattern that fits its ARN but not its name', () => {
    expect(namedBy(['*permissionSet*'], readOnly)).toBeNull()
  })
})
