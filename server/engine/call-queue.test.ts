import { expect, test } from 'vitest'
import { type CallPurpose, createCallQueue } from './call-queue.ts'

/** A quota whose tokens come when the test says so. */
function quota() {
  const asked: PromiseWithResolvers<void>[] = []
  const queue = createCallQueue(() => {
    const token = Promise.withResolvers<void>()
    asked.push(token)
    return token.promise
  })
  const served: CallPurpose[] = []
  const call = async (purpose: CallPurpose) => {
    await queue.take(purpose)
    served.push(purpose)
  }
  const settle = async () => {
    for (let turns = 0; turns < 10; turns += 1) await Promise.resolve()
  }
  const give = async () => {
    asked.shift()?.resolve()
    await settle()
  }
  return { queue, call, give, served, asked, settle }
}

test('a removal that comes last goes before grants and polls that wait', async () => {
  const { call, give, served } = quota()
  for (const purpose of ['observation', 'poll', 'grant', 'break_glass', 'removal'] as const) {
    void call(purpose)
  }
  for (let tokens = 0; tokens < 5; tokens += 1) await give()
  expect(served).toEqual(['removal', 'break_glass', 'grant', 'poll', 'observation'])
})

test('nobody is served without a token, and one token serves one', async () => {
  const { call, give, served, queue } = quota()
  void call('grant')
  void call('grant')
  expect(served).toEqual([])
  await give()
  expect(served).toEqual(['grant'])
  expect(queue.waiting()).toBe(1)
})

test('those of one rank are served in the order in which they came', async () => {
  const { queue, give } = quota()
  const served: number[] = []
  for (const place of [1, 2, 3]) void queue.take('removal').then(() => served.push(place))
  for (let tokens = 0; tokens < 3; tokens += 1) await give()
  expect(served).toEqual([1, 2, 3])
})

test('a quota that cannot be asked refuses those who wait, and serves those who come later', async () => {
  const { queue, asked, give, settle } = quota()
  const refused = expect(queue.take('removal')).rejects.toThrow('no database')
  asked.shift()?.reject(new Error('no database'))
  await refused
  await settle()
  const later = queue.take('grant')
  await give()
  await expect(later).resolves.toBeUndefined()
})
