import Box from '@cloudscape-design/components/box'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Table from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { PolicyHistory } from '#contract/policy.ts'
import { useWords } from '../../i18n.tsx'
import { differingFields, fieldsInWords } from '../../policy-words.ts'
import { historyQuery, type PolicyKind } from '../../queries.ts'
import { LoadFailure } from '../LoadFailure.tsx'

type Version = PolicyHistory['items'][number]

export function HistoryTab(props: { kind: PolicyKind; id: string }): ReactNode {
  const { t, times } = useWords()
  const query = useQuery(historyQuery(props.kind, props.id))
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const versions = query.data?.items ?? []
  const before = new Map(versions.map((version, index) => [version, versions[index + 1]]))
  return (
    <Table
      variant="embedded"
      items={versions}
      trackBy={(version) => String(version.version)}
      loading={query.isLoading}
      loadingText={t('word.loading')}
      enableKeyboardNavigation
      wrapLines
      ariaLabels={{ tableLabel: t('policy.history') }}
      columnDefinitions={[
        {
          id: 'version',
          header: t('policy.version'),
          isRowHeader: true,
          cell: (version) => version.version,
        },
        {
          id: 'changed',
          header: t('policy.changed'),
          cell: (version) =>
            t('policy.changedBy', {
              time: times.at(version.changedAt),
              name: version.changedBy.userName,
            }),
        },
        {
          id: 'what',
          header: t('event.payload'),
          cell: (version) => <What version={version} before={before.get(version)} />,
        },
      ]}
    />
  )
}

function What(props: { version: Version; before: Version | undefined }): ReactNode {
  const { t, locale } = useWords()
  const { version, before } = props
  if (version.body === null) return t('policy.versionDeleted')
  const fields = before?.body ? differingFields(before.body, version.body) : []
  const summary = before
    ? fields.length > 0
      ? t('policy.versionChanged', { fields: fieldsInWords(fields, t, locale) })
      : t('policy.versionSame')
    : t('policy.versionCreated')
  return (
    <ExpandableSection variant="inline" headerText={summary}>
      <Box variant="code">
        <pre className="event-contents">{JSON.stringify(version.body, null, 2)}</pre>
      </Box>
    </ExpandableSection>
  )
}
