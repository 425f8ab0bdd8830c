import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs, {
  type KeyValuePairsProps,
} from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { failureOf } from '../api.ts'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { RequestActions } from '../components/RequestActions.tsx'
import { RequestBadges, RequestStatus } from '../components/RequestStatus.tsx'
import { EventsTab } from '../components/request/EventsTab.tsx'
import { LinkedActionNote, useLinkedAction } from '../components/request/linked-action.tsx'
import { RequestNotes } from '../components/request/RequestNotes.tsx'
import { SessionLogTab } from '../components/request/SessionLogTab.tsx'
import { TimelineTab } from '../components/request/TimelineTab.tsx'
import { WhoTab } from '../components/request/WhoTab.tsx'
import { approvalsText } from '../components/request-columns.tsx'
import { targetName } from '../components/Target.tsx'
import { TicketText } from '../components/TicketText.tsx'
import { NextTime } from '../components/Times.tsx'
import { useWords } from '../i18n.tsx'
import { againPath, consolePath, submissionPath } from '../paths.ts'
import { requestQuery, submissionQuery, useMe } from '../queries.ts'
import { isOver } from '../request-look.ts'
import { setSearch, usePlace } from '../router.ts'
import type { PageProps } from '../routes.tsx'
import { wordEndReason } from '../timeline.ts'
import { NotFound } from './ErrorPages.tsx'

export function RequestPage(props: PageProps): ReactNode {
  const { t } = useWords()
  const query = useQuery(requestQuery(props.id))
  useLinkedAction(query.data)
  const failure = query.error ? failureOf(query.error) : null
  if (failure?.kind === 'problem' && [400, 404].includes(failure.status)) return <NotFound />
  const request = query.data
  // What it is called decides how many lines the heading takes, so it is not headed before.
  if (!request && !failure) return <Skeleton height="16rem" />
  return (
    <Page
      title={request ? targetName(request, t) : t('request.title')}
      actions={request && <PageActions request={request} />}
    >
      {request ? (
        <Whole request={request} />
      ) : (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      )}
    </Page>
  )
}

function PageActions(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const me = useMe()
  const { request } = props
  const own = request.requester.userId === me.userId
  return (
    <SpaceBetween direction="horizontal" size="s" alignItems="center">
      {own && request.status === 'active' && me.portalUrl && (
        <Link
          external
          href={consolePath(me.portalUrl, request.accountId, request.permissionSetName)}
        >
          {t('home.openConsole')}
        </Link>
      )}
      {own && isOver(request.status) && <Link href={againPath(request.id)}>{t('ask.again')}</Link>}
      <RequestActions request={request} place="page" />
    </SpaceBetween>
  )
}

function Whole(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  const { search } = usePlace()
  const tabs = [
    {
      id: 'timeline',
      label: t('request.timeline'),
      content: <TimelineTab request={request} />,
    },
    { id: 'who', label: t('request.who'), content: <WhoTab request={request} /> },
    {
      id: 'session-log',
      label: t('request.sessionLog'),
      content: <SessionLogTab request={request} />,
    },
    { id: 'events', label: t('request.events'), content: <EventsTab request={request} /> },
  ]
  const active = tabs.find((tab) => tab.id === search.get('tab')) ?? tabs[0]
  return (
    <SpaceBetween size="l">
      <LinkedActionNote request={request} />
      <RequestNotes request={request} />
      <Container header={<Header variant="h2">{t('request.detail')}</Header>}>
        <Facts request={request} />
      </Container>
      <Tabs
        ariaLabel={t('request.title')}
        activeTabId={active?.id ?? 'timeline'}
        onChange={({ detail }) => setSearch({ tab: detail.activeTabId }, { replace: true })}
        tabs={tabs}
      />
    </SpaceBetween>
  )
}

function Facts(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const { requester } = request
  const siblings = useQuery(submissionQuery(request.submissionId)).data?.requests ?? []
  const items: KeyValuePairsProps.Item[] = [
    {
      label: t('col.status'),
      value: (
        <>
          <RequestStatus request={request} />
          <RequestBadges request={request} />
          <Box variant="div">
            <NextTime request={request} />
          </Box>
        </>
      ),
    },
    {
      label: t('request.person'),
      value: (
        <WithId id={requester.userId}>
          {t('person.name', { name: requester.displayName, userName: requester.userName })}
        </WithId>
      ),
    },
    { label: t('request.account'), value: `${request.accountName} (${request.accountId})` },
    {
      label: t('request.set'),
      value: <WithId id={request.permissionSetArn}>{request.permissionSetName}</WithId>,
    },
    ...(siblings.length > 1
      ? [{ label: t('request.siblings'), value: <Siblings requests={siblings} /> }]
      : []),
    { label: t('request.window'), value: windowText(request, t, times) },
    { label: t('col.approvals'), value: approvalsText(request, t) },
    {
      label: t('col.ticket'),
      value: <TicketText request={request} none={t('request.noTicket')} />,
    },
    { label: t('request.id'), value: <span className="free-text">{request.id}</span> },
    {
      label: t('col.justification'),
      value: <span className="free-text">{request.justification || t('word.none')}</span>,
    },
  ]
  if (request.endReason !== null) {
    items.push({ label: t('col.endReason'), value: wordEndReason(request.endReason, t) })
  }
  return <KeyValuePairs columns={3} minColumnWidth={220} items={items} />
}

/** Names can be made to look like other ones; ids decide, so whoever decides sees them. */
function WithId({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <>
      {children}
      <Box variant="small" display="block">
        <span className="free-text">{id}</span>
      </Box>
    </>
  )
}

/** Those asked for together with this one. */
function Siblings(props: { requests: readonly Request[] }): ReactNode {
  const { t } = useWords()
  const { requests } = props
  const [first] = requests
  const open = requests.filter(({ actions }) =>
    actions.some(({ name, allowed }) => name === 'approve' && allowed),
  )
  if (!first) return null
  return (
    <Link href={submissionPath(first.submissionId)}>
      {open.length > 0
        ? t('request.decideAll', { n: open.length })
        : t('request.seeAll', { n: requests.length })}
    </Link>
  )
}

function windowText(
  request: Request,
  t: ReturnType<typeof useWords>['t'],
  times: ReturnType<typeof useWords>['times'],
): string {
  const duration = times.duration(request.durationMinutes)
  const from = request.grantedAt ?? request.startsAt
  const to = request.endedAt ?? request.endsAt
  if (from && to) return t('request.windowGot', { from: times.at(from), to: times.at(to) })
  const start = request.startsAt ?? request.requestedStartsAt
  return start === null
    ? t('request.windowNow', { duration })
    : t('request.windowFrom', { duration, time: times.at(start) })
}
