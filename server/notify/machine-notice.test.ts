import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { noticeNames } from '#core/notices.ts'
import { viewOf } from '#test/sample-mails.ts'
import type { Outgoing } from './channel-port.ts'
import { compose } from './email/compose.ts'
import { machineBytesMax, machineNotice } from './machine-notice.ts'

type Facts = NonNullable<Outgoing['request']>

const facts = {
  id: '3b1f8a52-0000-4000-8000-000000000001',
  justification: 'Payments are stuck',
  approvals: [],
} as unknown as Facts
const outgoing: Outgoing = {
  noticeId: '7c2e0d11-0000-4000-8000-000000000009',
  event: 'approved',
  at: new Date('2026-11-24T09:00:00Z'),
  now: new Date('2026-11-24T09:00:01Z'),
  receiverId: 'sns:topic',
  address: 'team-notices',
  thread: 'request-1',
  letter: compose(viewOf('approved', { standing: 'auditor' })),
  request: facts,
  publicUrl: 'https://team.example.com',
  mayDecide: false,
}

describe('a notice for programs', () => {
  test('is of an event that the reference page names, each but the digest', () => {
    const page = readFileSync(new URL('../../docs/reference/notices.md', import.meta.url), 'utf8')
    const named = noticeNames.filter((event) => page.includes(`\`${event}\``))
    expect(named).toEqual(noticeNames.filter((event) => event !== 'digest'))
  })

  test('of two copies all is the same but when they were sent', () => {
    const again = { ...outgoing, now: new Date('2026-11-24T10:00:00Z') }
    const [one, two] = [outgoing, again].map((copy) => JSON.parse(machineNotice(copy)))
    expect({ ...two, sentAt: one.sentAt }).toEqual(one)
    expect(one).toMatchObject({
      schema: 'team.notice.v1',
      noticeId: outgoing.noticeId,
      url: 'https://team.example.com/requests/3b1f8a52-0000-4000-8000-000000000001',
    })
  })

  test('never grows beyond what SNS takes, whatever people wrote', () => {
    const huge = { ...facts, justification: '𠮷'.repeat(100_000) } as Facts
    const text = machineNotice({ ...outgoing, request: huge })
    expect(Buffer.byteLength(text)).toBeLessThan(machineBytesMax)
    expect(JSON.parse(text)).toMatchObject({ shortened: true, request: { id: facts.id } })
  })
})
