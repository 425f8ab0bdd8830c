import Box from '@cloudscape-design/components/box'
import type { ReconcilerKey } from '#contract/reconciler.ts'
import type { Translate } from '../../i18n.tsx'
import { Indicator } from '../Indicator.tsx'
import type { Column } from '../PartList.tsx'
import { When } from '../Times.tsx'
import { KeyButtons } from './KeyButtons.tsx'
import { KeyName } from './KeyName.tsx'

export const keyTabs = ['in-flight', 'unsettled', 'held', 'drift'] as const
export type KeyTab = (typeof keyTabs)[number]

export function keyColumns(tab: KeyTab, t: Translate): Column<ReconcilerKey>[] {
  const name: Column<ReconcilerKey> = {
    id: 'key',
    header: t('health.column.key'),
    cell: (held) => <KeyName held={held} />,
    minWidth: 220,
  }
  const presence: Column<ReconcilerKey> = {
    id: 'presence',
    header: t('health.column.presence'),
    cell: (held) => t(`health.presence.${held.presence}`),
  }
  const tries: Column<ReconcilerKey> = {
    id: 'tries',
    header: t('health.attempts'),
    cell: ({ attempts, nextTryAt }) => (
      <>
        {attempts}
        {nextTryAt !== null && attempts > 0 && (
          <Box variant="small" display="block" color="text-body-secondary">
            {t('health.next')} <When at={nextTryAt} />
          </Box>
        )}
      </>
    ),
  }
  const buttons: Column<ReconcilerKey> = {
    id: 'actions',
    header: t('health.column.actions'),
    cell: (held) => <KeyButtons held={held} verbs={['release']} />,
  }
  switch (tab) {
    case 'in-flight':
      return [name, callColumn(t), tries]
    case 'unsettled':
      return [name, presence, watchedColumn(t), tries]
    case 'held':
      return [name, presence, confirmedColumn(t), buttons]
    case 'drift':
      return [name, ...driftColumns(t)]
    default:
      return tab satisfies never
  }
}

function callColumn(t: Translate): Column<ReconcilerKey> {
  return {
    id: 'call',
    header: t('health.column.call'),
    cell: ({ call }) =>
      call && (
        <>
          <Indicator type="in-progress">{t(`health.call.${call.kind}`)}</Indicator>
          <Box variant="div">
            <When at={call.since} />
          </Box>
        </>
      ),
  }
}

function watchedColumn(t: Translate): Column<ReconcilerKey> {
  return {
    id: 'watched',
    header: t('health.column.watchedUntil'),
    cell: (held) => <When at={held.watchedUntil} />,
  }
}

function confirmedColumn(t: Translate): Column<ReconcilerKey> {
  return {
    id: 'confirmed',
    header: t('health.column.confirmed'),
    cell: (held) => <When at={held.confirmedAt} />,
  }
}

function driftColumns(t: Translate): Column<ReconcilerKey>[] {
  return [
    {
      id: 'first',
      header: t('health.column.firstSeen'),
      cell: ({ drift }) => <When at={drift?.firstSeenAt ?? null} />,
    },
    {
      id: 'last',
      header: t('health.column.lastSeen'),
      cell: ({ drift }) => <When at={drift?.lastSeenAt ?? null} />,
    },
  ]
}
