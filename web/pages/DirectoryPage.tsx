import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { StatusIndicatorProps } from '@cloudscape-design/components/status-indicator'
import Tabs from '@cloudscape-design/components/tabs'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { DirectoryStatus } from '#contract/directory.ts'
import { call, failureOf } from '../api.ts'
import { DirectoryTable } from '../components/DirectoryTable.tsx'
import { HeldRefresh } from '../components/HeldRefresh.tsx'
import { Indicator } from '../components/Indicator.tsx'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { When } from '../components/Times.tsx'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { type DirectoryKind, directoryStatusQuery, queryClient, useMe } from '../queries.ts'
import { wordRefusal } from '../remedies.ts'
import { setSearch, usePlace } from '../router.ts'
import { firstPage } from '../url-state.ts'

export function DirectoryPage(): ReactNode {
  const { t } = useWords()
  const isAdmin = useMe().roles.includes('admin')
  const status = useQuery({ ...directoryStatusQuery, enabled: isAdmin })
  const { data } = status
  return (
    <Page
      title={t('dir.title')}
      lead={t('dir.lead')}
      actions={isAdmin && <RefreshButton status={data} />}
    >
      {/* From the top down, so that nothing moves under the reader when what is above it comes. */}
      <SpaceBetween size="l">
        {isAdmin && (
          <Container header={<Header variant="h2">{t('dir.status')}</Header>}>
            {data ? (
              <SpaceBetween size="l">
                {data.held && <HeldRefresh held={data.held} />}
                <Status status={data} />
              </SpaceBetween>
            ) : status.isError ? (
              <LoadFailure error={status.error} onRetry={() => void status.refetch()} />
            ) : (
              <Skeleton height="6rem" />
            )}
          </Container>
        )}
        {!(isAdmin && status.isPending) && <Kinds />}
      </SpaceBetween>
    </Page>
  )
}

function isRunning(status: DirectoryStatus | undefined): boolean {
  return status?.latest?.state === 'queued' || status?.latest?.state === 'running'
}

function RefreshButton(props: { status: DirectoryStatus | undefined }): ReactNode {
  const { t } = useWords()
  const refresh = useMutation({
    mutationFn: () => call('POST', '/directory/refresh'),
    onSuccess: () => {
      flash({ type: 'info', text: t('dir.started') })
      void queryClient.invalidateQueries({ queryKey: directoryStatusQuery.queryKey })
    },
    onError: (error) => flash({ type: 'error', text: wordRefusal(failureOf(error), t) }),
  })
  return (
    <Button
      iconName="refresh"
      loading={refresh.isPending || isRunning(props.status)}
      loadingText={t('dir.refreshing')}
      onClick={() => refresh.mutate()}
    >
      {t('dir.refresh')}
    </Button>
  )
}

const stateTypes = {
  queued: 'pending',
  running: 'in-progress',
  applied: 'success',
  failed: 'error',
  held: 'warning',
  accepted: 'pending',
  discarded: 'stopped',
} as const satisfies Readonly<Record<string, StatusIndicatorProps.Type>>

function Status(props: { status: DirectoryStatus }): ReactNode {
  const { t } = useWords()
  const { appliedAt, counts, latest } = props.status
  return (
    <SpaceBetween size="l">
      {latest?.failure && <Alert type="error">{latest.failure}</Alert>}
      <KeyValuePairs
        columns={4}
        items={[
          {
            label: t('dir.age'),
            value: appliedAt === null ? t('dir.never') : <When at={appliedAt} />,
          },
          {
            label: t('dir.latest'),
            value: latest ? (
              <>
                <Indicator type={stateTypes[latest.state]}>
                  {t(`dir.state.${latest.state}`)}
                </Indicator>
                <Box variant="div">
                  <When at={latest.finishedAt ?? latest.startedAt} />
                </Box>
              </>
            ) : (
              t('word.none')
            ),
          },
          { label: t('dir.users'), value: counts.users },
          { label: t('dir.groups'), value: counts.groups },
          { label: t('dir.memberships'), value: counts.memberships },
          { label: t('dir.units'), value: counts.organizationalUnits },
          { label: t('dir.accounts'), value: counts.accounts },
          { label: t('dir.sets'), value: counts.permissionSets },
        ]}
      />
    </SpaceBetween>
  )
}

const kinds = [
  { id: 'users', label: 'dir.users' },
  { id: 'groups', label: 'dir.groups' },
  { id: 'accounts', label: 'dir.accounts' },
  { id: 'organizational-units', label: 'dir.units' },
  { id: 'permission-sets', label: 'dir.sets' },
] as const satisfies readonly { id: DirectoryKind; label: string }[]

function Kinds(): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const active = kinds.find((kind) => kind.id === search.get('tab')) ?? kinds[0]
  return (
    <Tabs
      ariaLabel={t('dir.title')}
      activeTabId={active.id}
      onChange={({ detail }) => setSearch({ tab: detail.activeTabId, q: null, ...firstPage })}
      tabs={kinds.map((kind) => ({
        id: kind.id,
        label: t(kind.label),
        content: kind.id === active.id && (
          <DirectoryTable key={kind.id} kind={kind.id} title={t(kind.label)} />
        ),
      }))}
    />
  )
}
