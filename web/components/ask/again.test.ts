import { expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import type { SavedRequest } from '#contract/saved-request.ts'
import { againOffers } from './again.ts'

const target = (account: number) => ({
  accountId: String(111122223333 + account),
  accountName: `Account ${account}`,
  permissionSetArn: 'arn:one',
  permissionSetName: 'ReadOnlyAccess',
})
// Only what is looked at: the rest of a request says nothing here.
const request = (id: string, account: number, justification: string) =>
  ({ id, ...target(account), durationMinutes: 30, justification }) as Request
const saved = (change: Partial<SavedRequest>) =>
  ({
    id: 's1',
    name: 'On call',
    targets: [{ ...target(1), eligible: true }],
    durationMinutes: 60,
    justification: null,
    ...change,
  }) as SavedRequest

test('favourites come first, then each target of the last requests once', () => {
  const mine = [request('r3', 1, 'third'), request('r2', 2, 'second'), request('r1', 1, 'first')]
  expect(againOffers([saved({})], mine).map(({ key }) => key)).toEqual(['s1', 'r3', 'r2'])
})

test('six targets of the last requests at most', () => {
  const mine = Array.from({ length: 9 }, (_, i) => request(`r${i}`, i, ''))
  expect(againOffers([], mine)).toHaveLength(6)
})

test('a favourite without words of its own repeats those of the last time', () => {
  const mine = [request('r1', 1, 'as last time')]
  expect(againOffers([saved({})], mine)[0]?.justification).toBe('as last time')
  expect(againOffers([saved({ justification: 'own' })], mine)[0]?.justification).toBe('own')
  expect(againOffers([saved({})], [])[0]?.justification).toBe('')
})
