import Badge from '@cloudscape-design/components/badge'
import Link from '@cloudscape-design/components/link'
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { ApproverPolicy } from '#contract/policy.ts'
import { Indicator } from '../components/Indicator.tsx'
import { ChangedCell, EnabledCell } from '../components/policy/cells.tsx'
import { PolicyList } from '../components/policy/PolicyList.tsx'
import { useApproverFilters } from '../components/policy/policy-filters.ts'
import { useNames } from '../directory.ts'
import { useWords } from '../i18n.tsx'
import { approverPath, paths } from '../paths.ts'
import { groupsInWords, setsInWords, targetsInWords } from '../policy-words.ts'

export function ApproverPoliciesPage(): ReactNode {
  const { t, locale } = useWords()
  const names = useNames()
  const words = { names, t, locale }
  const properties = useApproverFilters()
  const columns: TableProps.ColumnDefinition<ApproverPolicy>[] = [
    {
      id: 'groups',
      header: t('appr.groups'),
      minWidth: 160,
      isRowHeader: true,
      cell: (policy) => (
        <Link href={approverPath(policy.id)}>{groupsInWords(policy.approverGroups, words)}</Link>
      ),
    },
    {
      id: 'targets',
      header: t('policy.targets'),
      minWidth: 195,
      cell: (policy) => targetsInWords(policy.targets, words),
    },
    {
      id: 'sets',
      header: t('policy.sets'),
      minWidth: 160,
      cell: (policy) => setsInWords(policy.permissionSets, words),
    },
    {
      id: 'needed',
      header: t('appr.needed'),
      minWidth: 185,
      cell: (policy) => (
        <>
          {policy.approvalsRequired} {policy.exclusive && <Badge>{t('badge.exclusive')}</Badge>}
        </>
      ),
    },
    {
      id: 'enabled',
      header: t('policy.enabled'),
      minWidth: 110,
      cell: (policy) => (
        <>
          <EnabledCell enabled={policy.enabled} />
          {policy.warnings.length > 0 && (
            <div>
              <Indicator type="warning">{t('policy.warnings')}</Indicator>
            </div>
          )}
        </>
      ),
    },
    {
      id: 'changed',
      header: t('policy.changed'),
      cell: (policy) => <ChangedCell policy={policy} />,
    },
  ]
  return (
    <PolicyList
      kind="approver-policies"
      title={t('appr.title')}
      lead={t('appr.lead')}
      newPath={paths.newApprovers}
      newText={t('appr.new')}
      empty={t('appr.empty')}
      emptyText={t('appr.emptyText')}
      columns={columns}
      properties={properties}
      find={t('appr.find')}
    />
  )
}
