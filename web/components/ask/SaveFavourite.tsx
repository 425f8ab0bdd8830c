import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Submission } from '#contract/request.ts'
import type { SavedRequest, SavedRequestBody } from '#contract/saved-request.ts'
import { call, failureOf } from '../../api.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { wordField } from '../../problems.ts'
import { queryClient, savedRequestsQuery, useMe } from '../../queries.ts'
import { NotDone } from '../NotDone.tsx'
import { QuestionModal } from '../QuestionModal.tsx'

/** Keeps targets, duration and justification under a name. A ticket is of one occasion. */
export function SaveFavourite(props: { submission: Submission; onClose: () => void }): ReactNode {
  const { t } = useWords()
  const { submission, onClose } = props
  const isAdmin = useMe().roles.includes('admin')
  const [name, setName] = useState('')
  const [template, setTemplate] = useState(false)
  const saving = useMutation({
    mutationFn: () =>
      call<SavedRequest>('POST', '/saved-requests', {
        body: {
          kind: template ? 'template' : 'own',
          name,
          targets: submission.targets,
          durationMinutes: submission.durationMinutes,
          justification: submission.justification?.trim() ? submission.justification : null,
        } satisfies SavedRequestBody,
      }),
    onSuccess: (saved) => {
      void queryClient.invalidateQueries({ queryKey: savedRequestsQuery.queryKey })
      flash({ type: 'success', text: t('ask.saved', { name: saved.name }) })
      onClose()
    },
  })
  const failure = saving.error ? failureOf(saving.error) : null
  const nameError = wordField(failure, 'name', t)
  return (
    <QuestionModal
      title={t('ask.save')}
      confirm={t('do.save')}
      pending={saving.isPending}
      onConfirm={() => saving.mutate()}
      onClose={onClose}
    >
      <Box>{t('ask.saveText')}</Box>
      <NotDone failure={failure} fields={['name']} />
      <FormField
        label={t('ask.saveName')}
        constraintText={t('ask.saveExample')}
        errorText={nameError ?? ''}
      >
        <Input value={name} autoFocus onChange={({ detail }) => setName(detail.value)} />
      </FormField>
      {isAdmin && (
        <Checkbox
          checked={template}
          description={t('ask.saveTemplateText')}
          onChange={({ detail }) => setTemplate(detail.checked)}
        >
          {t('ask.saveTemplate')}
        </Checkbox>
      )}
    </QuestionModal>
  )
}
