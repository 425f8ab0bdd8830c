/** From what a notice that is not about one request has to say to the letter. */
import type { Digest, DigestPart } from '#server/store/digest.ts'
import type { LateAlarm } from '#server/store/late-alarms.ts'
import type { DirectoryCounts } from '#server/store/schema.ts'
import { type BulletinWords, englishBulletins, japaneseBulletins } from './bulletin-words.ts'
import type { Fact, Letter } from './letter.ts'
import { momentText, type Place } from './moment.ts'
import { oneLine, subjectLine } from './plain.ts'
import type { Standing } from './view.ts'
import { english } from './words-en.ts'
import { japanese } from './words-ja.ts'

export interface Access {
  readonly set: string
  readonly account: string
  readonly accountId: string
}

/** A change of policies or settings, made or proposed. */
export interface RulesChange {
  readonly thread: string
  readonly object: {
    readonly type: 'eligibility-policy' | 'approver-policy' | 'setting'
    readonly id: string
  }
  readonly verb: 'create' | 'update' | 'delete'
  /** Of an eligibility policy: whom it names. */
  readonly whose: string | null
  readonly widens: readonly string[]
  readonly by: string
  readonly at: Date
}

export interface BulletinView {
  readonly place: Place
  readonly standing: Standing
  readonly publicUrl: string
  readonly content:
    | {
        readonly kind: 'key_released'
        readonly thread: string
        readonly who: string
        readonly access: Access
        readonly by: string
        readonly comment: string
        readonly at: Date
      }
    | ({
        readonly kind: 'rules_changed'
        readonly version: number
        readonly acceptedBy: string | null
      } & RulesChange)
    | ({
        readonly kind: 'change_proposed'
        readonly proposalId: string
        readonly expiresAt: Date
      } & RulesChange)
    | {
        readonly kind: 'records_loosened'
        readonly thread: string
        readonly what: 'person_erased' | 'hold_released'
        /** Null: everybody. */
        readonly who: string | null
        readonly by: string
        readonly reason: string
        readonly at: Date
      }
    | {
        readonly kind: 'refresh_held'
        readonly thread: string
        readonly counts: readonly { kind: keyof DirectoryCounts; count: number }[]
        /** The first of those who would be removed. */
        readonly users: readonly string[]
        readonly at: Date
      }
    | {
        readonly kind: 'creations_held'
        readonly thread: string
        readonly reason: string
        readonly at: Date
      }
    | ({ readonly kind: 'digest'; readonly thread: string; readonly at: Date } & Digest)
    | {
        readonly kind: 'removal_late'
        readonly thread: string
        /** The receiver's own access, all of it. */
        readonly isOwn: boolean
        /** Every removal is confirmed by now. */
        readonly isOver: boolean
        /** Of all; those listed may be fewer. */
        readonly count: number
        readonly alarms: readonly LateAlarm[]
      }
}

type ContentOf<Kind extends BulletinView['content']['kind']> = Extract<
  BulletinView['content'],
  { kind: Kind }
>

type Body = Pick<Letter, 'subject' | 'heading' | 'paragraphs' | 'facts' | 'links'>

interface Style {
  readonly words: BulletinWords
  readonly place: Place
  readonly publicUrl: string
}

export function composeBulletin({ place, standing, publicUrl, content }: BulletinView): Letter {
  const isJapanese = place.locale === 'ja'
  const common = isJapanese ? japanese : english
  const words = isJapanese ? japaneseBulletins : englishBulletins
  const body = bodyOf(content, { words, place, publicUrl }, standing)
  return {
    ...body,
    locale: place.locale,
    subject: subjectLine(body.subject),
    footer: [words.footer[standing], common.noReply],
    noticeLine: common.noticeLine,
  }
}

function bodyOf(content: BulletinView['content'], style: Style, standing: Standing): Body {
  switch (content.kind) {
    case 'key_released':
      return released(content, style)
    case 'rules_changed':
      return rulesChanged(content, style)
    case 'change_proposed':
      return changeProposed(content, style)
    case 'records_loosened':
      return loosened(content, style)
    case 'refresh_held':
      return held(content, style)
    case 'creations_held':
      return creationsHeld(content, style)
    case 'removal_late':
      return late(content, style, standing)
    case 'digest':
      return digest(content, style)
    default:
      return content satisfies never
  }
}

