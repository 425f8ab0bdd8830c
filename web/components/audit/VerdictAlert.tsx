import Alert from '@cloudscape-design/components/alert'
import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ChainVerdict } from '#contract/audit.ts'
import { failureOf, get } from '../../api.ts'
import { useWords } from '../../i18n.tsx'
import { wordFailure } from '../../problems.ts'

export type ChainCheck = UseMutationResult<ChainVerdict, Error, void>

export function useChainCheck(): ChainCheck {
  return useMutation({ mutationFn: () => get<ChainVerdict>('/audit/verify') })
}

/** What the server found when it computed every hash again. */
export function VerdictAlert({ check }: { check: ChainCheck }): ReactNode {
  const { t } = useWords()
  if (check.isError) {
    return <Alert type="error">{wordFailure(failureOf(check.error), t)}</Alert>
  }
  if (!check.data) return null
  const { ok, events, head, firstBroken = 0, firstKept } = check.data
  if (!ok) {
    return (
      <Alert type="error" header={t('audit.broken', { seq: firstBroken })}>
        {t('audit.brokenText', { events })}
      </Alert>
    )
  }
  return (
    <Alert type="success" header={t('audit.intact', { events, head: `${head.slice(0, 8)}…` })}>
      <span className="whole-words">{t('audit.head', { head })}</span>
      {firstKept !== undefined && <div>{t('audit.cut', { seq: firstKept })}</div>}
    </Alert>
  )
}
