import type { Preferences, RoleName } from '#contract/me.ts'
import type { StringKey } from './i18n.tsx'

export type NoticeName = keyof Preferences['muted']

const keys = {
  requested: 'notice.requested',
  approved: 'notice.approved',
  rejected: 'notice.rejected',
  cancelled: 'notice.cancelled',
  expired: 'notice.expired',
  active: 'notice.active',
  ending_soon: 'notice.ending_soon',
  reminder: 'notice.reminder',
  ended: 'notice.ended',
  revoked: 'notice.revoked',
  failed: 'notice.failed',
  excess_added: 'notice.excess_added',
  break_glass_used: 'notice.break_glass_used',
  review_due: 'notice.review_due',
  removal_late: 'notice.removal_late',
  key_released: 'notice.key_released',
  rules_changed: 'notice.rules_changed',
  change_proposed: 'notice.change_proposed',
  records_loosened: 'notice.records_loosened',
  refresh_held: 'notice.refresh_held',
  creations_held: 'notice.creations_held',
  digest: 'notice.digest',
} as const satisfies Readonly<Record<NoticeName, StringKey>>

export function noticeEventKey(event: string): StringKey {
  const name = event.replace(/^request\./, '')
  return Object.hasOwn(keys, name) ? keys[name as keyof typeof keys] : 'notice.other'
}

const ofRequests = [
  'requested',
  'approved',
  'rejected',
  'cancelled',
  'expired',
  'active',
  'ending_soon',
  'ended',
  'revoked',
  'failed',
  'removal_late',
  'break_glass_used',
  'review_due',
  'excess_added',
] as const
const ofOverseers = ['key_released', 'rules_changed', 'change_proposed'] as const
const byRole: Readonly<Record<RoleName, readonly NoticeName[]>> = {
  requester: ofRequests,
  approver: [...ofRequests, 'reminder'],
  auditor: [...ofOverseers, 'records_loosened', 'creations_held'],
  admin: [...ofOverseers, 'refresh_held', 'creations_held', 'digest'],
}

/** What somebody with these roles may be told of. */
export function noticesFor(roles: readonly RoleName[]): NoticeName[] {
  return [...new Set(roles.flatMap((role) => byRole[role]))]
}
