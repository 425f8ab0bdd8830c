/**
 * Every notice to everybody who may get it, in both languages, as mail, in Slack and for programs:
 * test/snapshots/notices is there to be read, and a changed sentence is seen in review.
 */
import { expect, test } from 'vitest'
import type { Outgoing } from '#server/notify/channel-port.ts'
import { compose } from '#server/notify/email/compose.ts'
import { composeBulletin } from '#server/notify/email/compose-bulletin.ts'
import type { Letter } from '#server/notify/email/letter.ts'
import { messageOf } from '#server/notify/email/message.ts'
import type { Locale } from '#server/notify/email/moment.ts'
import type { Standing } from '#server/notify/email/view.ts'
import { machineNotice, type RequestFacts } from '#server/notify/machine-notice.ts'
import { slackMessage } from '#server/notify/slack/blocks.ts'
import { bulletinEvents, bulletins } from './sample-bulletins.ts'
import { at, envelope, events, request, viewOf } from './sample-mails.ts'

const locales: Locale[] = ['en', 'ja']
const ours: Standing[] = ['requester', 'approver']
const watching: Standing[] = ['auditor', 'admin']
/** Programs and the audit channel read what auditors do, so that there is always one of those. */
const readers: Readonly<Record<string, readonly Standing[]>> = {
  reminder: ['approver', 'auditor'],
  ending_soon: ['requester', 'auditor'],
  failed: [...ours, ...watching],
  break_glass_used: [...ours, ...watching],
  review_due: [...ours, ...watching],
  excess_added: [...ours, ...watching],
  removal_late: [...ours, ...watching],
  key_released: ['auditor'],
  records_loosened: ['auditor'],
  digest: ['admin'],
}
const readersOf = (event: string, usual: readonly Standing[]) => readers[event] ?? usual

function letterOf(event: string, standing: Standing, locale: Locale): Letter {
  const place = { locale, timeZone: 'Asia/Tokyo' }
  const { publicUrl } = envelope
  const known = events.find((one) => one === event)
  if (known) return compose(viewOf(known, { standing, place }))
  const kind = bulletinEvents.find((one) => one === event)
  if (kind === undefined) throw new Error(`There is no sample of ${event}`)
  return composeBulletin({ place, standing, publicUrl, content: bulletins[kind] })
}

const rule = (name: string) =>
  `${'─'.repeat(8)} ${name} ${'─'.repeat(Math.max(3, 70 - name.length))}`

function mailText(letter: Letter): string {
  const { subject, text } = messageOf(letter, envelope, 'request-1')
  return `Subject: ${subject}\n\n${text.trimEnd()}`
}

interface Block {
  readonly type: string
  readonly text?: { readonly text: string }
  readonly label?: { readonly text: string }
  readonly elements?: readonly { readonly text: string | { readonly text: string } }[]
}

function slackText(letter: Letter, decideOn: string | null): string {
  const { noticeId } = envelope
  const { text, blocks } = slackMessage(letter, { noticeId, decideOn, outcome: null })
  const lines = (blocks as readonly Block[]).map((block) => {
    if (block.type === 'input') return `[ ${block.label?.text} ]`
    const elements = block.elements?.map((one) =>
      typeof one.text === 'string' ? one.text : `( ${one.text.text} )`,
    )
    return block.text?.text ?? elements?.join('  ') ?? ''
  })
  return `${text}\n\n${lines.join('\n\n')}`
}

const facts: RequestFacts = {
  id: request.id as never,
  submissionId: '5b1f8a52-0000-4000-8000-000000000001' as never,
  status: 'active',
  requester: { userId: 'u-1' as never, userName: 'taro', displayName: request.requesterName },
  accountId: request.accountId as never,
  accountName: request.accountName,
  permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1' as never,
  permissionSetName: request.permissionSetName,
  requestedStartsAt: null,
  durationMinutes: request.durationMinutes,
  startsAt: at('00:10:00').toISOString(),
  grantedAt: at('00:10:00').toISOString(),
  endsAt: at('01:40:00').toISOString(),
  endedAt: null,
  excessSeconds: null,
  justification: request.justification,
  ticket: null,
  breakGlass: false,
  reviewDueAt: null,
  extends: null,
  approvalsRequired: 1,
  approvals: [],
  stoppedBy: null,
  endReason: null,
  failure: null,
  createdAt: at('00:00:00').toISOString(),
  expiresAt: request.expiresAt.toISOString(),
}

function programText(event: string, isAboutRequest: boolean): string {
  const outgoing: Outgoing = {
    noticeId: envelope.noticeId,
    event,
    at: at('00:09:31'),
    now: at('00:09:32'),
    receiverId: 'sns:topic',
    address: 'team-notices',
    thread: 'request-1',
    letter: letterOf(event, 'auditor', 'en'),
    request: isAboutRequest ? facts : null,
    publicUrl: envelope.publicUrl,
    mayDecide: false,
  }
  return JSON.stringify(JSON.parse(machineNotice(outgoing)), null, 2)
}

const all = [
  ...events.map((event) => ({ event, isAboutRequest: true, usual: [...ours, 'auditor'] as const })),
  ...bulletinEvents.map((event) => ({ event, isAboutRequest: false, usual: watching })),
]

test.each(all)('$event reads as it is kept', async ({ event, isAboutRequest, usual }) => {
  const asks = event === 'requested' || event === 'reminder'
  const parts = readersOf(event, usual).flatMap((standing) =>
    locales.flatMap((locale) => {
      const letter = letterOf(event, standing, locale)
      const decideOn = asks && standing === 'approver' ? request.id : null
      return [
        rule(`${event} · ${standing} · ${locale} · mail`),
        mailText(letter),
        rule(`${event} · ${standing} · ${locale} · Slack`),
        slackText(letter, decideOn),
      ]
    }),
  )
  const programs = [rule(`${event} · SNS and webhook`), programText(event, isAboutRequest)]
  const text = [...parts, ...programs].join('\n\n')
  await expect(`${text}\n`).toMatchFileSnapshot(`snapshots/notices/${event}.txt`)
})
