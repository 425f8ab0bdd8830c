import Box from '@cloudscape-design/components/box'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { AuditEvent } from '#contract/audit.ts'
import type { Request } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'
import { requestEventsQuery } from '../../queries.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { PlainList } from '../PlainList.tsx'

export function EventsTab(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const query = useQuery(requestEventsQuery(props.request.id))
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  return (
    <PlainList
      title={t('request.events')}
      items={query.data?.items ?? []}
      idOf={(event) => String(event.seq)}
      loading={query.isLoading}
      nothing={t('event.none')}
      columns={[
        { id: 'time', header: t('event.time'), cell: (event) => times.at(event.at) },
        { id: 'actor', header: t('event.actor'), cell: (event) => event.actor.name },
        {
          id: 'action',
          header: t('event.action'),
          isRowHeader: true,
          cell: (event) => event.action,
        },
        { id: 'result', header: t('event.result'), cell: (event) => event.result },
        { id: 'contents', header: t('event.payload'), cell: (event) => <Contents event={event} /> },
      ]}
    />
  )
}

function Contents(props: { event: AuditEvent }): ReactNode {
  const { t } = useWords()
  const { event } = props
  return (
    <ExpandableSection
      variant="inline"
      headerText={String(event.seq)}
      headerAriaLabel={t('event.show', { seq: event.seq })}
    >
      {event.payload === null ? (
        t('event.erased')
      ) : (
        <pre className="event-contents">{JSON.stringify(event.payload, null, 2)}</pre>
      )}
      <Box variant="small">
        {t('event.hash')}: {event.hash.slice(0, 16)}…
      </Box>
    </ExpandableSection>
  )
}
