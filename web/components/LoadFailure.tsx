import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import type { ReactNode } from 'react'
import { failureOf } from '../api.ts'
import { useWords } from '../i18n.tsx'
import { wordFailure } from '../problems.ts'

/** A panel that could not be loaded: what is wrong, its code, and another try. */
export function LoadFailure(props: { error: unknown; onRetry: () => void }): ReactNode {
  const { t } = useWords()
  const failure = failureOf(props.error)
  const code = failure.kind === 'problem' ? failure.code : failure.kind
  return (
    <Alert
      type="error"
      header={t('word.loadFailed')}
      action={
        <Button iconName="refresh" formAction="none" onClick={props.onRetry}>
          {t('do.retry')}
        </Button>
      }
    >
      {wordFailure(failure, t)} {t('error.code', { code })}
    </Alert>
  )
}
