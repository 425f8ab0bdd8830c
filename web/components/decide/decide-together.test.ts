import { describe, expect, test } from 'vitest'
import type { Request, RequestHints } from '#contract/request.ts'
import { bySubmission, grouped, type Result, tallyOf, tickedAtFirst } from './decide-together.ts'

// Only what is looked at: the rest of a request says nothing here.
const request = (id: string, level: RequestHints['level'] | null, allowed = true) =>
  ({
    id,
    submissionId: id.slice(0, 1),
    actions: [
      { name: 'approve', allowed },
      { name: 'reject', allowed },
    ],
    ...(level && { hints: { level } }),
  }) as Request

describe('of several requests', () => {
  const all = [
    request('a1', 'read'),
    request('b1', 'admin'),
    request('a2', 'unknown'),
    request('a3', null),
    request('b2', 'write'),
    request('c1', 'read', false),
  ]

  test('what reaches administrator level, or might, is approved by a tick of its own', () => {
    expect([...tickedAtFirst(all, 'approve')]).toEqual(['a1', 'b2'])
  })

  test('all that may be are rejected', () => {
    expect([...tickedAtFirst(all, 'reject')]).toEqual(['a1', 'b1', 'a2', 'a3', 'b2'])
  })

  test('those of one submission are one call and one row', () => {
    expect([...bySubmission(all)]).toEqual([
      ['a', ['a1', 'a2', 'a3']],
      ['b', ['b1', 'b2']],
      ['c', ['c1']],
    ])
    expect(grouped(all).map((one) => one.map(({ id }) => id))).toEqual([
      ['a1', 'a2', 'a3'],
      ['b1', 'b2'],
      ['c1'],
    ])
  })
})

test('a result is told by what was recorded, by whom others were decided, and what was refused', () => {
  const of = (outcome: Result['outcome'], code?: string, byName?: string) =>
    ({
      requestId: 'r1',
      request: request('r1', 'read'),
      outcome,
      ...(code && { code }),
      ...(byName && { params: { byName } }),
    }) satisfies Result
  expect(
    tallyOf([
      of('approved'),
      of('approved'),
      of('refused', 'already_decided', 'carol'),
      of('refused', 'not_pending'),
      of('refused', 'already_decided', 'carol'),
    ]),
  ).toEqual({ recorded: 2, refused: 1, byOthers: [{ name: 'carol', n: 2 }] })
})
