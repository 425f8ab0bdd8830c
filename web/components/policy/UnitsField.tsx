import Box from '@cloudscape-design/components/box'
import Checkbox from '@cloudscape-design/components/checkbox'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import TokenGroup from '@cloudscape-design/components/token-group'
import TreeView from '@cloudscape-design/components/tree-view'
import { type ReactNode, useId, useMemo, useState } from 'react'
import { useUnits } from '../../directory.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { type UnitNode, unitsAbove, unitsFound, unitTree } from '../../unit-tree.ts'
import { FieldLabel } from '../FieldLabel.tsx'
import { LoadFailure } from '../LoadFailure.tsx'

export interface UnitLine {
  readonly id: string
  readonly scope: 'children' | 'subtree'
}

interface UnitsFieldProps {
  readonly value: readonly UnitLine[]
  readonly onChange: (units: UnitLine[]) => void
  readonly disabled: boolean
}

/** As many are seen at a glance; more can be searched. */
const unsearchedMax = 7

/** The organization's units as a tree; each that is ticked says which accounts it brings, and how many. */
export function UnitsField(props: UnitsFieldProps): ReactNode {
  const { t } = useWords()
  const label = useId()
  const query = useUnits()
  const units = query.data
  const tree = useMemo(() => unitTree(units ?? []), [units])
  const [text, setText] = useState('')
  return (
    <SpaceBetween size="xs">
      <Box variant="awsui-key-label">
        <span id={label}>
          <FieldLabel text={t('policy.units')} optional />
        </span>
      </Box>
      <Chosen {...props} units={units ?? []} />
      {query.isError && <LoadFailure error={query.error} onRetry={() => void query.refetch()} />}
      {(units?.length ?? 0) > unsearchedMax && (
        <Input
          type="search"
          value={text}
          placeholder={t('policy.unitSearch')}
          ariaLabel={t('policy.unitSearch')}
          onChange={({ detail }) => setText(detail.value)}
        />
      )}
      {tree.length > 0 && <Tree {...props} tree={tree} text={text} labelledBy={label} />}
    </SpaceBetween>
  )
}

function withUnit(value: readonly UnitLine[], line: UnitLine): UnitLine[] {
  const isThere = value.some(({ id }) => id === line.id)
  return isThere ? value.map((one) => (one.id === line.id ? line : one)) : [...value, line]
}

const without = (value: readonly UnitLine[], id: string) => value.filter((one) => one.id !== id)

/** What is ticked, wherever it is in the tree; and what the directory knows no longer, by its id. */
function Chosen(
  props: UnitsFieldProps & { units: readonly { readonly id: string; readonly name: string }[] },
): ReactNode {
  const { t } = useWords()
  const { value, onChange, disabled } = props
  const names = useMemo(
    () => new Map(props.units.map((unit) => [unit.id, unit.name])),
    [props.units],
  )
  const nameOf = ({ id }: UnitLine) => names.get(id) ?? id
  if (value.length === 0) return null
  return (
    <TokenGroup
      items={value.map((line) => ({
        label: t(line.scope === 'children' ? 'policy.unitChildren' : 'policy.unitSubtree', {
          name: nameOf(line),
        }),
        dismissLabel: t('policy.unitRemoveOf', { name: nameOf(line) }),
        disabled,
      }))}
      limit={20}
      onDismiss={({ detail }) => {
        const line = value[detail.itemIndex]
        if (line) onChange(without(value, line.id))
      }}
    />
  )
}

function Tree(
  props: UnitsFieldProps & {
    tree: readonly UnitNode[]
    text: string
    labelledBy: string
  },
): ReactNode {
  const { t } = useWords()
  const { value, onChange, disabled, tree, text } = props
  const [opened, setOpened] = useState<readonly string[]>(() => {
    const chosen = new Set(value.map(({ id }) => id))
    return unitsAbove(tree, ({ id }) => chosen.has(id))
  })
  const [closed, setClosed] = useState<readonly string[]>([])
  const found = unitsFound(tree, text)
  // What is searched for is shown with the way to it, unless that was closed by hand.
  const wayToFound = text.trim() === '' ? [] : unitsAbove(found, () => true)
  const expanded = [...opened, ...wayToFound].filter((id) => !closed.includes(id))
  const toggle = (id: string, on: boolean) => {
    setOpened((before) => (on ? [...before, id] : before.filter((one) => one !== id)))
    setClosed((before) => (on ? before.filter((one) => one !== id) : [...before, id]))
  }
  if (found.length === 0) return <Box color="text-body-secondary">{t('word.noMatch')}</Box>
  return (
    <div className="unit-tree">
      <TreeView
        items={found}
        ariaLabelledby={props.labelledBy}
        connectorLines="vertical"
        getItemId={({ id }) => id}
        getItemChildren={({ children }) => children}
        expandedItems={expanded}
        onItemToggle={({ detail }) => toggle(detail.id, detail.expanded)}
        renderItem={(unit) => {
          const line = value.find(({ id }) => id === unit.id)
          return {
            announcementLabel: unit.name,
            content: (
              <Checkbox
                checked={line !== undefined}
                disabled={disabled}
                onChange={({ detail }) =>
                  onChange(
                    detail.checked
                      ? withUnit(value, { id: unit.id, scope: 'subtree' })
                      : without(value, unit.id),
                  )
                }
              >
                {unit.name}
              </Checkbox>
            ),
            secondaryContent: line ? (
              <Scope
                unit={unit}
                line={line}
                disabled={disabled}
                onChange={(scope) => onChange(withUnit(value, { id: unit.id, scope }))}
              />
            ) : (
              countsIn(unit, t)
            ),
          }
        }}
      />
    </div>
  )
}

/** `12 accounts below, 3 of them directly in it` */
function countsIn(unit: UnitNode, t: Translate): string {
  const { accountsBelow: count, accountsDirect: direct, children } = unit
  return children.length === 0
    ? t('policy.unitCount', { count })
    : t('policy.unitCounts', { count, direct })
}

function Scope(props: {
  unit: UnitNode
  line: UnitLine
  disabled: boolean
  onChange: (scope: UnitLine['scope']) => void
}): ReactNode {
  const { t } = useWords()
  const { unit, line } = props
  const isSubtree = line.scope === 'subtree'
  const count = isSubtree ? unit.accountsBelow : unit.accountsDirect
  return (
    <Checkbox
      checked={isSubtree}
      disabled={props.disabled}
      ariaLabel={t('policy.scopeOf', { name: unit.name })}
      onChange={({ detail }) => props.onChange(detail.checked ? 'subtree' : 'children')}
      description={t(isSubtree ? 'policy.scopeSubtree' : 'policy.scopeChildren', { count })}
    >
      {t('policy.scope')}
    </Checkbox>
  )
}
