import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import Toggle from '@cloudscape-design/components/toggle'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { FieldLabel } from '../FieldLabel.tsx'

interface Noted {
  readonly enabled: boolean
  readonly ticket: string
  readonly note: string
}

export function NoteFields(props: {
  value: Noted
  onChange: (part: Partial<Noted>) => void
  disabled: boolean
  ticketError: string
  noteError: string
}): ReactNode {
  const { t } = useWords()
  const { value, onChange, disabled } = props
  return (
    <Container>
      <SpaceBetween size="l">
        <Toggle
          checked={value.enabled}
          disabled={disabled}
          description={t('policy.enabledHelp')}
          onChange={({ detail }) => onChange({ enabled: detail.checked })}
        >
          {t('policy.enabled')}
        </Toggle>
        <FormField
          label={<FieldLabel text={t('policy.ticket')} optional />}
          description={t('policy.ticketHelp')}
          errorText={props.ticketError}
        >
          <Input
            value={value.ticket}
            disabled={disabled}
            onChange={({ detail }) => onChange({ ticket: detail.value })}
          />
        </FormField>
        <FormField
          label={<FieldLabel text={t('policy.note')} optional />}
          errorText={props.noteError}
          stretch
        >
          <Textarea
            value={value.note}
            rows={2}
            disabled={disabled}
            onChange={({ detail }) => onChange({ note: detail.value })}
          />
        </FormField>
      </SpaceBetween>
    </Container>
  )
}
