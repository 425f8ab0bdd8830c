import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import type { ReactNode } from 'react'
import type { EligiblePermissionSet } from '#contract/me.ts'
import { useWords } from '../../i18n.tsx'
import { useMe } from '../../queries.ts'
import { FieldLabel } from '../FieldLabel.tsx'
import { justificationCharactersMax, type Prose } from './state.ts'

export function ProseFields(props: {
  prose: Prose
  change: (part: Partial<Prose>) => void
  set: EligiblePermissionSet | null
  justificationError: string
  ticketError: string
}): ReactNode {
  const { t } = useWords()
  const { prose, change, set } = props
  const { ticket: terms } = useMe()
  // What the rules count: code points, so that 𠮷 is one character.
  const count = Array.from(prose.justification.trim()).length
  return (
    <SpaceBetween size="l">
      <FormField
        label={
          <FieldLabel
            text={t('ask.justification')}
            optional={set !== null && !set.justificationRequired}
          />
        }
        description={t('ask.justificationHelp')}
        constraintText={t('ask.counter', { count, max: justificationCharactersMax })}
        errorText={props.justificationError}
        stretch
      >
        <Textarea
          value={prose.justification}
          rows={4}
          spellcheck
          placeholder={t('ask.justificationExample')}
          onChange={({ detail }) => change({ justification: detail.value })}
        />
      </FormField>
      <FormField
        label={<FieldLabel text={t('ask.ticket')} optional={!set?.ticketRequired} />}
        description={terms.help ?? t('ask.ticketHelp')}
        constraintText={
          terms.example === null ? '' : t('ask.ticketExample', { example: terms.example })
        }
        errorText={props.ticketError}
      >
        <Input
          value={prose.ticket}
          autoComplete={false}
          onChange={({ detail }) => change({ ticket: detail.value })}
        />
      </FormField>
    </SpaceBetween>
  )
}
