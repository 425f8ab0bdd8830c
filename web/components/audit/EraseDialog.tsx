import Alert from '@cloudscape-design/components/alert'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { z } from 'zod'
import type { Erased } from '#contract/audit.ts'
import { call } from '../../api.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { queryClient } from '../../queries.ts'
import { type Principal, PrincipalField } from '../policy/PrincipalField.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import { useReason } from './ReasonField.tsx'

/** Nothing brings the words back: the person is named once more on the button. */
export function EraseDialog(props: { onClose: () => void }): ReactNode {
  const { t } = useWords()
  const [person, setPerson] = useState<Principal | null>(null)
  const erase = useMutation({
    mutationFn: (body: { userId: string; reason: string }) =>
      call<z.infer<typeof Erased>>('POST', '/audit/erasures', { body }),
    onSuccess: ({ events, requests }) => {
      void queryClient.invalidateQueries()
      const name = person?.name ?? ''
      flash({ type: 'success', text: t('records.wasErased', { name, events, requests }) })
      props.onClose()
    },
  })
  const why = useReason(erase.error)
  const onConfirm = () => {
    why.markTried()
    if (person !== null && !why.isMissing) {
      erase.mutate({ userId: person.id, reason: why.reason })
    }
  }
  return (
    <QuestionModal
      title={t('records.erase')}
      confirm={person ? t('records.eraseOf', { name: person.name }) : t('records.erase')}
      pending={erase.isPending}
      onConfirm={onConfirm}
      onClose={props.onClose}
    >
      <Alert type="warning">{t('records.eraseText')}</Alert>
      <PrincipalField
        label={t('records.person')}
        type="user"
        value={person}
        disabled={false}
        error={why.tried && person === null ? t('records.personMissing') : ''}
        onChange={setPerson}
      />
      {why.field}
    </QuestionModal>
  )
}
