import FormField from '@cloudscape-design/components/form-field'
import RadioGroup from '@cloudscape-design/components/radio-group'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { LegalHold } from '#contract/audit.ts'
import { call } from '../../api.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { queryClient } from '../../queries.ts'
import { type Principal, PrincipalField } from '../policy/PrincipalField.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import { useReason } from './ReasonField.tsx'

const refresh = () => void queryClient.invalidateQueries({ queryKey: ['holds'] })

export function PlaceHoldDialog(props: { onClose: () => void }): ReactNode {
  const { t } = useWords()
  const [whose, setWhose] = useState<'person' | 'everybody'>('person')
  const [person, setPerson] = useState<Principal | null>(null)
  const place = useMutation({
    mutationFn: (body: { userId: string | null; reason: string }) =>
      call<LegalHold>('POST', '/audit/holds', { body }),
    onSuccess: () => {
      refresh()
      flash({ type: 'success', text: t('records.wasPlaced') })
      props.onClose()
    },
  })
  const why = useReason(place.error)
  const lacksPerson = whose === 'person' && person === null
  const onConfirm = () => {
    why.markTried()
    if (lacksPerson || why.isMissing) return
    place.mutate({ userId: whose === 'person' ? (person?.id ?? null) : null, reason: why.reason })
  }
  return (
    <QuestionModal
      title={t('records.place')}
      confirm={t('records.place')}
      pending={place.isPending}
      onConfirm={onConfirm}
      onClose={props.onClose}
    >
      <div>{t('records.placeText')}</div>
      <FormField label={t('records.whose')}>
        <RadioGroup
          value={whose}
          onChange={({ detail }) => setWhose(detail.value === 'everybody' ? 'everybody' : 'person')}
          items={[
            { value: 'person', label: t('records.onePerson') },
            { value: 'everybody', label: t('records.everybody') },
          ]}
        />
      </FormField>
      {whose === 'person' && (
        <PrincipalField
          label={t('records.person')}
          type="user"
          value={person}
          disabled={false}
          error={why.tried && lacksPerson ? t('records.personMissing') : ''}
          onChange={setPerson}
        />
      )}
      {why.field}
    </QuestionModal>
  )
}

export function ReleaseHoldDialog(props: { hold: LegalHold; onClose: () => void }): ReactNode {
  const { t } = useWords()
  const { id, person } = props.hold
  const release = useMutation({
    mutationFn: (reason: string) =>
      call<LegalHold>('POST', `/audit/holds/${encodeURIComponent(id)}/release`, {
        body: { reason },
      }),
    onSuccess: () => {
      refresh()
      flash({ type: 'success', text: t('records.wasReleased') })
      props.onClose()
    },
    onError: refresh,
  })
  const why = useReason(release.error)
  const onConfirm = () => {
    why.markTried()
    if (!why.isMissing) release.mutate(why.reason)
  }
  return (
    <QuestionModal
      title={t('records.releaseOf', { name: person?.userName ?? t('records.everybody') })}
      confirm={t('records.release')}
      pending={release.isPending}
      onConfirm={onConfirm}
      onClose={props.onClose}
    >
      <div>{t('records.releaseText')}</div>
      {why.field}
    </QuestionModal>
  )
}
