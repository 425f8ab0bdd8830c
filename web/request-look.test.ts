import { describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import { lastTargets, leftMs, lookOf } from './request-look.ts'

const now = new Date('2026-11-24T00:00:00Z')
const soon = '2026-11-24T00:08:00.000Z'
const before = '2026-11-23T23:59:00.000Z'

describe('how a status looks', () => {
  const rows: [Pick<Request, 'status' | 'late' | 'watchedUntil'>, string][] = [
    [{ status: 'ending', late: false, watchedUntil: null }, 'ending'],
    [{ status: 'ending', late: true, watchedUntil: null }, 'late'],
    [{ status: 'active', late: true, watchedUntil: null }, 'active'],
    [{ status: 'ended', late: false, watchedUntil: soon }, 'watched'],
    [{ status: 'ended', late: false, watchedUntil: before }, 'ended'],
    [{ status: 'revoked', late: false, watchedUntil: soon }, 'revoked'],
  ]
  test.each(rows)('%o', (request, look) => {
    expect(lookOf(request, now)).toBe(look)
  })

  test('only active access counts down', () => {
    expect(leftMs({ status: 'active', endsAt: soon }, now)).toBe(480_000)
    expect(leftMs({ status: 'ending', endsAt: soon }, now)).toBe(null)
    expect(leftMs({ status: 'active', endsAt: null }, now)).toBe(null)
  })
})

describe('targets to ask for again', () => {
  const of = (id: string, accountId: string, set: string) =>
    ({ id, accountId, permissionSetArn: set }) as Request

  test('each target once, by its newest request, newest first', () => {
    const requests = [of('4', 'a', 'x'), of('3', 'b', 'x'), of('2', 'a', 'x'), of('1', 'a', 'y')]
    expect(lastTargets(requests, 6).map(({ id }) => id)).toEqual(['4', '3', '1'])
    expect(lastTargets(requests, 2).map(({ id }) => id)).toEqual(['4', '3'])
  })
})
