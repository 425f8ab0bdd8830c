import Badge from '@cloudscape-design/components/badge'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'

/** What an approver would want to know before reading further. */
export function Hints(props: { request: Request }): ReactNode {
  const { t, times } = useWords()
  const { hints } = props.request
  if (!hints) return '—'
  const { askedLately: n, grantedLately: m, usualMinutes } = hints
  return (
    <SpaceBetween size="xxs">
      {hints.level === 'admin' && <Badge color="severity-high">{t('hint.admin')}</Badge>}
      {hints.level === 'unknown' && <Badge color="severity-medium">{t('hint.unknown')}</Badge>}
      {hints.longerThanUsual && usualMinutes !== null && (
        <Badge color="severity-medium">
          {t('hint.longer', { duration: times.duration(usualMinutes) })}
        </Badge>
      )}
      {hints.sameWords && <Badge color="severity-low">{t('hint.sameWords')}</Badge>}
      <span>{hints.firstTime ? t('hint.first') : t('hint.asked', { n, m })}</span>
    </SpaceBetween>
  )
}
