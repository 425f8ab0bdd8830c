import { describe, expect, test } from 'vitest'
import type { NoticeEvent } from '#server/store/announce-port.ts'
import { approval, at, due, envelope, every, gone, mail, request } from '#test/sample-mails.ts'
import { columnsOf } from './fold.ts'
import { writeMessage } from './message.ts'
import type { Locale } from './moment.ts'

describe('letters as people read them', () => {
  test('an approver is asked, told what happens without them, and led to the very request', () => {
    const { subject, text } = mail('requested', {
      standing: 'approver',
      facts: { approvalsRequired: 2 },
    })
    expect(subject).toBe(
      'Approval needed: Taro Yamada asks for PowerUserAccess in Payments (111122223333)',
    )
    expect(text).toBe(`Taro Yamada asks for access

Taro Yamada asks for PowerUserAccess in Payments. You are one of those who
can decide.

2 approvals are needed; 2 people can give them.

Without a decision the request expires on Tue 24 Nov 2026, 12:00 UTC+09:00
(2026-11-24 03:00 UTC).

The link only opens the page. Nothing is decided until you decide there.

Requester: Taro Yamada (taro)
Account: Payments (111122223333)
Permission set: PowerUserAccess
Start: as soon as it is approved
Duration: 1 hour 30 minutes
Justification:
> Payments are stuck; I have to restart the queue.
Can approve: Bob, Carol
Request: 3b1f8a52-0000-4000-8000-000000000001

Open the request and decide:
https://team.example.com/requests/3b1f8a52-0000-4000-8000-000000000001?decide=approve

-- 
You get this mail because you can decide on the request, or have decided.
Sent by TEAM (temporary elevated access management). Replies are not read.
Notice 7c2e0d11-0000-4000-8000-000000000009
`)
  })

  test('a requester who may start is told until when, where to go, and what outlives the end', () => {
    const { subject, text } = mail('active')
    expect(subject).toBe('Access is active: PowerUserAccess in Payments (111122223333)')
    expect(text).toContain(`Your access is active

AWS has confirmed the access. It ends by itself on Tue 24 Nov 2026, 10:40
UTC+09:00 (2026-11-24 01:40 UTC).

To use it, open the AWS access portal and choose Payments, PowerUserAccess.

If you are done earlier, give it back on the page of the request.

Credentials taken before the end can work until Tue 24 Nov 2026, 11:40
UTC+09:00 (2026-11-24 02:40 UTC).
`)
    expect(text).toContain(`Open the AWS access portal:
https://d-1234567890.awsapps.com/start
Open the request:
https://team.example.com/requests/3b1f8a52-0000-4000-8000-000000000001
`)
  })

  test('break-glass asks those who could have approved it for a review, and says until when', () => {
    const { subject, text } = mail('break_glass_used', { standing: 'approver' })
    expect(subject).toBe(
      'Break-glass used: PowerUserAccess in Payments (111122223333) for Taro Yamada',
    )
    const said = text.replace(/\s+/g, ' ')
    expect(said).toContain('Nobody had to approve it.')
    expect(said).toContain('by Tue 24 Nov 2026, 21:00 UTC+09:00 (2026-11-24 12:00 UTC).')
    expect(said).toContain('say on its page whether it was justified.')
    expect(text).toContain(`/requests/${request.id}?do=review`)
    for (const standing of ['requester', 'auditor', 'admin'] as const) {
      expect(mail('break_glass_used', { standing }).text).not.toContain('?do=review')
    }
  })

  test('a review that is due tells the requester what it bars them from', () => {
    expect(mail('review_due').text).toContain('you get no further break-glass')
    expect(mail('review_due', { standing: 'approver' }).text).toContain('?do=review')
  })

  test('an extension that expired with its parent does not blame the approvers', () => {
    const { text } = mail('expired', { facts: { endReason: 'parent_over' } })
    expect(text).toContain('was over before anybody decided')
    expect(text).not.toContain('Nobody decided in time')
  })

  test('a revocation names who did it, why, and how long access outlived it', () => {
    const { text } = mail('revoked')
    expect(
      text,
    ).toContain(`Approved by: bob, Tue 24 Nov 2026, 09:09 UTC+09:00 (2026-11-24 00:09 UTC)
Comment:
> Go ahead
Revoked by: carol
Comment:
> Wrong account
Longer than planned by: 1 minute 11 seconds
`)
  })

  test('a Japanese approver reads all of it in Japanese', () => {
    const { subject, text } = mail('requested', {
      standing: 'approver',
      place: { locale: 'ja', timeZone: 'Asia/Tokyo' },
      facts: {
        requesterName: '山田 太郎',
        accountName: '決済 Prod',
        justification: '「緊急対応」𠮷野家の決済が止まっています。１号機を再起動します。',
        ticket: 'INC-１２',
      },
    })
    expect(subject).toBe(
      '承認のお願い: 山田 太郎 さんの 決済 Prod (111122223333) / PowerUserAccess',
    )
    expect(text).toBe(`山田 太郎 さんがアクセスを申請しています

山田 太郎 さんが 決済 Prod / PowerUserAccess を申請しています。あなたは承認
者の一人です。

承認者 2 名のうち 1 名の承認が必要です。

承認も却下もされない場合、申請は 2026年11月24日(火) 12:00 UTC+09:00 (UTC で
は 2026-11-24 03:00) に期限切れになります。

リンクはページを開くだけです。開いたページで操作するまで何も決まりません。

申請者: 山田 太郎 (taro)
アカウント: 決済 Prod (111122223333)
許可セット: PowerUserAccess
開始: 承認後すぐ
期間: 1 時間 30 分
申請理由:
> 「緊急対応」𠮷野家の決済が止まっています。１号機を再起動します。
チケット番号: INC-１２
承認者: Bob、Carol
申請: 3b1f8a52-0000-4000-8000-000000000001

申請を開いて承認または却下:
https://team.example.com/requests/3b1f8a52-0000-4000-8000-000000000001?decide=approve

-- 
この申請の承認者、または対応済みの方へのお知らせです。
TEAM (一時的な特権アクセスの管理) からの自動送信です。返信は読まれません。
通知 7c2e0d11-0000-4000-8000-000000000009
`)
  })

  const sentences: [string, NoticeEvent, Parameters<typeof mail>[1], string[], string[]][] = [
    [
      'an approval for later says when access starts',
      'approved',
      {
        grant: { ...due, dueAt: at('05:00:00') },
        facts: { decisions: [approval], requestedStartsAt: at('05:00:00') },
      },
      ['Access starts on Tue 24 Nov 2026, 14:00 UTC+09:00'],
      ['is setting it up'],
    ],
    [
      'an approval for now says that it is being set up',
      'approved',
      {},
      ['TEAM is setting it up in AWS'],
      ['Access starts on'],
    ],
    [
      'where no approval was needed, nobody is said to have approved',
      'approved',
      { facts: { approvalRequired: false, decisions: [] } },
      ['No approval was needed.'],
      ['Approved by'],
    ],
    [
      'a rejection names who, and says what to do',
      'rejected',
      {},
      ['Rejected by: bob', '> Use staging', 'ask again'],
      ['Approved by'],
    ],
    [
      'a cancellation before anything was made says that no access was given',
      'cancelled',
      {},
      ['No access was given.', 'Cancelled by: taro'],
      ['removed'],
    ],
    [
      'a cancellation while it was being made says that it is removed',
      'cancelled',
      { grant: { ...due, overAt: at('00:11:00'), wasBegun: true } },
      ['What TEAM had begun to set up in AWS is removed.'],
      [],
    ],
    [
      'an end in time gives its reason',
      'ended',
      {},
      ['Reason: The time was up', 'Ended: Tue 24 Nov 2026, 10:41 UTC+09:00'],
      ['Given back by'],
    ],
    [
      'a return names who gave it back, without a second reason',
      'ended',
      { facts: { endReason: 'returned', stoppedBy: { by: 'taro', comment: null } } },
      ['Given back by: taro'],
      ['Reason:'],
    ],
    [
      'an end that another grant covers does not claim a removal',
      'ended',
      { grant: { ...gone, isCovered: true, excessSeconds: 0 } },
      ['Another grant covers the same access'],
      ['AWS has confirmed that', 'Longer than planned'],
    ],
    [
      'credentials that are dead by now are not warned of',
      'ended',
      { now: at('09:00:00') },
      ['AWS has confirmed that the access is removed.'],
      ['Credentials taken'],
    ],
    [
      'a removal outside TEAM says so',
      'revoked',
      { facts: { stoppedBy: null, endReason: 'revoked_outside' } },
      ['Reason: Removed in AWS, outside TEAM'],
      ['Revoked by'],
    ],
    [
      'a revocation before the start says that no access was given',
      'revoked',
      { grant: { ...due, overAt: at('00:11:00') } },
      ['No access was given.'],
      ['AWS has confirmed'],
    ],
    [
      'a failure gives its reason',
      'failed',
      {},
      ['Reason: AWS did not confirm in time.', 'You can ask again.'],
      [],
    ],
    [
      'an administrator is asked to look at a failure',
      'failed',
      { standing: 'admin' },
      ['Please look at the request', 'because you are an administrator'],
      ['You can ask again'],
    ],
    [
      'a reason without words is shown as it was recorded',
      'ended',
      { facts: { endReason: 'moon_phase' } },
      ['Reason: moon_phase'],
      [],
    ],
    [
      'a failure in Japanese keeps what AWS said',
      'failed',
      { place: { locale: 'ja', timeZone: 'UTC' } },
      ['理由: AWS が期限までに付与を確認しなかったため (AWS did not confirm in time.)'],
      [],
    ],
    [
      'long lists of approvers are cut, and counted',
      'requested',
      { facts: { approverNames: ['A', 'B', 'C', 'D', 'E', 'F', 'G'] } },
      ['Can approve: A, B, C, D, E and 2 more', '7 people can approve it'],
      [],
    ],
    [
      'without a portal the page of the request is the link',
      'active',
      { portalUrl: null },
      ['Open the request:'],
      ['access portal:'],
    ],
  ]
  for (const [rule, event, change, says, keepsSilent] of sentences) {
    test(rule, () => {
      const { text } = mail(event, change)
      const words = text.replace(/\s+/g, ' ')
      for (const sentence of says) expect(words).toContain(sentence)
      for (const sentence of keepsSilent) expect(words).not.toContain(sentence)
    })
  }
})

