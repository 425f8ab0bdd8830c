/**
 * What was done with the access, out of CloudTrail. Asking is an event of the trail, so it is asked
 * by a button and not by opening the tab; the id of what was asked stands in the URL.
 */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import ProgressBar from '@cloudscape-design/components/progress-bar'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import type { SessionLog, SessionLogEvent } from '#contract/session-log.ts'
import { apiPath, failureOf, get } from '../../api.ts'
import { useWords } from '../../i18n.tsx'
import { wordFailure } from '../../problems.ts'
import { queryClient, sessionLogQuery } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { firstPage } from '../../url-state.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { type ListPage, useListPage } from '../list-page.tsx'
import { type Column, PartList } from '../PartList.tsx'

const shows = ['all', 'writes', 'reads', 'errors'] as const
type Shows = (typeof shows)[number]

const filters = {
  all: {},
  writes: { readOnly: 'false' },
  reads: { readOnly: 'true' },
  errors: { failed: 'true' },
} as const satisfies Record<Shows, object>

export function SessionLogTab(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  const { search } = usePlace()
  const logId = search.get('log')
  const asking = useMutation({
    mutationFn: () => get<SessionLog>(`/requests/${encodeURIComponent(request.id)}/session-log`),
    onSuccess: (log) => {
      setSearch({ log: log.id, shows: null, ...firstPage }, { replace: true })
      void queryClient.invalidateQueries({ queryKey: ['requests', 'events', request.id] })
    },
  })
  const failure = asking.error ? failureOf(asking.error) : null
  return (
    <SpaceBetween size="m">
      <Use request={request} />
      {failure && <Alert type="info">{wordFailure(failure, t)}</Alert>}
      {logId === null ? (
        <SpaceBetween size="s">
          <Box variant="p">{t('log.lead')}</Box>
          <Button loading={asking.isPending} onClick={() => asking.mutate()}>
            {t('log.read')}
          </Button>
        </SpaceBetween>
      ) : (
        <Asked
          key={logId}
          request={request}
          logId={logId}
          again={
            <Button loading={asking.isPending} onClick={() => asking.mutate()}>
              {t('log.readAgain')}
            </Button>
          }
        />
      )}
    </SpaceBetween>
  )
}

/** The summary that is kept with the grant. */
function Use(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { use } = props.request
  if (use === null) return null
  const { reads, writes, errors, lastUsedAt } = use
  const services = use.services.map(({ service }) => shortService(service)).join(', ')
  return (
    <Alert type="info" header={t('log.use')}>
      {lastUsedAt === null
        ? t('log.unused', { time: times.at(use.readAt) })
        : t('log.used', {
            reads,
            writes,
            errors,
            services,
            last: times.at(lastUsedAt),
            time: times.at(use.readAt),
          })}
      {use.truncated ? ` ${t('log.atLeast')}` : ''}
    </Alert>
  )
}

function Asked(props: { request: Request; logId: string; again: ReactNode }): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const { request, logId, again } = props
  const shown = shows.find((one) => one === search.get('shows')) ?? 'all'
  const at = useListPage('session-log')
  const query = useQuery(sessionLogQuery(request.id, logId, { ...filters[shown], ...at.query }))
  const failure = query.error ? failureOf(query.error) : null
  // It is kept for a quarter of an hour, and for whoever asked.
  if (failure?.kind === 'problem' && failure.status === 404) {
    return (
      <SpaceBetween size="s">
        <Alert type="info">{t('log.gone')}</Alert>
        {again}
      </SpaceBetween>
    )
  }
  if (query.isError && !query.data) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const log = query.data
  if (log === undefined || log.state === 'queued' || log.state === 'running') {
    return <Working log={log} />
  }
  if (log.state === 'failed' && log.failure) return <Failed failure={log.failure} again={again} />
  return (
    <Found
      request={request}
      log={log}
      at={at}
      shown={shown}
      again={again}
      loading={query.isFetching}
    />
  )
}

function Working(props: { log: SessionLog | undefined }): ReactNode {
  const { t } = useWords()
  const { log } = props
  const running = log?.state === 'running'
  return (
    <ProgressBar
      value={running ? 60 : 20}
      label={t('log.working')}
      description={t(running ? 'log.running' : 'log.queued')}
    />
  )
}

function Failed(props: {
  failure: NonNullable<SessionLog['failure']>
  again: ReactNode
}): ReactNode {
  const { t } = useWords()
  const { code, reason } = props.failure
  return (
    <Alert type="error" header={t('log.failed')} action={props.again}>
      {t(`logFailure.${code}`)}
      <Box variant="small">{t('log.awsSays', { reason })}</Box>
    </Alert>
  )
}

