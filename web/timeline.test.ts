import { describe, expect, test } from 'vitest'
import type { Request } from '#contract/request.ts'
import { translator } from './i18n.tsx'
import { en } from './strings/en.ts'
import { failureText, timelineOf, wordEndReason } from './timeline.ts'

const t = translator({ locale: 'en', strings: en })

function story(part: Partial<Request>): string[] {
  const base = {
    status: 'pending',
    requester: { displayName: 'Taro' },
    approvals: [],
    approvalRequired: true,
    requestedStartsAt: null,
    startsAt: null,
    grantedAt: null,
    endsAt: null,
    endedAt: null,
    stoppedBy: null,
    stopComment: null,
    endReason: null,
    failure: null,
    coveredBy: null,
    review: null,
    late: false,
    createdAt: '2026-11-24T00:00:00.000Z',
    expiresAt: '2026-11-24T03:00:00.000Z',
  }
  const request = { ...base, ...part } as Request
  const steps = timelineOf({ request, events: [], t, at: (instant) => instant })
  return steps.map((step) => `${step.status}: ${step.title}`)
}

const approved = {
  userId: 'u1',
  userName: 'carol',
  decision: 'approved' as const,
  comment: null,
  at: '2026-11-24T00:05:00.000Z',
}
const granted = { approvals: [approved], grantedAt: '2026-11-24T00:06:00.000Z' }

describe('the story of a request', () => {
  test('while it waits, what is still expected stands there as not begun', () => {
    expect(story({})).toEqual([
      'success: Asked by Taro',
      'pending: Approval',
      'not-started: Access starts',
      'not-started: Access ends',
    ])
  })

  test('a rejection ends it', () => {
    expect(
      story({ status: 'rejected', approvals: [{ ...approved, decision: 'rejected' }] }),
    ).toEqual(['success: Asked by Taro', 'error: Rejected by carol'])
  })

  test('break-glass says that nobody approved it, and what the review found', () => {
    const glass = { ...granted, approvals: [], approvalRequired: false, breakGlass: true }
    const by = { userId: 'u1', userName: 'carol' }
    const review = {
      dueAt: '2026-11-25T00:00:00.000Z',
      by,
      outcome: 'not_justified' as const,
      comment: 'Nothing was down',
      at: '2026-11-24T02:00:00.000Z',
    }
    const told = story({ ...glass, status: 'active', review })
    expect(told).toContain('success: Break-glass: no approval needed, review afterwards')
    expect(told.at(-1)).toBe('warning: Reviewed by carol: not justified')
    expect(story({ ...glass, status: 'active' }).join()).not.toContain('Reviewed')
  })

  test('removal that AWS has not confirmed is never told as done', () => {
    const ending = story({ ...granted, status: 'ending', endsAt: '2026-11-24T01:06:00.000Z' })
    expect(ending.at(-1)).toBe('in-progress: AWS is removing the access')
    expect(ending.join()).not.toContain('confirmed the removal')
    expect(story({ ...granted, status: 'ending', late: true }).at(-1)).toBe('warning: Removal late')
  })

  test('who ended it is named, and how', () => {
    const over = { ...granted, endedAt: '2026-11-24T00:20:00.000Z' }
    const carol = { userId: 'u1', userName: 'carol' }
    const end = (part: Partial<Request>) => story({ ...over, stoppedBy: carol, ...part }).at(-2)
    expect(end({ status: 'revoked', endReason: 'revoked' })).toBe('stopped: Revoked by carol')
    expect(end({ status: 'ended', endReason: 'returned' })).toBe('stopped: Given back by carol')
    expect(end({ status: 'cancelled', endReason: 'cancelled' })).toBe('stopped: Cancelled by carol')
  })

  test('a request that needed nobody says so', () => {
    expect(story({ status: 'scheduled', approvalRequired: false })).toContain(
      'success: No approval needed',
    )
  })
})

describe('why it ended', () => {
  test('known reasons have words, AWS is named, others stand as they are', () => {
    expect(wordEndReason('time', t)).toBe('Time was up')
    expect(wordEndReason('aws_AccessDenied', t)).toBe('AWS refused it (AccessDenied)')
    expect(wordEndReason('constructor', t)).toBe('constructor')
    expect(wordEndReason(null, t)).toBe('—')
  })

  test('a failure keeps AWS’s own sentence, and no other', () => {
    const aws = { code: 'aws_ConflictException', message: 'Busy.' }
    expect(failureText({ failure: aws }, t)).toBe('AWS refused it (ConflictException): Busy.')
    const late = { code: 'not_granted_in_time', message: 'English.' }
    expect(failureText({ failure: late }, t)).toBe('AWS did not confirm the access in time')
  })
})
