import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Select from '@cloudscape-design/components/select'
import Textarea from '@cloudscape-design/components/textarea'
import type { ReactNode } from 'react'
import { useNames } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import type { SettingField, Typed } from '../../settings-form.ts'
import { DurationField } from '../DurationField.tsx'
import { PrincipalField } from '../policy/PrincipalField.tsx'

interface ControlProps {
  readonly field: SettingField
  readonly typed: Typed
  readonly onChange: (typed: Typed) => void
  readonly disabled: boolean
  readonly error: string
}

export function SettingControl(props: ControlProps): ReactNode {
  const { t } = useWords()
  const { field, typed, onChange, disabled, error } = props
  const label = t(`set.${field.name}`)
  const help = field.help ? t(field.help) : ''
  switch (typed.kind) {
    case 'flag':
      return (
        <FormField errorText={error}>
          <Checkbox
            checked={typed.on}
            disabled={disabled}
            description={help}
            onChange={({ detail }) => onChange({ kind: 'flag', on: detail.checked })}
          >
            {label}
          </Checkbox>
        </FormField>
      )
    case 'duration':
      return (
        <DurationField
          label={label}
          help={help}
          value={typed}
          withoutPresets
          limitMinutes={null}
          constraint=""
          error={error}
          disabled={disabled}
          onChange={({ hours, minutes }) => onChange({ kind: 'duration', hours, minutes })}
        />
      )
    case 'group':
      return <GroupControl {...props} typed={typed} label={label} help={help} />
    case 'text':
      return <TextControl {...props} typed={typed} label={label} help={help} />
    default:
      return typed satisfies never
  }
}

function GroupControl(
  props: ControlProps & { typed: Typed & { kind: 'group' }; label: string; help: string },
): ReactNode {
  const names = useNames()
  const { typed, onChange } = props
  const name = typed.name === typed.id ? names.group(typed.id) : typed.name
  return (
    <PrincipalField
      type="group"
      label={props.label}
      description={props.help}
      value={typed.id === '' ? null : { id: typed.id, name }}
      onChange={(group) =>
        onChange({ kind: 'group', id: group?.id ?? '', name: group?.name ?? '' })
      }
      disabled={props.disabled}
      error={props.error}
    />
  )
}

function TextControl(
  props: ControlProps & { typed: Typed & { kind: 'text' }; label: string; help: string },
): ReactNode {
  const { t } = useWords()
  const { field, typed, disabled } = props
  const onText = (text: string) => props.onChange({ kind: 'text', text })
  const control =
    field.type === 'choice' ? (
      <Select
        options={field.choices.map((value) => ({ value, label: t(`choice.${value}`) }))}
        selectedOption={
          field.choices
            .filter((value) => value === typed.text)
            .map((value) => ({ value, label: t(`choice.${value}`) }))
            .at(0) ?? null
        }
        disabled={disabled}
        onChange={({ detail }) => onText(detail.selectedOption.value ?? '')}
      />
    ) : field.type === 'area' ? (
      <Textarea
        value={typed.text}
        rows={3}
        disabled={disabled}
        onChange={({ detail }) => onText(detail.value)}
      />
    ) : (
      <Input
        value={typed.text}
        disabled={disabled}
        {...(field.type === 'number' ? { inputMode: 'numeric' as const } : {})}
        onChange={({ detail }) => onText(detail.value)}
      />
    )
  const withUnit =
    field.type === 'number' ? (
      <div className="duration">
        {control}
        <Box variant="span">{t(field.unit)}</Box>
      </div>
    ) : (
      control
    )
  return (
    <FormField
      label={props.label}
      description={props.help}
      errorText={props.error}
      stretch={field.type === 'area' || field.type === 'choice'}
    >
      {withUnit}
    </FormField>
  )
}
