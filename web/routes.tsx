/** The whole site on one page: addresses, who may open them, and what is loaded for each. */
import { type ComponentType, lazy } from 'react'
import type { RoleName } from '#contract/me.ts'
import type { StringKey } from './i18n.tsx'
import { HomePage } from './pages/HomePage.tsx'
import { paths } from './paths.ts'

export interface PageProps {
  /** The parameter in the path, where it has one. */
  readonly id: string
}

interface Parent {
  readonly title: StringKey
  readonly href: string
}

export interface Route {
  readonly pattern: RegExp
  readonly title: StringKey
  /** The page that the breadcrumbs lead back to. */
  readonly parent?: Parent
  /** The same for whoever reads everything, to whom most of it is others'. */
  readonly parentOfReaders?: Parent
  /** Any of these roles opens it; absent: everybody. */
  readonly roles?: readonly RoleName[]
  readonly contentType: 'default' | 'form' | 'table' | 'cards'
  readonly page: ComponentType<PageProps>
  /** Beside the page, for what `?open=` names. */
  readonly panel?: ComponentType<PageProps>
}

const load = <Name extends string>(
  from: () => Promise<Readonly<Record<Name, ComponentType<PageProps>>>>,
  name: Name,
) => lazy(async () => ({ default: (await from())[name] }))

const readers = ['admin', 'auditor'] as const
const requests = { title: 'mine.title', href: paths.requests } as const
const allRequests = { title: 'audit.requests.title', href: paths.auditRequests } as const
const eligibility = { title: 'elig.title', href: paths.eligibility } as const
const proposals = { title: 'proposals.title', href: paths.proposals } as const
const approvers = { title: 'appr.title', href: paths.approvers } as const

const EligibilityEditor = load(
  () => import('./pages/EligibilityPolicyPage.tsx'),
  'EligibilityPolicyPage',
)
const ApproverEditor = load(() => import('./pages/ApproverPolicyPage.tsx'), 'ApproverPolicyPage')

