import Box from '@cloudscape-design/components/box'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import ToggleButton from '@cloudscape-design/components/toggle-button'
import type { ReactNode } from 'react'
import { presetsWithin, readDuration, splitDuration } from '../duration.ts'
import { useWords } from '../i18n.tsx'

export interface DurationText {
  readonly hours: string
  readonly minutes: string
}

/** Hours and minutes, with presets for what people mostly want. */
export function DurationField(props: {
  label: string
  value: DurationText
  onChange: (value: DurationText) => void
  limitMinutes: number | null
  constraint: string
  error: string
  disabled?: boolean
  withoutPresets?: boolean
  help?: string
}): ReactNode {
  const { t, times } = useWords()
  const { value, onChange, limitMinutes } = props
  const disabled = props.disabled ?? false
  const presets = presetsWithin(limitMinutes)
  const entry = readDuration(value.hours, value.minutes, null)
  const now = entry.ok ? entry.minutes : null
  const preset = (minutes: number, text: string) => (
    <ToggleButton
      key={text}
      disabled={disabled}
      pressed={now === minutes}
      onChange={() => onChange(splitDuration(minutes))}
    >
      {text}
    </ToggleButton>
  )
  return (
    <FormField
      label={props.label}
      constraintText={props.constraint}
      {...(props.help ? { description: props.help } : {})}
      errorText={props.error}
      stretch
    >
      <SpaceBetween size="xs">
        <div className="duration">
          <Input
            value={value.hours}
            inputMode="numeric"
            ariaLabel={`${props.label}: ${t('ask.hours')}`}
            disabled={disabled}
            onChange={({ detail }) => onChange({ ...value, hours: detail.value })}
          />
          <Box variant="span">{t('ask.hours')}</Box>
          <Input
            value={value.minutes}
            inputMode="numeric"
            ariaLabel={`${props.label}: ${t('ask.minutes')}`}
            disabled={disabled}
            onChange={({ detail }) => onChange({ ...value, minutes: detail.value })}
          />
          <Box variant="span">{t('ask.minutes')}</Box>
        </div>
        {!props.withoutPresets && (
          // biome-ignore lint/a11y/useSemanticElements: a fieldset here would say the name twice.
          <div role="group" aria-label={t('ask.presets')}>
            <SpaceBetween direction="horizontal" size="xs">
              {presets.common.map((minutes) => preset(minutes, times.duration(minutes)))}
              {presets.longest !== null && preset(presets.longest, t('ask.longest'))}
            </SpaceBetween>
          </div>
        )}
      </SpaceBetween>
    </FormField>
  )
}
