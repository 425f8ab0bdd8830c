import FormField from '@cloudscape-design/components/form-field'
import Textarea from '@cloudscape-design/components/textarea'
import { type ReactNode, useState } from 'react'
import { failureOf } from '../../api.ts'
import { useWords } from '../../i18n.tsx'
import { wordField } from '../../problems.ts'
import { NotDone } from '../NotDone.tsx'

/** Why something is done that the trail keeps for years; never left out. */
export function useReason(error: Error | null) {
  const { t } = useWords()
  const [reason, setReason] = useState('')
  const [tried, setTried] = useState(false)
  const failure = error ? failureOf(error) : null
  const atField = wordField(failure, 'reason', t)
  const isMissing = reason.trim() === ''
  const field: ReactNode = (
    <>
      <NotDone failure={failure} fields={['reason']} />
      <FormField
        label={t('records.reason')}
        description={t('records.reasonHelp')}
        errorText={(tried && isMissing && t('records.reasonMissing')) || (atField ?? '')}
        stretch
      >
        <Textarea value={reason} rows={3} onChange={({ detail }) => setReason(detail.value)} />
      </FormField>
    </>
  )
  return { reason, isMissing, tried, markTried: () => setTried(true), field }
}
