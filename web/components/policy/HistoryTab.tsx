import Button from '@cloudscape-design/components/button'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { PolicyHistory } from '#contract/policy.ts'
import { useWords } from '../../i18n.tsx'
import { differingFields, fieldsInWords } from '../../policy-words.ts'
import { historyQuery, type PolicyKind } from '../../queries.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { PlainList } from '../PlainList.tsx'
import { FieldDifferences, FieldValues } from './FieldDifferences.tsx'

type Version = PolicyHistory['items'][number]
export type VersionBody = NonNullable<Version['body']>

/** Every change: who, when, and each field that changed; any version can be taken up as a draft. */
export function HistoryTab(props: {
  kind: PolicyKind
  id: string
  /** Null where the person may not change it. */
  onRestore: ((body: VersionBody) => void) | null
}): ReactNode {
  const { t, times } = useWords()
  const query = useQuery(historyQuery(props.kind, props.id))
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const versions = query.data?.items ?? []
  const before = new Map(versions.map((version, index) => [version, versions[index + 1]]))
  const { onRestore } = props
  return (
    <PlainList
      title={t('policy.history')}
      items={versions}
      idOf={(version) => String(version.version)}
      loading={query.isLoading}
      nothing={null}
      columns={[
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
        ...(onRestore
          ? [
              {
                id: 'restore',
                header: t('policy.restoreColumn'),
                cell: (version: Version) => <Restore version={version} onRestore={onRestore} />,
              },
            ]
          : []),
      ]}
    />
  )
}

function Restore(props: { version: Version; onRestore: (body: VersionBody) => void }): ReactNode {
  const { t } = useWords()
  const { version, body } = props.version
  if (body === null) return null
  return (
    <Button
      variant="inline-link"
      ariaLabel={t('policy.restoreOf', { version })}
      onClick={() => props.onRestore(body)}
    >
      {t('policy.restore')}
    </Button>
  )
}

function What(props: { version: Version; before: Version | undefined }): ReactNode {
  const { t, locale } = useWords()
  const { version, before } = props
  if (version.body === null) return t('policy.versionDeleted')
  if (!before?.body) {
    return (
      <ExpandableSection variant="inline" headerText={t('policy.versionCreated')}>
        <FieldValues body={version.body} />
      </ExpandableSection>
    )
  }
  const fields = differingFields(before.body, version.body)
  const summary =
    fields.length > 0
      ? t('policy.versionChanged', { fields: fieldsInWords(fields, t, locale) })
      : t('policy.versionSame')
  return (
    <ExpandableSection variant="inline" headerText={summary} defaultExpanded={fields.length > 0}>
      <FieldDifferences
        before={before.body}
        after={version.body}
        beforeText={t('policy.before')}
        afterText={t('policy.after')}
      />
    </ExpandableSection>
  )
}
