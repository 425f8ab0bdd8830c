import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import {
  createWorld,
  devReadOnly,
  plainSubmission,
  prodAdmin,
  prodReadOnly,
  type World,
} from '#test/factory.ts'
import { previewRequest } from './preview-request.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
  await world.eligibility({ permissionSets: ['*'] })
  await world.approval()
})
afterAll(() => world.close())

test('a preview of many targets takes as many queries as one of a single target', async () => {
  const alice = await world.actor('alice')
  const everything = [prodReadOnly, prodAdmin, devReadOnly]
  const preview = (targets: typeof everything) =>
    previewRequest(world.ports, alice, { ...plainSubmission, targets })
  const unseen = await preview(everything)
  expect(unseen.targets.map(({ held }) => held)).toEqual(['unknown', 'unknown', 'unknown'])
  await world.looks.settled()

  const queries = vi.spyOn(pg.Client.prototype, 'query')
  try {
    const counts: number[] = []
    for (const targets of [[prodReadOnly], everything]) {
      queries.mockClear()
      const { targets: shown } = await preview(targets)
      expect(shown.map(({ held }) => held)).toEqual(targets.map(() => 'none'))
      counts.push(queries.mock.calls.length)
    }
    expect(counts[1]).toBe(counts[0])
  } finally {
    queries.mockRestore()
  }
})
