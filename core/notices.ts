/** What people are told of, and what each of them may choose about it. */
import type { PersonalChannel } from './channels.ts'

/** About one request. */
export const requestNotices = [
  'requested',
  // Once more, to approvers who have not voted, before it expires.
  'reminder',
  'approved',
  'rejected',
  'cancelled',
  'expired',
  'active',
  'ending_soon',
  'ended',
  'revoked',
  'failed',
  'break_glass_used',
  'review_due',
  // Access that landed after its request was over, and is gone again.
  'excess_added',
] as const

/** About TEAM, or several requests. */
export const bulletinNotices = [
  'removal_late',
  'key_released',
  'rules_changed',
  'change_proposed',
  'records_loosened',
  'refresh_held',
  'creations_held',
  'digest',
] as const

export const noticeNames = [...requestNotices, ...bulletinNotices] as const
export type NoticeName = (typeof noticeNames)[number]

/** Why somebody is told. */
export type Standing = 'requester' | 'approver' | 'auditor' | 'admin'

/** By event, the channels by which somebody does not want to be told. */
export type Muted = Readonly<Partial<Record<NoticeName, readonly PersonalChannel[]>>>

/** Somebody waits for an approver, or must learn what went wrong. */
const musts: readonly NoticeName[] = ['requested', 'break_glass_used', 'review_due', 'removal_late']

/**
 * Must reach its receiver by some channel, whatever they chose: those who watch over TEAM do not look
 * away, and a request is not left waiting because its approvers wanted quiet.
 */
export function mustArrive(event: NoticeName, standing: Standing): boolean {
  if (event === 'digest' || standing === 'requester') return false
  return standing === 'approver' ? musts.includes(event) : true
}

/** The channels that are on, less those that this person turned off for this. */
export function channelsFor(
  event: NoticeName,
  about: {
    readonly standing: Standing
    readonly on: readonly PersonalChannel[]
    readonly muted: Muted
  },
): readonly PersonalChannel[] {
  const { standing, on, muted } = about
  const wanted = on.filter((channel) => !muted[event]?.includes(channel))
  return wanted.length === 0 && mustArrive(event, standing) ? on : wanted
}
