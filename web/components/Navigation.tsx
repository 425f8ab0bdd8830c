import Badge from '@cloudscape-design/components/badge'
import SideNavigation, {
  type SideNavigationProps,
} from '@cloudscape-design/components/side-navigation'
import type { ReactNode } from 'react'
import type { Counts, Me, RoleName } from '#contract/me.ts'
import { type StringKey, type Translate, useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { usePlace } from '../router.ts'

/** Only the parts that the person's roles give, and those follow `me`, not the sign-in. */
export function Navigation(props: { me: Me; counts: Counts | undefined }): ReactNode {
  const { t } = useWords()
  const { path, search } = usePlace()
  const { counts } = props
  const has = (role: RoleName) => props.me.roles.includes(role)
  const items: SideNavigationProps.Item[] = [
    link(t, 'nav.home', paths.home),
    section(t, 'nav.requests', [
      link(t, 'nav.new', paths.newRequest),
      link(t, 'nav.mine', paths.requests),
    ]),
  ]
  if (has('approver')) {
    const { toApprove = 0, toReview = 0 } = counts ?? {}
    items.push(
      section(t, 'nav.approvals', [
        counted(link(t, 'nav.toApprove', paths.toApprove), {
          count: toApprove,
          title: t('nav.waitingCount', { count: toApprove }),
        }),
        link(t, 'nav.decided', paths.decided),
        counted(link(t, 'nav.review', paths.review), {
          count: toReview,
          title: t('nav.reviewCount', { count: toReview }),
        }),
      ]),
    )
  }
  items.push(
    section(t, 'nav.access', [
      link(t, 'nav.active', paths.active),
      link(t, 'nav.ended', paths.ended),
      ...(has('admin') || has('auditor') ? [link(t, 'nav.explore', paths.explore)] : []),
    ]),
  )
  if (has('admin') || has('auditor')) {
    items.push(
      section(t, 'nav.audit', [
        link(t, 'nav.auditRequests', paths.auditRequests),
        link(t, 'nav.auditEvents', paths.auditEvents),
        link(t, 'nav.auditUsage', paths.auditUsage),
        link(t, 'nav.records', paths.records),
      ]),
      section(t, 'nav.administration', [
        link(t, 'nav.eligibility', paths.eligibility),
        link(t, 'nav.approvers', paths.approvers),
        counted(link(t, 'nav.proposals', paths.proposals), {
          count: counts?.proposals ?? 0,
          title: t('nav.waitingCount', { count: counts?.proposals ?? 0 }),
        }),
        link(t, 'nav.settings', paths.settings),
        link(t, 'nav.directory', paths.directory),
        counted(link(t, 'nav.health', paths.health), {
          count: counts?.failing ?? 0,
          title: t('nav.lateCount', { count: counts?.failing ?? 0 }),
        }),
      ]),
    )
  }
  return <SideNavigation activeHref={activeHref(path, search)} items={items} />
}

function link(t: Translate, title: StringKey, href: string): SideNavigationProps.Link {
  return { type: 'link', text: t(title), href }
}

function counted(
  item: SideNavigationProps.Link,
  waiting: { count: number; title: string },
): SideNavigationProps.Link {
  if (waiting.count === 0) return item
  const info = (
    <Badge color="blue">
      <span title={waiting.title}>{waiting.count}</span>
    </Badge>
  )
  return { ...item, info }
}

function section(
  t: Translate,
  title: StringKey,
  items: SideNavigationProps.Link[],
): SideNavigationProps.Section {
  return { type: 'section', text: t(title), items }
}

function activeHref(path: string, search: URLSearchParams): string {
  if (path === '/approvals') {
    const tab = search.get('tab')
    if (tab === 'review') return paths.review
    return tab === 'decided' ? paths.decided : paths.toApprove
  }
  if (path.startsWith(paths.eligibility)) return paths.eligibility
  if (path.startsWith(paths.approvers)) return paths.approvers
  if (path.startsWith(paths.proposals)) return paths.proposals
  return path
}
