import AttributeEditor from '@cloudscape-design/components/attribute-editor'
import FormField from '@cloudscape-design/components/form-field'
import Select from '@cloudscape-design/components/select'
import type { ReactNode } from 'react'
import { useWholeDirectory } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import { FieldLabel } from '../FieldLabel.tsx'

export interface UnitLine {
  readonly id: string | null
  readonly scope: 'children' | 'subtree'
}

/** Organizational units, each with its scope in words: directly in it, or everything below too. */
export function UnitsField(props: {
  value: readonly UnitLine[]
  onChange: (units: UnitLine[]) => void
  disabled: boolean
  showErrors: boolean
}): ReactNode {
  const { t } = useWords()
  const { value, onChange, disabled } = props
  const units = useWholeDirectory('organizational-units')
  const options = (units ?? [])
    .filter((unit) => unit.parentId !== null)
    .map((unit) => ({
      value: unit.id,
      label: unit.path.join(' / '),
      labelTag: t('policy.unitCount', { count: unit.accountCount }),
    }))
  const scopes = (['subtree', 'children'] as const).map((scope) => ({
    value: scope,
    label: t(scope === 'subtree' ? 'policy.scopeSubtree' : 'policy.scopeChildren'),
  }))
  const replace = (index: number, part: Partial<UnitLine>) =>
    onChange(value.map((line, position) => (position === index ? { ...line, ...part } : line)))
  const nameOf = (line: UnitLine) =>
    options.find((option) => option.value === line.id)?.label ?? line.id ?? ''
  return (
    <FormField label={<FieldLabel text={t('policy.units')} optional />} stretch>
      <AttributeEditor
        items={value}
        empty={t('policy.unitNone')}
        addButtonText={t('policy.unitAdd')}
        removeButtonText={t('policy.unitRemove')}
        removeButtonAriaLabel={(line) => t('policy.unitRemoveOf', { name: nameOf(line) })}
        disableAddButton={disabled}
        isItemRemovable={() => !disabled}
        onAddButtonClick={() => onChange([...value, { id: null, scope: 'subtree' }])}
        onRemoveButtonClick={({ detail }) =>
          onChange(value.filter((_, index) => index !== detail.itemIndex))
        }
        gridLayout={[
          { breakpoint: 'xs', rows: [[3, 2]] },
          { rows: [[1], [1]], removeButton: { ownRow: true } },
        ]}
        definition={[
          {
            label: t('policy.unit'),
            errorText: (line) =>
              props.showErrors && line.id === null ? t('policy.unitMissing') : '',
            control: (line, index) => (
              <Select
                selectedOption={line.id === null ? null : { value: line.id, label: nameOf(line) }}
                options={options}
                disabled={disabled}
                placeholder={t('policy.unitPick')}
                filteringType={options.length > 7 ? 'auto' : 'none'}
                filteringAriaLabel={t('do.search')}
                statusType={units ? 'finished' : 'loading'}
                loadingText={t('word.loading')}
                expandToViewport
                onChange={({ detail }) =>
                  replace(index, { id: detail.selectedOption.value ?? null })
                }
              />
            ),
          },
          {
            label: t('policy.scope'),
            control: (line, index) => (
              <Select
                selectedOption={scopes.find((scope) => scope.value === line.scope) ?? null}
                options={scopes}
                disabled={disabled}
                expandToViewport
                onChange={({ detail }) =>
                  replace(index, {
                    scope: detail.selectedOption.value === 'children' ? 'children' : 'subtree',
                  })
                }
              />
            ),
          },
        ]}
      />
    </FormField>
  )
}
