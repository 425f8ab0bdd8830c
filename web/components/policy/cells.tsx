import Box from '@cloudscape-design/components/box'
import type { ReactNode } from 'react'
import type { ApproverPolicy, EligibilityPolicy } from '#contract/policy.ts'
import { useWords } from '../../i18n.tsx'
import { Indicator } from '../Indicator.tsx'

export function EnabledCell(props: { enabled: boolean }): ReactNode {
  const { t } = useWords()
  return props.enabled ? (
    <Indicator type="success">{t('policy.enabled')}</Indicator>
  ) : (
    <Indicator type="stopped">{t('policy.disabled')}</Indicator>
  )
}

export function ChangedCell(props: { policy: EligibilityPolicy | ApproverPolicy }): ReactNode {
  const { times } = useWords()
  const { updatedAt, updatedBy } = props.policy
  return (
    <>
      <time dateTime={updatedAt}>{times.at(updatedAt)}</time>
      <Box variant="small" display="block" color="text-body-secondary">
        {updatedBy.userName}
      </Box>
    </>
  )
}
