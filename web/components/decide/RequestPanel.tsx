import Box from '@cloudscape-design/components/box'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import SplitPanel from '@cloudscape-design/components/split-panel'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Request, RequestHints } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'
import { requestPath } from '../../paths.ts'
import { earlierQuery, requestQuery } from '../../queries.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { RequestActions } from '../RequestActions.tsx'
import { RequestStatus } from '../RequestStatus.tsx'
import { targetName } from '../Target.tsx'
import { TicketText } from '../TicketText.tsx'
import { NextTime, When } from '../Times.tsx'
import { Hints } from './Hints.tsx'

/** A look at one row of the queue without leaving it. */
export function RequestPanel(props: { id: string }): ReactNode {
  const { t } = useWords()
  const query = useQuery(requestQuery(props.id))
  const request = query.data
  return (
    <SplitPanel
      header={request ? targetName(request, t) : t('request.title')}
      hidePreferencesButton
      closeBehavior="hide"
      i18nStrings={{
        closeButtonAriaLabel: t('panel.close'),
        openButtonAriaLabel: t('panel.open'),
        resizeHandleAriaLabel: t('panel.resize'),
      }}
    >
      {request ? (
        <Content request={request} />
      ) : query.isError ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height="8rem" />
      )}
    </SplitPanel>
  )
}

function Content(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const { requester, hints } = request
  return (
    <SpaceBetween size="l">
      <SpaceBetween direction="horizontal" size="s" alignItems="center">
        <RequestStatus request={request} />
        <NextTime request={request} />
        <RequestActions request={request} place="page" only={['approve', 'reject']} />
        <Link href={requestPath(request.id)}>{t('panel.whole')}</Link>
      </SpaceBetween>
      <KeyValuePairs
        columns={3}
        minColumnWidth={200}
        items={[
          {
            label: t('request.person'),
            value: t('person.name', { name: requester.displayName, userName: requester.userName }),
          },
          { label: t('request.account'), value: `${request.accountName} (${request.accountId})` },
          { label: t('ask.duration'), value: times.duration(request.durationMinutes) },
          {
            label: t('request.set'),
            value: (
              <>
                {request.permissionSetName}
                <Box variant="small" display="block" color="text-body-secondary">
                  {t(`levelText.${hints?.level ?? 'unknown'}`)}
                  {hints?.contents && <Policies {...hints.contents} />}
                </Box>
              </>
            ),
          },
          { label: t('col.hints'), value: <Hints request={request} /> },
          {
            label: t('col.ticket'),
            value: <TicketText request={request} none={t('request.noTicket')} />,
          },
        ]}
      />
      <div>
        <Box variant="awsui-key-label">{t('col.justification')}</Box>
        <div className="free-text">{request.justification || t('word.none')}</div>
      </div>
      <Earlier request={request} />
    </SpaceBetween>
  )
}

/** What the permission set consists of. */
function Policies(props: NonNullable<RequestHints['contents']>): ReactNode {
  const { t } = useWords()
  const { managed, customerManaged, hasInline } = props
  const named = (names: readonly string[]) => names.join(t('word.comma'))
  return (
    <>
      {managed.length > 0 && <div>{t('contents.managed', { names: named(managed) })}</div>}
      {customerManaged.length > 0 && (
        <div>{t('contents.customerManaged', { names: named(customerManaged) })}</div>
      )}
      {hasInline && <div>{t('contents.inline')}</div>}
    </>
  )
}

function Earlier(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { request } = props
  const { data } = useQuery(earlierQuery(request.id))
  const items = data?.items ?? []
  const name = request.requester.displayName
  return (
    <div>
      <Header variant="h3">{t('panel.earlier', { name })}</Header>
      {data && items.length === 0 && (
        <Box color="text-body-secondary">{t('panel.noEarlier', { name })}</Box>
      )}
      <ul className="lines">
        {items.map((one) => (
          <li key={one.id} className="line">
            <div>
              <Link href={requestPath(one.id)}>
                <When at={one.createdAt} />
              </Link>
            </div>
            <div>
              <RequestStatus request={one} /> {times.duration(one.durationMinutes)}
            </div>
            <div>{one.justification}</div>
          </li>
        ))}
      </ul>
    </div>
  )
}