function digest(content: ContentOf<'digest'>, { words, place, publicUrl }: Style): Body {
  const said = words.digest
  const part = ({ count, lines }: DigestPart): string => {
    const named = lines.map(({ who, ...access }) =>
      said.line({ who: oneLine(who), access: words.access(plain(access)) }),
    )
    const more = count - lines.length
    return [...named, ...(more > 0 ? [said.more(more)] : [])].join(words.semicolon)
  }
  const row = (label: string, count: number, value: string, path: string): Fact[] =>
    count === 0 ? [] : [{ label: said.counted({ label, count }), value, url: publicUrl + path }]
  const { late, failed, reviews, proposals, undelivered } = content
  return {
    subject: said.subject(momentText(content.at, place)),
    heading: said.heading,
    paragraphs: [said.what],
    facts: [
      ...row(said.late, late.count, part(late), '/admin/health'),
      ...row(said.failed, failed.count, part(failed), '/audit/requests?status=failed'),
      ...row(said.reviews, reviews.count, part(reviews), '/audit/requests?reviewOpen=true'),
      ...row(said.proposals, proposals, said.waits, '/admin/proposals'),
      ...row(said.undelivered, undelivered, said.sendAgain, '/admin/health?tab=notices'),
      ...row(said.refresh, Number(content.isRefreshHeld), said.waits, '/admin/directory'),
      ...row(said.creations, Number(content.areCreationsHeld), said.recover, '/admin/health'),
    ],
    links: [{ label: said.link, url: `${publicUrl}/` }],
  }
}

function released(content: ContentOf<'key_released'>, { words, place, publicUrl }: Style): Body {
  const { label } = words
  const who = oneLine(content.who)
  const access = words.access(plain(content.access))
  return {
    subject: words.released.subject({ who, access }),
    heading: words.released.heading({ who, by: oneLine(content.by) }),
    paragraphs: [words.released.stays, words.released.over],
    facts: [
      { label: label.person, value: who },
      { label: label.access, value: access },
      { label: label.by, value: content.by },
      { label: label.at, value: momentText(content.at, place) },
      { label: label.comment, value: content.comment, quoted: true },
    ],
    links: [{ label: words.link.ended, url: `${publicUrl}/access/ended` }],
  }
}

function rulesChanged(content: ContentOf<'rules_changed'>, style: Style): Body {
  const { words, publicUrl } = style
  const { object, verb, acceptedBy, widens } = content
  const what = words.rules.what(thingOf(content))
  const subject = widens.length > 0 ? words.rules.widened(what) : words.rules.changed(what)
  const pages = { 'eligibility-policy': 'eligibility', 'approver-policy': 'approvers' } as const
  const page = object.type === 'setting' ? 'settings' : `${pages[object.type]}/${object.id}`
  const links =
    verb === 'delete' ? [] : [{ label: words.link.rules, url: `${publicUrl}/admin/${page}` }]
  const accepted = acceptedBy === null ? [] : [{ label: words.rules.accepted, value: acceptedBy }]
  return {
    subject,
    heading: subject,
    paragraphs: [widens.length > 0 ? words.rules.look : words.rules.plain],
    facts: [...changeFacts(content, style), ...accepted],
    links,
  }
}

function changeProposed(content: ContentOf<'change_proposed'>, style: Style): Body {
  const { words, place, publicUrl } = style
  const subject = words.rules.proposed(words.rules.what(thingOf(content)))
  const expires = momentText(content.expiresAt, place)
  return {
    subject,
    heading: subject,
    paragraphs: [words.rules.waits, words.rules.who],
    facts: [...changeFacts(content, style), { label: words.rules.until, value: expires }],
    links: [
      { label: words.link.proposal, url: `${publicUrl}/admin/proposals/${content.proposalId}` },
    ],
  }
}

function thingOf({ object, verb, whose }: RulesChange) {
  return { type: object.type, verb, whose: whose === null ? null : oneLine(whose) }
}

