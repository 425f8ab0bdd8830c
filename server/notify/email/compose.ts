/** From the facts to the letter: which sentences and which rows this person gets. */
import type { Fact, Letter, Link } from './letter.ts'
import { durationText, momentText, secondsText } from './moment.ts'
import { oneLine, subjectLine } from './plain.ts'
import type { MailView, Word } from './view.ts'
import type { Label, Names, Words } from './words.ts'
import { english } from './words-en.ts'
import { japanese } from './words-ja.ts'

const namesShownMax = 5

export function compose(view: MailView): Letter {
  const words = view.place.locale === 'ja' ? japanese : english
  const names = namesOf(view)
  return {
    locale: view.place.locale,
    subject: subjectLine(subjectOf(view, words, names)),
    heading: isOwn(view) ? words.ownHeading[view.event] : words.heading[view.event](names),
    paragraphs: paragraphsOf(view, words, names),
    facts: factsOf(view, words),
    links: linksOf(view, words),
    footer: [words.footer[view.standing], words.noReply],
    noticeLine: words.noticeLine,
  }
}

function isOwn(view: MailView): boolean {
  return view.standing === 'requester'
}

function mayDecide(view: MailView): boolean {
  return isWaiting(view) && view.standing === 'approver'
}

function isWaiting({ event }: MailView): boolean {
  return event === 'requested' || event === 'reminder'
}

function mayReview({ event, standing }: MailView): boolean {
  return (event === 'break_glass_used' || event === 'review_due') && standing === 'approver'
}

function namesOf({ request }: MailView): Names {
  return {
    who: oneLine(request.requesterName),
    set: oneLine(request.permissionSetName),
    account: oneLine(request.accountName),
  }
}

function subjectOf(view: MailView, words: Words, names: Names): string {
  const { accountId } = view.request
  const access = words.access({ ...names, accountId })
  const { who } = names
  if (mayDecide(view) && view.event === 'requested') return words.decide.subject({ who, access })
  const subject = words.subject[view.event]
  return isOwn(view) ? subject.own(access) : subject.others({ who, access })
}

function paragraphsOf(view: MailView, words: Words, names: Names): string[] {
  const own = isOwn(view)
  switch (view.event) {
    case 'requested':
    case 'reminder':
      return waiting(view, words, names)
    case 'approved':
      return approved(view, words)
    case 'rejected':
      return [words.rejected.noAccess, ...when(own, words.rejected.ownNext)]
    case 'cancelled':
      return [view.grant?.wasBegun ? words.cancelled.removed : words.cancelled.noAccess]
    case 'expired':
      return [expired(view, words), ...when(own, words.expired.ownNext)]
    case 'active':
      return active(view, words, names)
    case 'ending_soon':
      return endingSoon(view, words)
    case 'ended':
      return over(view, words)
    case 'revoked':
      return [...over(view, words), ...when(own, words.over.revokedNext)]
    case 'failed':
      return failed(view, words)
    case 'break_glass_used':
      return breakGlassUsed(view, words, names)
    case 'review_due':
      return reviewDue(view, words, names)
    case 'excess_added':
      return excessAdded(view, words)
    default:
      return view.event satisfies never
  }
}

function when(condition: boolean, sentence: string): string[] {
  return condition ? [sentence] : []
}

function waiting(view: MailView, words: Words, names: Names): string[] {
  const { approvalsRequired, approverNames, expiresAt } = view.request
  const approvals = { needed: approvalsRequired, count: approverNames.length }
  const expires = momentText(expiresAt, view.place)
  if (!mayDecide(view)) return [words.wait.needed(approvals), words.wait.next(expires)]
  const { decide } = words
  return [
    decide.ask(names),
    decide.needed(approvals),
    decide.expires(expires),
    decide.linkOnlyOpens,
  ]
}

function approved({ request, grant, now, place, ...view }: MailView, words: Words): string[] {
  const notNeeded = when(!request.approvalRequired, words.approved.notNeeded)
  if (view.standing !== 'requester') return [...notNeeded, words.approved.nothingToDo]
  const startsAt = grant?.dueAt ?? request.requestedStartsAt
  const isLater = startsAt !== null && startsAt > now
  const next = isLater
    ? words.approved.startsLater(momentText(startsAt, place))
    : words.approved.startsNow
  return [...notNeeded, next]
}