interface FoundProps {
  readonly request: Request
  readonly log: SessionLog
  readonly at: ListPage
  readonly shown: Shows
  readonly again: ReactNode
  readonly loading: boolean
}

function Found({ request, log, at, shown, again, loading }: FoundProps): ReactNode {
  const { t, times } = useWords()
  const { counts } = log
  const base = `/requests/${encodeURIComponent(request.id)}/session-log/${log.id}`
  const choice = (
    <SpaceBetween direction="horizontal" size="s" alignItems="center">
      <SegmentedControl
        label={t('log.shows')}
        selectedId={shown}
        onChange={({ detail }) =>
          setSearch({ shows: detail.selectedId, ...firstPage }, { replace: true })
        }
        options={shows.map((id) => ({
          id,
          text: t(`log.${id}`, { count: countOf(counts, id) }),
        }))}
      />
      <Button
        href={apiPath(`${base}/export`, { format: 'csv', ...filters[shown] })}
        download
        iconName="download"
      >
        {t('log.csv')}
      </Button>
      {again}
    </SpaceBetween>
  )
  return (
    <SpaceBetween size="s">
      <Box variant="p">
        {t('log.window', { from: times.at(log.from), to: times.at(log.to) })}{' '}
        {log.completeAt === null
          ? t('log.mayGoOn')
          : t('log.completeAt', { time: times.at(log.completeAt) })}
      </Box>
      <EventTable log={log} at={at} loading={loading} filter={choice} />
      <ExpandableSection headerText={t('log.limits')}>
        <ul>
          {log.limits.map((limit) => (
            <li key={limit}>{t(`logLimit.${limit}`)}</li>
          ))}
        </ul>
        <Box variant="small">{t('log.kept', { time: times.at(log.expiresAt) })}</Box>
      </ExpandableSection>
    </SpaceBetween>
  )
}

function countOf(counts: SessionLog['counts'], shown: Shows): number {
  if (counts === null) return 0
  return shown === 'all' ? counts.events : counts[shown]
}

const shortService = (service: string) => service.replace(/\.amazonaws\.com$/, '')

function EventTable(props: {
  log: SessionLog
  at: ListPage
  loading: boolean
  filter: ReactNode
}): ReactNode {
  const { t, times } = useWords()
  const { log, at } = props
  return (
    <PartList
      title={t('request.sessionLog')}
      columns={columnsFor(t, times)}
      items={log.items}
      idOf={(event) => event.eventId ?? event.at}
      pageSize={at.pageSize}
      page={at.page}
      next={log.nextCursor}
      loading={props.loading}
      filter={props.filter}
      nothing={t('log.none')}
    />
  )
}

type Words = ReturnType<typeof useWords>

function columnsFor(t: Words['t'], times: Words['times']): Column<SessionLogEvent>[] {
  return [
    {
      id: 'time',
      header: t('event.time'),
      isRowHeader: false,
      cell: (event) => (
        <>
          {times.at(event.at)}
          <Box variant="small" display="block">
            {times.clock(event.at)}
          </Box>
        </>
      ),
      minWidth: 130,
    },
    {
      id: 'action',
      header: t('log.action'),
      isRowHeader: true,
      cell: (event) => <Action event={event} />,
      minWidth: 170,
    },
    {
      id: 'service',
      header: t('log.service'),
      cell: (event) => shortService(event.service),
      minWidth: 90,
    },
    {
      id: 'resource',
      header: t('log.resource'),
      cell: (event) => (
        <span className="free-text">{event.resources.join(', ') || t('word.none')}</span>
      ),
      minWidth: 130,
    },
    { id: 'region', header: t('log.region'), cell: (event) => event.region, minWidth: 110 },
    {
      id: 'address',
      header: t('log.address'),
      cell: (event) => event.sourceAddress,
      minWidth: 120,
    },
    {
      id: 'record',
      header: t('log.record'),
      cell: (event) => <Raw event={event} />,
      minWidth: 120,
    },
  ]
}

function Action(props: { event: SessionLogEvent }): ReactNode {
  const { t } = useWords()
  const { action, readOnly, errorCode } = props.event
  return (
    <>
      {action}
      <Box variant="small" display="block">
        {t(readOnly ? 'log.isRead' : 'log.isWrite')}
      </Box>
      {errorCode !== null && (
        <Box variant="small" display="block" color="text-status-error">
          {t('log.error', { code: errorCode })}
        </Box>
      )}
    </>
  )
}

function Raw(props: { event: SessionLogEvent }): ReactNode {
  const { t } = useWords()
  const { action, record } = props.event
  return (
    <ExpandableSection
      variant="inline"
      headerText={t('log.raw')}
      headerAriaLabel={t('log.rawOf', { action })}
    >
      <pre className="event-contents">{JSON.stringify(record, null, 2)}</pre>
    </ExpandableSection>
  )
}