describe('every letter, to everybody, in both languages', () => {
  for (const { name, view } of every) {
    test(name, () => {
      const { subject, text, html } = writeMessage(view, envelope)
      for (const body of [text, html]) {
        expect(body).toContain('Taro Yamada (taro)')
        expect(body).toContain('Payments (111122223333)')
        expect(body).toContain('PowerUserAccess')
        expect(body).toContain('I have to restart the queue.')
        expect(body).toContain(`https://team.example.com/requests/${request.id}`)
        expect(body).not.toMatch(/undefined|null|NaN|\[object|Invalid Date/)
      }
      expect(subject).toContain('Payments')
      expect(subject).not.toMatch(/[\r\n]/)
      expect(html).toContain(`<html lang="${view.place.locale}"`)
      expect(/[ぁ-ん]/.test(text)).toBe(view.place.locale === 'ja')
      const isWaiting = view.event === 'requested' || view.event === 'reminder'
      const decides = isWaiting && view.standing === 'approver'
      expect(text.includes('?decide=approve')).toBe(decides)
      for (const line of text.split('\n')) {
        if (!line.startsWith('https://')) expect(columnsOf(line)).toBeLessThanOrEqual(77)
      }
    })
  }
})

describe('times', () => {
  const moments: [string, string, Locale, string][] = [
    ['2026-11-24T00:30:00Z', 'UTC', 'en', 'Tue 24 Nov 2026, 00:30 UTC'],
    ['2026-11-24T00:30:00Z', 'UTC', 'ja', '2026年11月24日(火) 00:30 UTC'],
    [
      '2026-11-24T20:30:00Z',
      'Asia/Tokyo',
      'en',
      'Wed 25 Nov 2026, 05:30 UTC+09:00 (2026-11-24 20:30 UTC)',
    ],
    [
      '2026-11-24T20:30:00Z',
      'Asia/Tokyo',
      'ja',
      '2026年11月25日(水) 05:30 UTC+09:00 (UTC では 2026-11-24 20:30)',
    ],
    [
      '2026-07-01T03:15:00Z',
      'America/New_York',
      'en',
      'Tue 30 Jun 2026, 23:15 UTC-04:00 (2026-07-01 03:15 UTC)',
    ],
    [
      '2026-11-24T00:15:00Z',
      'Asia/Kathmandu',
      'en',
      'Tue 24 Nov 2026, 06:00 UTC+05:45 (2026-11-24 00:15 UTC)',
    ],
    [
      '2026-11-23T15:00:00Z',
      'Asia/Tokyo',
      'en',
      'Tue 24 Nov 2026, 00:00 UTC+09:00 (2026-11-23 15:00 UTC)',
    ],
  ]
  for (const [moment, timeZone, locale, shown] of moments) {
    test(`${moment} in ${timeZone}, ${locale}`, () => {
      const place = { locale, timeZone }
      const { text } = mail('requested', { place, facts: { expiresAt: new Date(moment) } })
      const squeezed = (words: string) => words.replace(/\s+/g, '')
      expect(squeezed(text)).toContain(squeezed(shown))
    })
  }
})