function active(view: MailView, words: Words, names: Names): string[] {
  const { endsAt, sessionsMayLiveUntil: alive } = view.grant ?? {}
  const until = endsAt ? [words.active.until(momentText(endsAt, view.place))] : []
  const credentials = alive ? [words.over.credentials(momentText(alive, view.place))] : []
  if (!isOwn(view)) return [...until, ...credentials, words.active.revoke]
  return [...until, words.active.how(names), words.active.giveBack, ...credentials]
}

function endingSoon({ grant, place }: MailView, words: Words): string[] {
  const { until, extend, nothing } = words.endingSoon
  const ends = grant?.endsAt ? [until(momentText(grant.endsAt, place))] : []
  return [...ends, extend, nothing]
}

function over(view: MailView, words: Words): string[] {
  const { isCovered = false, overAt, sessionsMayLiveUntil, startsAt } = view.grant ?? {}
  if (!startsAt) return [words.cancelled.noAccess]
  if (isCovered) return [words.over.covered]
  if (view.request.endReason === 'released') return [words.over.released]
  const removed = overAt ? [words.over.removed] : []
  const alive = sessionsMayLiveUntil !== null && sessionsMayLiveUntil !== undefined
  if (!alive || sessionsMayLiveUntil <= view.now) return removed
  return [...removed, words.over.credentials(momentText(sessionsMayLiveUntil, view.place))]
}

function expired({ request }: MailView, words: Words): string {
  return request.endReason === 'parent_over' ? words.expired.parentOver : words.expired.noAccess
}

function breakGlassUsed(view: MailView, words: Words, names: Names): string[] {
  const { breakGlass } = words
  const { reviewDueAt } = view.request
  const due = reviewDueAt ? [breakGlass.due(momentText(reviewDueAt, view.place))] : []
  if (isOwn(view)) return [breakGlass.ownTaken, ...due]
  return [
    breakGlass.taken(names),
    ...due,
    ...when(mayReview(view), breakGlass.ask),
    breakGlass.revoke,
  ]
}

function reviewDue(view: MailView, words: Words, names: Names): string[] {
  const { breakGlass } = words
  const { reviewDueAt } = view.request
  const due = reviewDueAt ? [breakGlass.wasDue(momentText(reviewDueAt, view.place))] : []
  if (isOwn(view)) return [...due, breakGlass.ownBarred]
  return [...due, ...when(mayReview(view), breakGlass.ask), breakGlass.barred(names)]
}

function excessAdded({ late, place }: MailView, words: Words): string[] {
  const span = late && {
    from: momentText(late.from, place),
    to: momentText(late.to, place),
  }
  return [
    words.excessAdded.why,
    ...(span ? [words.excessAdded.span(span)] : []),
    words.excessAdded.counted,
  ]
}

function failed(view: MailView, words: Words): string[] {
  if (isOwn(view)) return [words.failed.nothingLeft, words.failed.ownNext]
  return [words.failed.nothingLeft, ...when(view.standing !== 'approver', words.failed.adminNext)]
}

function factsOf(view: MailView, words: Words): Fact[] {
  const { request } = view
  const fact = (label: Label, value: string): Fact => ({ label: words.label[label], value })
  const quote = (label: Label, value: string): Fact => ({ ...fact(label, value), quoted: true })
  const { locale } = view.place
  return [
    fact('requester', `${request.requesterName} (${request.requesterUserName})`),
    fact('account', `${request.accountName} (${request.accountId})`),
    fact('permissionSet', request.permissionSetName),
    ...timeFacts(view, words),
    fact('duration', durationText(request.durationMinutes, locale)),
    ...(request.justification === '' ? [] : [quote('justification', request.justification)]),
    ...(request.ticket === null ? [] : [ticketFact(request.ticket, request.ticketUrl, words)]),
    ...(isWaiting(view) ? [fact('approvers', approversText(view))] : []),
    ...decisionFacts(view, words),
    ...endFacts(view, words),
    fact('request', request.id),
  ]
}

