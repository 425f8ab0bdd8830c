import Alert from '@cloudscape-design/components/alert'
import type { ReactNode } from 'react'
import type { Failure } from '../api.ts'
import { useWords } from '../i18n.tsx'
import { wordField } from '../problems.ts'
import { isUnknown, wordRefusal } from '../remedies.ts'

/**
 * What was refused, in a form that keeps all that was typed: that nothing was changed, why, and what
 * to do. Of a field that the form shows (`fields`) the reason stands at the field.
 */
export function NotDone(props: { failure: Failure | null; fields?: readonly string[] }): ReactNode {
  const { t } = useWords()
  const { failure, fields = [] } = props
  if (failure === null) return null
  const isMarked = fields.some((field) => wordField(failure, field, t) !== null)
  return (
    <Alert type="error" header={t(isUnknown(failure) ? 'refused.unknown' : 'refused.nothing')}>
      {isMarked ? t('remedy.marked') : wordRefusal(failure, t)}
    </Alert>
  )
}
