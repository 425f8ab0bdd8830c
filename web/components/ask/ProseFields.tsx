import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { useMe } from '../../queries.ts'
import { FieldLabel } from '../FieldLabel.tsx'
import { justificationCharactersMax, type Prose, type Terms } from './state.ts'

interface ProseProps {
  readonly prose: Prose
  readonly change: (part: Partial<Prose>) => void
  /** Null: nothing is chosen yet. */
  readonly terms: Pick<Terms, 'justificationRequired' | 'ticketRequired'> | null
  readonly justificationError: string
  readonly ticketError: string
}

export function ProseFields(props: ProseProps): ReactNode {
  return (
    <SpaceBetween size="l">
      <JustificationField {...props} />
      <TicketField {...props} />
    </SpaceBetween>
  )
}

export function JustificationField(props: Omit<ProseProps, 'ticketError'>): ReactNode {
  const { t } = useWords()
  const { prose, change, terms } = props
  // What the rules count: code points, so that 𠮷 is one character.
  const count = Array.from(prose.justification.trim()).length
  return (
    <FormField
      label={
        <FieldLabel
          text={t('ask.justification')}
          optional={terms !== null && !terms.justificationRequired}
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
  )
}

export function TicketField(props: Omit<ProseProps, 'justificationError'>): ReactNode {
  const { t } = useWords()
  const { ticket } = useMe()
  return (
    <FormField
      label={<FieldLabel text={t('ask.ticket')} optional={!props.terms?.ticketRequired} />}
      description={ticket.help ?? t('ask.ticketHelp')}
      constraintText={
        ticket.example === null ? '' : t('ask.ticketExample', { example: ticket.example })
      }
      errorText={props.ticketError}
    >
      <Input
        value={props.prose.ticket}
        autoComplete={false}
        onChange={({ detail }) => props.change({ ticket: detail.value })}
      />
    </FormField>
  )
}