function ticketFact(ticket: string, url: string | null, words: Words): Fact {
  return { label: words.label.ticket, value: ticket, ...(url !== null && { url }) }
}

function timeFacts({ request, grant, place, event }: MailView, words: Words): Fact[] {
  const { label } = words
  const startsAt = grant?.startsAt ?? request.requestedStartsAt
  const start = startsAt ? momentText(startsAt, place) : null
  const atOnce =
    event === 'requested' || event === 'reminder'
      ? [{ label: label.starts, value: label.startsAtOnce }]
      : []
  const facts: Fact[] = start === null ? atOnce : [{ label: label.starts, value: start }]
  if (grant?.overAt) {
    return [...facts, { label: label.ended, value: momentText(grant.overAt, place) }]
  }
  return grant?.endsAt
    ? [...facts, { label: label.ends, value: momentText(grant.endsAt, place) }]
    : facts
}

function approversText({ request, place }: MailView): string {
  const shown = request.approverNames.slice(0, namesShownMax)
  const more = request.approverNames.length - shown.length
  const list = shown.join(place.locale === 'ja' ? '、' : ', ')
  if (more === 0) return list
  return place.locale === 'ja' ? `${list} ほか ${more} 名` : `${list} and ${more} more`
}

function decisionFacts({ request, place }: MailView, words: Words): Fact[] {
  return request.decisions.flatMap(({ decision, ...word }) => {
    const label = decision === 'approved' ? words.label.approvedBy : words.label.rejectedBy
    return wordFacts({ label, ...word }, place, words)
  })
}

function wordFacts(
  said: Word & { readonly label: string; readonly at?: Date },
  place: MailView['place'],
  words: Words,
): Fact[] {
  const by = oneLine(said.by)
  const value = said.at ? words.said({ by, at: momentText(said.at, place) }) : words.saidBy(by)
  const fact = { label: said.label, value }
  if (said.comment === null || said.comment === '') return [fact]
  return [fact, { label: words.label.comment, value: said.comment, quoted: true }]
}

const stopLabels: Readonly<Record<string, Label>> = {
  cancelled: 'cancelledBy',
  ended: 'returnedBy',
  revoked: 'revokedBy',
}

function endFacts({ request, grant, place, event }: MailView, words: Words): Fact[] {
  const stop = stopLabels[event]
  const { stoppedBy } = request
  const stopped =
    stop !== undefined && stoppedBy !== null
      ? wordFacts({ label: words.label[stop], ...stoppedBy }, place, words)
      : []
  const reason = stopped.length > 0 ? null : reasonOf(request, event, words)
  const excess = grant?.excessSeconds ?? 0
  return [
    ...stopped,
    ...(reason === null ? [] : [{ label: words.label.reason, value: reason }]),
    ...(excess > 0
      ? [{ label: words.label.excess, value: secondsText(excess, place.locale) }]
      : []),
  ]
}

/** In words; what TEAM has no words for is shown as it was recorded. */
function reasonOf(
  { failure, endReason }: MailView['request'],
  event: MailView['event'],
  words: Words,
): string | null {
  if (event === 'failed' && failure !== null) {
    const known = words.reason[failure.code]
    return known === undefined ? failure.message : `${known} (${failure.message})`
  }
  if (event !== 'ended' && event !== 'revoked') return null
  return endReason === null ? null : (words.reason[endReason] ?? endReason)
}

function linksOf(view: MailView, words: Words): Link[] {
  const url = `${view.publicUrl}/requests/${encodeURIComponent(view.request.id)}`
  if (mayDecide(view)) return [{ label: words.decide.link, url: `${url}?decide=approve` }]
  if (view.event === 'ending_soon' && isOwn(view)) {
    return [{ label: words.endingSoon.link, url: `${url}?do=extend` }]
  }
  if (mayReview(view)) return [{ label: words.breakGlass.link, url: `${url}?do=review` }]
  const request = { label: words.link.request, url }
  const usable = view.event === 'active' && isOwn(view) && view.portalUrl !== null
  return usable ? [{ label: words.link.portal, url: view.portalUrl }, request] : [request]
}
