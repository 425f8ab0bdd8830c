/** Asked once before a policy is saved or deleted: the difference, and what ends by it. */
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import type { PolicyKind } from '../../queries.ts'
import { Indicator } from '../Indicator.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import { Difference } from './PolicyPreview.tsx'
import { type PolicyPreviewing, usePolicyPreview } from './use-preview.ts'

interface Asking {
  readonly onClose: () => void
  /** With the number of live grants that the dialog listed. */
  readonly onConfirm: (ending: number) => void
}

export function ConfirmSave(props: Asking & { previewing: PolicyPreviewing }): ReactNode {
  const { t } = useWords()
  return (
    <Confirm
      {...props}
      title={t('preview.saveTitle')}
      confirm={t('preview.save')}
      text={t('preview.saveText')}
    />
  )
}

export function ConfirmDelete(
  props: Asking & { kind: PolicyKind; id: string; title: string; text: string },
): ReactNode {
  const { t } = useWords()
  const previewing = usePolicyPreview(props.kind, { deletes: props.id }, null)
  return <Confirm {...props} previewing={previewing} confirm={t('preview.delete')} />
}

function Confirm(
  props: Asking & {
    previewing: PolicyPreviewing
    title: string
    confirm: string
    text: string
  },
): ReactNode {
  const { t } = useWords()
  const { preview, isFetching, error, retry } = props.previewing
  const ending = preview && 'ending' in preview ? preview.ending.count : 0
  return (
    <QuestionModal
      title={props.title}
      confirm={props.confirm}
      // What is on screen is what is agreed to, so nothing is agreed to while it is being read.
      pending={isFetching}
      onClose={props.onClose}
      onConfirm={() => props.onConfirm(ending)}
    >
      <div>{props.text}</div>
      {preview ? (
        <Difference preview={preview} />
      ) : error ? (
        <LoadFailure error={error} onRetry={retry} />
      ) : (
        <Indicator type="loading">{t('word.loading')}</Indicator>
      )}
    </QuestionModal>
  )
}
