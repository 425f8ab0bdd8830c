import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Request } from '#contract/request.ts'
import { failureOf } from '../api.ts'
import { BulkDialog } from '../components/decide/BulkDialog.tsx'
import { mayDecide, type Verb } from '../components/decide/decide-together.ts'
import { Hints } from '../components/decide/Hints.tsx'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { RequestActions } from '../components/RequestActions.tsx'
import { RequestBadges, RequestStatus } from '../components/RequestStatus.tsx'
import { approvalsText } from '../components/request-columns.tsx'
import { TargetCell } from '../components/Target.tsx'
import { TicketText } from '../components/TicketText.tsx'
import { NextTime } from '../components/Times.tsx'
import { useWords } from '../i18n.tsx'
import { submissionQuery } from '../queries.ts'
import type { PageProps } from '../routes.tsx'
import { NotFound } from './ErrorPages.tsx'

/** What was asked for together: each stands by itself, and all can be decided on at once. */
export function SubmissionPage(props: PageProps): ReactNode {
  const { t } = useWords()
  const query = useQuery(submissionQuery(props.id))
  const failure = query.error ? failureOf(query.error) : null
  if (failure?.kind === 'problem' && [400, 404].includes(failure.status)) return <NotFound />
  const requests = query.data?.requests ?? []
  const [first] = requests
  return (
    <Page
      title={
        first
          ? t('submission.title', { n: requests.length, name: first.requester.displayName })
          : t('submission.page')
      }
      actions={<DecideAll requests={requests} />}
    >
      {first ? (
        <SpaceBetween size="l">
          <Container header={<Header variant="h2">{t('request.detail')}</Header>}>
            <Facts request={first} />
          </Container>
          <Container header={<Header variant="h2">{t('ask.target')}</Header>}>
            <ul className="lines">
              {requests.map((request) => (
                <li key={request.id}>
                  <Line request={request} />
                </li>
              ))}
            </ul>
          </Container>
        </SpaceBetween>
      ) : failure ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height="12rem" />
      )}
    </Page>
  )
}

function DecideAll(props: { requests: readonly Request[] }): ReactNode {
  const { t } = useWords()
  const [deciding, setDeciding] = useState<{ verb: Verb; requests: readonly Request[] } | null>(
    null,
  )
  const open = (verb: Verb) => props.requests.filter((request) => mayDecide(request, verb))
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        {(['approve', 'reject'] as const)
          .filter((verb) => open(verb).length > 0)
          .map((verb) => (
            <Button
              key={verb}
              variant={verb === 'approve' ? 'primary' : 'normal'}
              onClick={() => setDeciding({ verb, requests: open(verb) })}
            >
              {t(verb === 'approve' ? 'submission.approve' : 'submission.reject', {
                n: open(verb).length,
              })}
            </Button>
          ))}
      </SpaceBetween>
      {deciding && <BulkDialog {...deciding} onClose={() => setDeciding(null)} />}
    </>
  )
}

function Facts(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const { requester } = request
  return (
    <KeyValuePairs
      columns={3}
      minColumnWidth={220}
      items={[
        {
          label: t('request.person'),
          value: t('person.name', { name: requester.displayName, userName: requester.userName }),
        },
        { label: t('col.asked'), value: times.at(request.createdAt) },
        { label: t('ask.duration'), value: times.duration(request.durationMinutes) },
        {
          label: t('col.ticket'),
          value: <TicketText request={request} none={t('request.noTicket')} />,
        },
        {
          label: t('col.justification'),
          value: <span className="free-text">{request.justification || t('word.none')}</span>,
        },
      ]}
    />
  )
}

function Line(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  return (
    <div className="line">
      <div>
        <TargetCell request={request} />
        {request.hints && <Hints request={request} />}
      </div>
      <div>
        <RequestStatus request={request} />
        <RequestBadges request={request} />
        <Box variant="small" display="block" color="text-body-secondary">
          {approvalsText(request, t)} · <NextTime request={request} />
        </Box>
      </div>
      <div className="line-end">
        <RequestActions request={request} place="row" />
      </div>
    </div>
  )
}
