import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { AskAgain } from '../components/ask/AskAgain.tsx'
import { Attention, useWanted } from '../components/health/Attention.tsx'
import { SetUp, useBeginning } from '../components/health/SetUp.tsx'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { RequestActions } from '../components/RequestActions.tsx'
import { RequestBadges, RequestStatus } from '../components/RequestStatus.tsx'
import { TargetCell, targetName } from '../components/Target.tsx'
import { NextTime } from '../components/Times.tsx'
import { useWords } from '../i18n.tsx'
import { consolePath, paths, requestPath } from '../paths.ts'
import { countsQuery, requestsQuery, useMe } from '../queries.ts'
import { isOver } from '../request-look.ts'

const toDecideQuery = requestsQuery({ view: 'to-approve', sort: 'expiresAt', limit: 5 })
const mineQuery = requestsQuery({ view: 'mine', limit: 50 })

export function HomePage(): ReactNode {
  const { t } = useWords()
  const me = useMe()
  const isApprover = me.roles.includes('approver')
  const isAdmin = me.roles.includes('admin')
  const readsAll = isAdmin || me.roles.includes('auditor')
  const toDecide = useQuery({ ...toDecideQuery, enabled: isApprover })
  const mine = useQuery(mineQuery)
  const waiting = toDecide.data?.items ?? []
  const open = (mine.data?.items ?? []).filter((request) => !isOver(request.status))
  const loaded = mine.isSuccess && (!isApprover || toDecide.isSuccess)
  const proposals = useQuery(countsQuery).data?.proposals ?? 0
  const beginning = useBeginning(isAdmin)
  const isWanted = isAdmin && (proposals > 0 || beginning.missing !== null)
  const { wanted, loaded: looked, ...watched } = useWanted(readsAll)
  const settled = watched.settled && beginning.settled
  const nothing =
    loaded && looked && settled && waiting.length + open.length + wanted.length === 0 && !isWanted
  // From the top down, so that nothing moves under the reader when what is above it comes.
  const showsAccess = settled && (!isApprover || !toDecide.isPending)
  return (
    <Page
      title={nothing ? t('home.none') : t('home.title')}
      {...(nothing ? { lead: t('home.noneText') } : {})}
      actions={
        <Button variant="primary" href={paths.newRequest}>
          {t('nav.new')}
        </Button>
      }
    >
      <SpaceBetween size="l">
        {beginning.missing !== null && <SetUp missing={beginning.missing} />}
        <Attention wanted={wanted} />
        {isAdmin && <Proposals count={proposals} />}
        {isApprover && settled && (
          <Container
            header={
              <Header
                variant="h2"
                actions={<Link href={paths.toApprove}>{t('home.toDecideAll')}</Link>}
              >
                {t('home.toDecide')}
              </Header>
            }
          >
            <Lines query={toDecide} items={waiting} none={t('home.toDecideNone')}>
              {(request) => <ToDecide request={request} />}
            </Lines>
          </Container>
        )}
        {showsAccess && (
          <Container header={<Header variant="h2">{t('home.access')}</Header>}>
            <Lines query={mine} items={byUrgency(open)} none={t('home.accessNone')}>
              {(request) => <MyAccess request={request} portalUrl={me.portalUrl} />}
            </Lines>
          </Container>
        )}
        {showsAccess && !mine.isPending && <AskAgain mine={mine.data?.items ?? []} />}
      </SpaceBetween>
    </Page>
  )
}

/** What runs out first stands first; what still waits comes after what is there. */
function byUrgency(requests: readonly Request[]): Request[] {
  const rank = (request: Request) =>
    ['active', 'ending', 'activating', 'scheduled', 'pending'].indexOf(request.status)
  const time = (request: Request) => Date.parse(request.endsAt ?? request.expiresAt)
  return [...requests].sort((a, b) => rank(a) - rank(b) || time(a) - time(b))
}

function Lines(props: {
  query: UseQueryResult
  items: readonly Request[]
  none: string
  children: (request: Request) => ReactNode
}): ReactNode {
  const { query, items } = props
  if (query.isError && items.length === 0) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  if (query.isLoading) return <Skeleton height="3rem" />
  if (items.length === 0) return <Box color="text-body-secondary">{props.none}</Box>
  return (
    <ul className="lines">
      {items.map((request) => (
        <li key={request.id}>{props.children(request)}</li>
      ))}
    </ul>
  )
}

function Line(props: { main: ReactNode; middle: ReactNode; end: ReactNode }): ReactNode {
  return (
    <div className="line">
      <div>{props.main}</div>
      <div>{props.middle}</div>
      <div className="line-end">{props.end}</div>
    </div>
  )
}

function ToDecide(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  return (
    <Line
      main={
        <>
          <Link href={requestPath(request.id)}>
            {request.requester.displayName}: {targetName(request, t)}
          </Link>
          <Box variant="small" display="block" color="text-body-secondary">
            {times.duration(request.durationMinutes)} · <Quote text={request.justification} />
          </Box>
        </>
      }
      middle={<NextTime request={request} />}
      end={<RequestActions request={request} place="row" only={['approve', 'reject']} />}
    />
  )
}

function Quote(props: { text: string }): ReactNode {
  const characters = Array.from(props.text.replaceAll(/\s+/g, ' '))
  return characters.length > 90 ? `${characters.slice(0, 90).join('')}…` : characters.join('')
}

function MyAccess(props: { request: Request; portalUrl: string | null }): ReactNode {
  const { t } = useWords()
  const { request, portalUrl } = props
  const target = targetName(request, t)
  return (
    <Line
      main={<TargetCell request={request} />}
      middle={
        <>
          <RequestStatus request={request} />
          <RequestBadges request={request} />
          <Box variant="div" fontWeight={request.status === 'active' ? 'bold' : 'normal'}>
            <NextTime request={request} />
          </Box>
        </>
      }
      end={
        <SpaceBetween direction="horizontal" size="s">
          {request.status === 'active' && portalUrl && (
            <Link
              external
              href={consolePath(portalUrl, request.accountId, request.permissionSetName)}
              ariaLabel={t('act.consoleOf', { target })}
            >
              {t('home.openConsole')}
            </Link>
          )}
          <RequestActions request={request} place="row" only={['extend', 'return', 'cancel']} />
        </SpaceBetween>
      }
    />
  )
}

function Proposals(props: { count: number }): ReactNode {
  const { t } = useWords()
  const { count } = props
  if (count === 0) return null
  return (
    <Alert
      type="info"
      header={t('home.proposals', { count })}
      action={<Button href={paths.proposals}>{t('home.proposalsOpen')}</Button>}
    >
      {t('home.proposalsText')}
    </Alert>
  )
}
