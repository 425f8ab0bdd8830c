/** Every page, who sees something on it, and what they see first. */
import type { StringKey } from '../../web/strings/en.ts'
import type { Places } from './lived.ts'

export const roles = ['requester', 'approver', 'auditor', 'admin'] as const
export type Role = (typeof roles)[number]

export const userOf: Readonly<Record<Role, string>> = {
  requester: 'test-user',
  approver: 'sam.carter',
  auditor: 'test-auditor',
  admin: 'test-admin',
}

export interface Visit {
  readonly name: string
  readonly path: string
  readonly roles: readonly Role[]
  /** A text of the heading, as it is or by its key. */
  readonly heading: string | { readonly key: StringKey }
  /** What is only there when the page's data has come. */
  readonly shows: string | { readonly key: StringKey }
}

const readers = ['auditor', 'admin'] as const

export function visits(at: Places): Visit[] {
  const key = (name: StringKey) => ({ key: name })
  const visit = (
    name: string,
    path: string,
    who: readonly Role[],
    heading: Visit['heading'],
    shows: Visit['shows'],
  ): Visit => ({ name, path, roles: who, heading, shows })
  const request = `/requests/${at.pending}`
  const asker = 'Test User'
  const pendingTarget = 'PowerUserAccess'
  return [
    visit('home of who asks', '/', ['requester'], key('home.title'), '当番: 夜間の確認'),
    visit(
      'home of who decides',
      '/',
      ['approver'],
      key('home.title'),
      /* of the queue */ 'INC-4242',
    ),
    visit('home of who watches', '/', readers, key('home.title'), key('wanted.title')),
    visit(
      'new request',
      `/requests/new?target=${at.target}&minutes=60`,
      ['requester'],
      key('ask.title'),
      key('ask.allowed'),
    ),
    visit('my requests', '/requests', ['requester'], key('mine.title'), 'storefront-dev'),
    visit('request', request, ['approver', ...readers], pendingTarget, 'INC-4242'),
    visit('request, active', `/requests/${at.active}`, roles, 'ReadOnlyAccess', '「障害対応」'),
    visit('request, ended', `/requests/${at.ended}`, roles, 'ReadOnlyAccess', 'Go ahead'),
    visit('request, late', `/requests/${at.late}`, roles, 'ReadOnlyAccess', 'checkout errors'),
    visit(
      'request, who may approve',
      `${request}?tab=who`,
      ['approver', ...readers],
      pendingTarget,
      'sam.carter',
    ),
    visit('request, events', `${request}?tab=events`, readers, pendingTarget, 'request.submit'),
    visit(
      'submission',
      `/submissions/${at.submission}`,
      ['requester', 'approver'],
      asker,
      'データ基盤-prod',
    ),
    visit('approvals', '/approvals', ['approver'], key('approvals.title'), 'INC-4242'),
    visit(
      'approvals, decided',
      '/approvals?tab=decided',
      ['approver'],
      key('approvals.titleDecided'),
      'payments-prod',
    ),
    visit(
      'approvals, review',
      '/approvals?tab=review',
      ['approver'],
      key('approvals.titleReview'),
      'INC-4711',
    ),
    visit('active access', '/access/active', roles, key('active.title'), 'payments-prod'),
    visit(
      'ended access',
      '/access/ended',
      ['requester', ...readers],
      key('ended.title'),
      'storefront-dev',
    ),
    visit(
      'ended access, decided on',
      '/access/ended?scope=decide',
      ['approver'],
      key('ended.title'),
      'storefront-dev',
    ),
    visit(
      'audit, requests',
      '/audit/requests',
      readers,
      key('audit.requests.title'),
      'payments-prod',
    ),
    visit('audit, events', '/audit/events', readers, key('audit.events.title'), 'proposal.propose'),
    visit('audit, records', '/audit/records', readers, key('records.title'), 'Case 2026-17'),
    visit('audit, usage', '/audit/usage', readers, key('audit.usage.title'), 'ReadOnlyAccess'),
    visit(
      'explorer, account',
      `/explore?account=${at.accountId}`,
      readers,
      key('explore.title'),
      asker,
    ),
    visit(
      'explorer, person',
      `/explore?user=${at.userId}`,
      readers,
      key('explore.title'),
      'payments-prod',
    ),
    visit('eligibility', '/admin/eligibility', readers, key('elig.title'), 'TEAM users'),
    visit(
      'eligibility, new',
      '/admin/eligibility/new',
      ['admin'],
      key('elig.newTitle'),
      'Workloads',
    ),
    visit(
      'eligibility, one',
      `/admin/eligibility/${at.eligibility}`,
      readers,
      'TEAM users',
      'PowerUser*',
    ),
    visit(
      'eligibility, history',
      `/admin/eligibility/${at.eligibility}?tab=history`,
      readers,
      'TEAM users',
      key('policy.versionCreated'),
    ),
    visit('approvers', '/admin/approvers', readers, key('appr.title'), 'TEAM approvers'),
    visit('approvers, new', '/admin/approvers/new', ['admin'], key('appr.newTitle'), 'Workloads'),
    visit(
      'approvers, one',
      `/admin/approvers/${at.approver}`,
      readers,
      key('appr.editTitle'),
      'TEAM approvers',
    ),
    visit('proposals', '/admin/proposals', readers, key('proposals.title'), 'TEAM users'),
    visit(
      'proposal',
      `/admin/proposals/${at.proposal}`,
      readers,
      'TEAM users',
      key('settings.widens'),
    ),
    visit('settings', '/admin/settings', readers, key('settings.title'), key('settings.changed')),
    visit('directory', '/admin/directory', ['admin'], key('dir.title'), key('dir.state.applied')),
    visit('directory, read', '/admin/directory', ['auditor'], key('dir.title'), 'sam.carter'),
    visit('health', '/admin/health', readers, key('health.title'), 'storefront-prod'),
    visit('preferences', '/preferences', roles, key('prefs.title'), key('prefs.density')),
    visit('tokens', '/tokens', ['requester'], key('tokens.title'), 'Nightly report'),
    visit(
      'not here',
      '/requests/00000000-0000-4000-8000-000000000000',
      roles,
      key('error.notFound'),
      key('error.notFoundText'),
    ),
    visit(
      'not yours',
      '/admin/settings',
      ['requester', 'approver'],
      key('error.forbidden'),
      key('do.home'),
    ),
  ]
}
