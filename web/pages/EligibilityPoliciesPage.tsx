import Box from '@cloudscape-design/components/box'
import Link from '@cloudscape-design/components/link'
import type { TableProps } from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { EligibilityPolicy } from '#contract/policy.ts'
import { Indicator } from '../components/Indicator.tsx'
import { ChangedCell, EnabledCell } from '../components/policy/cells.tsx'
import { PolicyList } from '../components/policy/PolicyList.tsx'
import { useEligibilityFilters } from '../components/policy/policy-filters.ts'
import { useNames } from '../directory.ts'
import { useWords } from '../i18n.tsx'
import { eligibilityPath, paths } from '../paths.ts'
import { setsInWords, targetsInWords } from '../policy-words.ts'

export function EligibilityPoliciesPage(): ReactNode {
  const { t, times, locale } = useWords()
  const names = useNames()
  const words = { names, t, locale }
  const properties = useEligibilityFilters()
  const columns: TableProps.ColumnDefinition<EligibilityPolicy>[] = [
    {
      id: 'subject',
      header: t('elig.subject'),
      minWidth: 140,
      isRowHeader: true,
      cell: (policy) => (
        <>
          <Link href={eligibilityPath(policy.id)}>{policy.subject.name ?? policy.subject.id}</Link>
          <Box variant="small" display="block" color="text-body-secondary">
            {t(policy.subject.type === 'user' ? 'elig.user' : 'elig.group')}
          </Box>
        </>
      ),
    },
    {
      id: 'targets',
      header: t('policy.targets'),
      minWidth: 140,
      cell: (policy) => targetsInWords(policy.targets, words),
    },
    {
      id: 'sets',
      header: t('policy.sets'),
      cell: (policy) => setsInWords(policy.permissionSets, words),
    },
    {
      id: 'longest',
      header: t('elig.longest'),
      cell: (policy) => times.duration(policy.maxDurationMinutes),
    },
    {
      id: 'terms',
      header: t('elig.terms'),
      minWidth: 150,
      cell: (policy) => (
        <>
          <div>{t(policy.approvalRequired ? 'elig.term.approval' : 'ask.setNoApproval')}</div>
          {policy.ticketRequired && <div>{t('elig.term.ticket')}</div>}
          {policy.breakGlass && <div>{t('elig.term.breakGlass')}</div>}
        </>
      ),
    },
    {
      id: 'enabled',
      header: t('policy.enabled'),
      minWidth: 120,
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
      kind="eligibility-policies"
      title={t('elig.title')}
      lead={t('elig.lead')}
      newPath={paths.newEligibility}
      newText={t('elig.new')}
      empty={t('elig.empty')}
      emptyText={t('elig.emptyText')}
      columns={columns}
      properties={properties}
      text="subject"
      find={t('elig.find')}
    />
  )
}
