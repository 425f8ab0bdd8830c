import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'

export function FieldLabel(props: { text: string; optional: boolean }): ReactNode {
  const { t } = useWords()
  if (!props.optional) return props.text
  return (
    <>
      {props.text} <i>– {t('word.optional')}</i>
    </>
  )
}
