/** What runs, what is late and what did not arrive: late removals first. */
import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ReconcilerStatus } from '#contract/reconciler.ts'
import { EngineState } from '../components/health/EngineState.tsx'
import { type KeyTab, keyColumns } from '../components/health/key-columns.tsx'
import { LateRemovals } from '../components/health/LateRemovals.tsx'
import { NoticesTab } from '../components/health/NoticesTab.tsx'
import { refreshEveryMs } from '../components/health/wanted.ts'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { answered, NoRows, useListPage } from '../components/list-page.tsx'
import { Page } from '../components/Page.tsx'
import { PartList } from '../components/PartList.tsx'
import { useWords } from '../i18n.tsx'
import { directoryStatusQuery, keysQuery, lateKeysQuery, reconcilerQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { firstPage } from '../url-state.ts'

export function HealthPage(): ReactNode {
  const { t } = useWords()
  const status = useQuery({ ...reconcilerQuery, refetchInterval: refreshEveryMs })
  const late = useInfiniteQuery(lateKeysQuery)
  const directory = useQuery(directoryStatusQuery)
  const { data } = status
  // All at once: what comes later would push what is read already.
  if ([status, late, directory].some(({ isPending }) => isPending)) {
    return (
      <Page title={t('health.title')} lead={t('health.lead')}>
        <Container>
          <Skeleton height="20rem" />
        </Container>
      </Page>
    )
  }
  return (
    <Page title={t('health.title')} lead={t('health.lead')}>
      <SpaceBetween size="l">
        {data?.creationsHeld && <CreationsHeld held={data.creationsHeld} />}
        <LateRemovals count={data?.keysLate} query={late} />
        {data ? (
          <EngineState status={data} appliedAt={directory.data?.appliedAt ?? null} />
        ) : (
          status.isError && (
            <Container>
              <LoadFailure error={status.error} onRetry={() => void status.refetch()} />
            </Container>
          )
        )}
        <Lists status={data} />
      </SpaceBetween>
    </Page>
  )
}

function CreationsHeld(props: { held: NonNullable<ReconcilerStatus['creationsHeld']> }): ReactNode {
  const { t, times } = useWords()
  const { held } = props
  return (
    <Alert type="error" header={t('health.restored')}>
      <SpaceBetween size="xs">
        <div>{t('health.restored.text', { time: times.at(held.since) })}</div>
        <code>npm run team -- recover --intents</code>
        <div className="free-text">{held.reason}</div>
      </SpaceBetween>
    </Alert>
  )
}

const tabs = [
  { id: 'in-flight', state: 'in_flight', count: 'keysInFlight' },
  { id: 'unsettled', state: 'unsettled', count: 'keysUnsettled' },
  { id: 'held', state: 'held', count: 'keysHeld' },
  { id: 'drift', state: 'drift', count: 'drift' },
  { id: 'notices', state: null, count: 'noticesUndelivered' },
] as const

function Lists(props: { status: ReconcilerStatus | undefined }): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const active = tabs.find((tab) => tab.id === search.get('tab')) ?? tabs[0]
  return (
    <Tabs
      variant="container"
      ariaLabel={t('health.lists')}
      activeTabId={active.id}
      onChange={({ detail }) => setSearch({ tab: detail.activeTabId, ...firstPage })}
      tabs={tabs.map((tab) => ({
        id: tab.id,
        label: t('health.tab.count', {
          title: t(`health.tab.${tab.id}`),
          count: props.status?.[tab.count] ?? 0,
        }),
        content:
          tab.id === active.id &&
          (tab.state === null ? (
            <NoticesTab />
          ) : (
            <Keys key={tab.id} tab={tab.id} state={tab.state} />
          )),
      }))}
    />
  )
}

function Keys(props: { tab: KeyTab; state: string }): ReactNode {
  const { t } = useWords()
  const at = useListPage(`health.${props.tab}`)
  const query = useQuery(keysQuery({ state: props.state, ...at.query }))
  return (
    <PartList
      title={t(`health.tab.${props.tab}`)}
      heading={{ variant: 'h3', description: t(`health.tabText.${props.tab}`) }}
      columns={keyColumns(props.tab, t)}
      {...at}
      {...answered(query, <NoRows text={t(`health.none.${props.tab}`)} />)}
      idOf={(held) =>
        held.id ??
        [held.person?.userId ?? held.group?.groupId, held.accountId, held.permissionSetArn].join()
      }
    />
  )
}