function changeFacts({ widens, by, at }: RulesChange, { words, place }: Style): Fact[] {
  const why = widens.map((one) => words.wider[one] ?? one).join(words.comma)
  return [
    ...(why === '' ? [] : [{ label: words.rules.why, value: why }]),
    { label: words.label.by, value: by },
    { label: words.label.at, value: momentText(at, place) },
  ]
}

function loosened(
  content: ContentOf<'records_loosened'>,
  { words, place, publicUrl }: Style,
): Body {
  const { label, loosened: said } = words
  const who = content.who === null ? said.everybody : oneLine(content.who)
  const { subject, what } = said[content.what]
  return {
    subject: subject(who),
    heading: subject(who),
    paragraphs: [what],
    facts: [
      { label: label.person, value: who },
      { label: label.by, value: content.by },
      { label: label.at, value: momentText(content.at, place) },
      { label: label.reason, value: content.reason, quoted: true },
    ],
    links: [{ label: words.link.trail, url: `${publicUrl}/audit/events` }],
  }
}

function held(content: ContentOf<'refresh_held'>, { words, place, publicUrl }: Style): Body {
  const counts = content.counts
    .filter(({ count }) => count > 0)
    .map(({ kind, count }): Fact => ({ label: words.kind[kind], value: String(count) }))
  const users = content.users.map(oneLine).join(words.comma)
  return {
    subject: words.held.subject,
    heading: words.held.subject,
    paragraphs: [words.held.what, words.held.accept, words.held.discard],
    facts: [
      { label: words.label.at, value: momentText(content.at, place) },
      ...counts,
      ...(users === '' ? [] : [{ label: words.label.firstUsers, value: users }]),
    ],
    links: [{ label: words.link.directory, url: `${publicUrl}/admin/directory` }],
  }
}

function creationsHeld(
  content: ContentOf<'creations_held'>,
  { words, place, publicUrl }: Style,
): Body {
  return {
    subject: words.hold.subject,
    heading: words.hold.subject,
    paragraphs: [words.hold.what, words.hold.next],
    facts: [
      { label: words.label.reason, value: content.reason },
      { label: words.label.at, value: momentText(content.at, place) },
    ],
    links: [{ label: words.link.active, url: `${publicUrl}/access/active` }],
  }
}

function late(
  { isOwn, isOver, count, alarms }: ContentOf<'removal_late'>,
  { words, place, publicUrl }: Style,
  standing: Standing,
): Body {
  const [first] = alarms
  const access = first ? words.access(accessOf(first)) : ''
  const told = isOver ? words.wasLate : words.late
  const subject = count === 1 ? told.one(access) : told.many(count)
  const seesWords = standing === 'admin' || standing === 'auditor'
  const facts = alarms.map((alarm): Fact => {
    const said = seesWords ? oneLine(alarm.lastError ?? '') : ''
    const value = words.late.line({
      who: oneLine(alarm.displayName),
      goneBy: momentText(alarm.goneBy, place),
      goneAt: alarm.overAt && momentText(alarm.overAt, place),
      attempts: alarm.attempts,
    })
    return {
      label: words.access(accessOf(alarm)),
      value: said === '' ? value : `${value}. ${words.late.aws(said)}`,
    }
  })
  const more = count - alarms.length
  const only = count === 1 ? first?.requestIds[0] : undefined
  const request = { label: words.link.request, url: `${publicUrl}/requests/${only ?? ''}` }
  const accesses = isOver
    ? { label: words.link.ended, url: `${publicUrl}/access/ended` }
    : { label: words.link.active, url: `${publicUrl}/access/active` }
  return {
    subject,
    heading: subject,
    paragraphs: isOver
      ? [words.wasLate.what]
      : [
          isOwn ? words.late.own : words.late.what,
          words.late.tries,
          ...(standing === 'admin' ? [words.late.admin] : []),
        ],
    facts: more > 0 ? [...facts, { label: words.label.more, value: String(more) }] : facts,
    links: [only ? request : accesses],
  }
}

function accessOf(alarm: LateAlarm): Access {
  const { permissionSetName: set, accountName: account, accountId } = alarm
  return plain({ set, account, accountId })
}

function plain({ set, account, accountId }: Access): Access {
  return { set: oneLine(set), account: oneLine(account), accountId }
}
