import FormField from '@cloudscape-design/components/form-field'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { ReconcilerKey } from '#contract/reconciler.ts'
import { call, failureOf } from '../../api.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { wordField } from '../../problems.ts'
import { queryClient } from '../../queries.ts'
import { NotDone } from '../NotDone.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import { holderOf } from './KeyName.tsx'

export type KeyVerb = ReconcilerKey['actions'][number]['name']

/** Asks once, naming the person and the target, and says what becomes of the access. */
export function KeyDialog(props: {
  held: ReconcilerKey
  verb: KeyVerb
  onClose: () => void
}): ReactNode {
  const { held, verb, onClose } = props
  const { t } = useWords()
  const [comment, setComment] = useState('')
  const [tried, setTried] = useState(false)
  const values = {
    name: holderOf(held, t),
    set: held.permissionSetName,
    account: held.accountName,
  }
  const act = useMutation({
    mutationFn: () =>
      call<ReconcilerKey>('POST', `/reconciler/keys/${encodeURIComponent(held.id ?? '')}/${verb}`, {
        body: { comment },
      }),
    onSuccess: () => {
      flash({ type: 'success', text: t(`health.${verb}.done`, values) })
      onClose()
    },
    onSettled: () => {
      for (const key of ['reconciler', 'requests', 'counts']) {
        void queryClient.invalidateQueries({ queryKey: [key] })
      }
    },
  })
  const failure = act.error ? failureOf(act.error) : null
  const said = wordField(failure, 'comment', t)
  const missing = tried && comment.trim() === ''
  return (
    <QuestionModal
      title={t(`health.${verb}.title`, values)}
      confirm={t(`health.${verb}`)}
      pending={act.isPending}
      onConfirm={() => {
        setTried(true)
        if (comment.trim() !== '') act.mutate()
      }}
      onClose={onClose}
    >
      <div>{t(`health.${verb}.text`, values)}</div>
      <NotDone failure={failure} fields={['comment']} />
      <FormField
        label={t('act.comment')}
        description={t(`health.${verb}.comment`)}
        errorText={missing ? t('code.comment_required') : (said ?? '')}
      >
        <Textarea value={comment} rows={3} onChange={({ detail }) => setComment(detail.value)} />
      </FormField>
    </QuestionModal>
  )
}
