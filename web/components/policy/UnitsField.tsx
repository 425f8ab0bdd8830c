import AttributeEditor from '@cloudscape-design/components/attribute-editor'
import Box from '@cloudscape-design/components/box'
import Select from '@cloudscape-design/components/select'
import type { ReactNode } from 'react'
import { useWholeDirectory } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import { FieldLabel } from '../FieldLabel.tsx'

export interface UnitLine {
  readonly id: string | null
  readonly scope: 'children' | 'subtree'
}

interface UnitsFieldProps {
  readonly value: readonly UnitLine[]
  readonly onChange: (units: UnitLine[]) => void
  readonly disabled: boolean
  readonly showErrors: boolean
}

/** Organizational units, each with its scope in words: directly in it, or everything below too. */
export function UnitsField(props: UnitsFieldProps): ReactNode {
  const { t } = useWords()
  const { value, onChange, disabled } = props
  const units = useUnitOptions()
  const replace = (index: number, part: Partial<UnitLine>) =>
    onChange(value.map((line, position) => (position === index ? { ...line, ...part } : line)))
  const nameOf = (line: UnitLine) =>
    units?.find((option) => option.value === line.id)?.label ?? line.id ?? ''
  return (
    <div>
      <Box variant="awsui-key-label">
        <FieldLabel text={t('policy.units')} optional />
      </Box>
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
              <UnitSelect
                selected={line.id === null ? null : { value: line.id, label: nameOf(line) }}
                options={units}
                disabled={disabled}
                onChange={(id) => replace(index, { id })}
              />
            ),
          },
          {
            label: t('policy.scope'),
            control: (line, index) => (
              <ScopeSelect
                scope={line.scope}
                disabled={disabled}
                onChange={(scope) => replace(index, { scope })}
              />
            ),
          },
        ]}
      />
    </div>
  )
}

interface UnitOption {
  readonly value: string
  readonly label: string
  readonly labelTag?: string
}

/** Undefined while they are read. The root is offered as "every account" instead. */
function useUnitOptions(): UnitOption[] | undefined {
  const { t } = useWords()
  return useWholeDirectory('organizational-units')
    ?.filter((unit) => unit.parentId !== null)
    .map((unit) => ({
      value: unit.id,
      label: unit.path.join(' / '),
      labelTag: t('policy.unitCount', { count: unit.accountCount }),
    }))
}

function UnitSelect(props: {
  selected: UnitOption | null
  options: UnitOption[] | undefined
  disabled: boolean
  onChange: (id: string | null) => void
}): ReactNode {
  const { t } = useWords()
  const options = props.options ?? []
  return (
    <Select
      selectedOption={props.selected}
      options={options}
      disabled={props.disabled}
      placeholder={t('policy.unitPick')}
      filteringType={options.length > 7 ? 'auto' : 'none'}
      filteringAriaLabel={t('do.search')}
      statusType={props.options ? 'finished' : 'loading'}
      loadingText={t('word.loading')}
      expandToViewport
      onChange={({ detail }) => props.onChange(detail.selectedOption.value ?? null)}
    />
  )
}

function ScopeSelect(props: {
  scope: UnitLine['scope']
  disabled: boolean
  onChange: (scope: UnitLine['scope']) => void
}): ReactNode {
  const { t } = useWords()
  const options = (['subtree', 'children'] as const).map((scope) => ({
    value: scope,
    label: t(scope === 'subtree' ? 'policy.scopeSubtree' : 'policy.scopeChildren'),
  }))
  return (
    <Select
      selectedOption={options.find((option) => option.value === props.scope) ?? null}
      options={options}
      disabled={props.disabled}
      expandToViewport
      onChange={({ detail }) =>
        props.onChange(detail.selectedOption.value === 'children' ? 'children' : 'subtree')
      }
    />
  )
}
