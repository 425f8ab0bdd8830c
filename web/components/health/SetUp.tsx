import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { paths } from '../../paths.ts'
import { type PolicyKind, policiesQuery } from '../../queries.ts'

export interface Beginning {
  /** What nobody has made yet, and nobody can do without. */
  readonly missing: PolicyKind | null
  /** Nothing more comes for now, be it that an answer failed. */
  readonly settled: boolean
}

const first = { limit: 1 }

export function useBeginning(enabled: boolean): Beginning {
  const asking = useQuery({ ...policiesQuery('eligibility-policies', first), enabled })
  const deciding = useQuery({ ...policiesQuery('approver-policies', first), enabled })
  if (!enabled) return { missing: null, settled: true }
  const settled = !asking.isPending && !deciding.isPending
  if (asking.data?.items.length === 0) return { missing: 'eligibility-policies', settled }
  if (deciding.data?.items.length === 0) return { missing: 'approver-policies', settled }
  return { missing: null, settled }
}

/** Where nobody can ask yet, or nobody could decide, an administrator is told where to begin. */
export function SetUp(props: { missing: PolicyKind }): ReactNode {
  const { t } = useWords()
  if (props.missing === 'eligibility-policies') {
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