export const routes: readonly Route[] = [
  { pattern: /^\/$/, title: 'home.title', contentType: 'default', page: HomePage },
  {
    pattern: /^\/requests\/new$/,
    title: 'ask.title',
    parent: requests,
    contentType: 'form',
    page: load(() => import('./pages/CreateRequestPage.tsx'), 'CreateRequestPage'),
  },
  {
    pattern: /^\/requests$/,
    title: 'mine.title',
    contentType: 'table',
    page: load(() => import('./pages/MyRequestsPage.tsx'), 'MyRequestsPage'),
  },
  {
    pattern: /^\/requests\/([^/]+)$/,
    title: 'request.title',
    parent: requests,
    parentOfReaders: allRequests,
    contentType: 'default',
    page: load(() => import('./pages/RequestPage.tsx'), 'RequestPage'),
  },
  {
    pattern: /^\/submissions\/([^/]+)$/,
    title: 'submission.page',
    parent: requests,
    parentOfReaders: allRequests,
    contentType: 'default',
    page: load(() => import('./pages/SubmissionPage.tsx'), 'SubmissionPage'),
  },
  {
    pattern: /^\/approvals$/,
    title: 'nav.approvals',
    roles: ['approver'],
    contentType: 'table',
    page: load(() => import('./pages/ApprovalsPage.tsx'), 'ApprovalsPage'),
    panel: load(() => import('./components/decide/RequestPanel.tsx'), 'RequestPanel'),
  },
  {
    pattern: /^\/access\/active$/,
    title: 'active.title',
    contentType: 'table',
    page: load(() => import('./pages/ActiveAccessPage.tsx'), 'ActiveAccessPage'),
  },
  {
    pattern: /^\/access\/ended$/,
    title: 'ended.title',
    contentType: 'table',
    page: load(() => import('./pages/EndedAccessPage.tsx'), 'EndedAccessPage'),
  },
  {
    pattern: /^\/audit\/requests$/,
    title: 'audit.requests.title',
    roles: readers,
    contentType: 'table',
    page: load(() => import('./pages/AuditRequestsPage.tsx'), 'AuditRequestsPage'),
  },
  {
    pattern: /^\/audit\/events$/,
    title: 'audit.events.title',
    roles: readers,
    contentType: 'table',
    page: load(() => import('./pages/AuditEventsPage.tsx'), 'AuditEventsPage'),
  },
  {
    pattern: /^\/audit\/usage$/,
    title: 'audit.usage.title',
    roles: readers,
    contentType: 'table',
    page: load(() => import('./pages/AuditUsagePage.tsx'), 'AuditUsagePage'),
  },
  {
    pattern: /^\/audit\/records$/,
    title: 'records.title',
    roles: readers,
    contentType: 'default',
    page: load(() => import('./pages/RecordsPage.tsx'), 'RecordsPage'),
  },
  {
    pattern: /^\/explore$/,
    title: 'explore.title',
    roles: readers,
    contentType: 'default',
    page: load(() => import('./pages/ExplorePage.tsx'), 'ExplorePage'),
  },
  {
    pattern: /^\/admin\/eligibility$/,
    title: 'elig.title',
    roles: readers,
    contentType: 'table',
    page: load(() => import('./pages/EligibilityPoliciesPage.tsx'), 'EligibilityPoliciesPage'),
  },
  {
    pattern: /^\/admin\/eligibility\/new$/,
    title: 'elig.newTitle',
    parent: eligibility,
    roles: ['admin'],
    contentType: 'form',
    page: EligibilityEditor,
  },
  {
    pattern: /^\/admin\/eligibility\/([^/]+)$/,
    title: 'policy.edit',
    parent: eligibility,
    roles: readers,
    contentType: 'form',
    page: EligibilityEditor,
  },
  {
    pattern: /^\/admin\/approvers$/,
    title: 'appr.title',
    roles: readers,
    contentType: 'table',
    page: load(() => import('./pages/ApproverPoliciesPage.tsx'), 'ApproverPoliciesPage'),
  },
  {
    pattern: /^\/admin\/approvers\/new$/,
    title: 'appr.newTitle',
    parent: approvers,
    roles: ['admin'],
    contentType: 'form',
    page: ApproverEditor,
  },
  {
    pattern: /^\/admin\/approvers\/([^/]+)$/,
    title: 'policy.edit',
    parent: approvers,
    roles: readers,
    contentType: 'form',
    page: ApproverEditor,
  },
  {
    pattern: /^\/admin\/proposals$/,
    title: 'proposals.title',
    roles: readers,
    contentType: 'table',
    page: load(() => import('./pages/ProposalsPage.tsx'), 'ProposalsPage'),
  },
  {
    pattern: /^\/admin\/proposals\/([^/]+)$/,
    title: 'proposal.title',
    parent: proposals,
    roles: readers,
    contentType: 'default',
    page: load(() => import('./pages/ProposalPage.tsx'), 'ProposalPage'),
  },
  {
    pattern: /^\/admin\/settings$/,
    title: 'settings.title',
    roles: readers,
    contentType: 'form',
    page: load(() => import('./pages/SettingsPage.tsx'), 'SettingsPage'),
  },
  {
    pattern: /^\/admin\/directory$/,
    title: 'dir.title',
    roles: readers,
    contentType: 'default',
    page: load(() => import('./pages/DirectoryPage.tsx'), 'DirectoryPage'),
  },
  {
    pattern: /^\/admin\/health$/,
    title: 'health.title',
    roles: readers,
    contentType: 'default',
    page: load(() => import('./pages/HealthPage.tsx'), 'HealthPage'),
  },
  {
    pattern: /^\/preferences$/,
    title: 'prefs.title',
    contentType: 'form',
    page: load(() => import('./pages/PreferencesPage.tsx'), 'PreferencesPage'),
  },
  {
    pattern: /^\/tokens$/,
    title: 'tokens.title',
    contentType: 'table',
    page: load(() => import('./pages/TokensPage.tsx'), 'TokensPage'),
  },
]

export interface Found {
  readonly route: Route
  readonly id: string
}

export function routeAt(path: string): Found | null {
  const plain = path.length > 1 ? path.replace(/\/+$/, '') : path
  for (const route of routes) {
    const match = route.pattern.exec(plain)
    if (match) return { route, id: decoded(match[1] ?? '') }
  }
  return null
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
