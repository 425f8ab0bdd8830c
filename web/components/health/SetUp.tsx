import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { paths } from '../../paths.ts'
import { type PolicyKind, policiesQuery } from '../../queries.ts'

/** Where nobody can ask yet, or nobody could decide, an administrator is told where to begin. */
export function SetUp(): ReactNode {
  const { t } = useWords()
  const isMissing = useIsMissing()
  if (isMissing('eligibility-policies')) {
    return (
      <Alert
        type="info"
        header={t('setUp.nobodyAsks')}
        action={<Button href={paths.newEligibility}>{t('elig.newTitle')}</Button>}
      >
        {t('setUp.nobodyAsksText')}
      </Alert>
    )
  }
  if (!isMissing('approver-policies')) return null
  return (
    <Alert
      type="info"
      header={t('setUp.nobodyDecides')}
      action={<Button href={paths.newApprovers}>{t('appr.newTitle')}</Button>}
    >
      {t('setUp.nobodyDecidesText')}
    </Alert>
  )
}

function useIsMissing(): (kind: PolicyKind) => boolean {
  const asking = useQuery(policiesQuery('eligibility-policies', { limit: 1 }))
  const deciding = useQuery(policiesQuery('approver-policies', { limit: 1 }))
  const lists = { 'eligibility-policies': asking, 'approver-policies': deciding }
  return (kind) => lists[kind].data?.items.length === 0
}
