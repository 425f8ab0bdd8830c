/** The only place that spells a URL of the web UI. */

export const paths = {
  home: '/',
  newRequest: '/requests/new',
  requests: '/requests',
  toApprove: '/approvals?tab=waiting',
  decided: '/approvals?tab=decided',
  review: '/approvals?tab=review',
  active: '/access/active',
  ended: '/access/ended',
  explore: '/explore',
  preferences: '/preferences',
  tokens: '/tokens',
  eligibility: '/admin/eligibility',
  newEligibility: '/admin/eligibility/new',
  approvers: '/admin/approvers',
  newApprovers: '/admin/approvers/new',
  proposals: '/admin/proposals',
  auditRequests: '/audit/requests',
  auditEvents: '/audit/events',
  auditUsage: '/audit/usage',
  records: '/audit/records',
  settings: '/admin/settings',
  directory: '/admin/directory',
  health: '/admin/health',
} as const

export const requestPath = (id: string) => `/requests/${encodeURIComponent(id)}`
export const submissionPath = (id: string) => `/submissions/${encodeURIComponent(id)}`
export const eligibilityPath = (id: string) => `/admin/eligibility/${encodeURIComponent(id)}`
export const approverPath = (id: string) => `/admin/approvers/${encodeURIComponent(id)}`
/** The access explorer, at an account or a person; `explain` opens one question. */
export const explorePath = (query: Readonly<Record<string, string>>) =>
  `${paths.explore}?${new URLSearchParams(query)}`
export const againPath = (id: string) => `/requests/new?from=${encodeURIComponent(id)}`

/** The whole form, filled with what an offer names. */
export function askPath(offer: {
  readonly targets: readonly { readonly accountId: string; readonly permissionSetArn: string }[]
  readonly durationMinutes: number
}): string {
  const query = new URLSearchParams(
    offer.targets.map((one) => ['target', `${one.accountId}~${one.permissionSetArn}`]),
  )
  query.set('minutes', String(offer.durationMinutes))
  return `${paths.newRequest}?${query}`
}

export const signInPath = (returnTo: string) =>
  `/auth/login?returnTo=${encodeURIComponent(returnTo)}`

/** Where AWS's access portal opens the console of one account under one permission set. */
export function consolePath(portalUrl: string, accountId: string, permissionSetName: string) {
  const query = new URLSearchParams({ account_id: accountId, role_name: permissionSetName })
  return `${portalUrl.replace(/\/+$/, '')}/#/console?${query}`
}

export function proposalPath(id: string): string {
  return `${paths.proposals}/${encodeURIComponent(id)}`
}
