/**
 * Which columns a table shows, and how many rows on a page: chosen by the person, remembered by the
 * browser, by the list's name.
 */
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Modal from '@cloudscape-design/components/modal'
import RadioGroup from '@cloudscape-design/components/radio-group'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import { type ReactNode, useState } from 'react'
import { useWords } from '../i18n.tsx'
import { setSearch } from '../router.ts'
import { recall, remember } from '../theme.ts'
import { firstPage } from '../url-state.ts'

type Column = Pick<TableProps.ColumnDefinition<never>, 'id' | 'header' | 'isRowHeader'>

interface Chosen {
  readonly columnDisplay: readonly TableProps.ColumnDisplayProperties[]
  /** The button that opens the choice, for the table's corner. */
  readonly preferences: ReactNode
}

/** What a row is about, and what can be done with it, always shows. */
const isFixed = ({ id, isRowHeader }: Column) => isRowHeader === true || id === 'actions'

const pageSizes = [20, 50, 100] as const

export interface PageSize {
  readonly list: string
  readonly rows: number
  readonly choose: (rows: number) => void
}

export function usePageSize(list: string, usual: (typeof pageSizes)[number] = 50): PageSize {
  const key = `team.rows.${list}`
  const [chosen, setChosen] = useState(() => Number(recall(key)))
  return {
    list,
    rows: pageSizes.find((size) => size === chosen) ?? usual,
    choose(rows) {
      remember(key, String(rows))
      setChosen(rows)
      // The cursor counts on from the other size.
      setSearch(firstPage)
    },
  }
}

interface Choice {
  readonly pageSize?: PageSize
  /** The names of columns that show when somebody chooses them. */
  readonly optional?: readonly string[] | undefined
}

export function useChosenColumns(
  list: string,
  columns: readonly Column[],
  { pageSize, optional = [] }: Choice = {},
): Chosen {
  const key = `team.columns.${list}`
  const [hidden, setHidden] = useState(() => recall(key)?.split(',').filter(Boolean) ?? optional)
  const change = (id: string, isShown: boolean) => {
    const next = hidden.filter((one) => one !== id).concat(isShown ? [] : [id])
    remember(key, next.join(','))
    setHidden(next)
  }
  const isShown = (column: Column) => isFixed(column) || !hidden.includes(column.id ?? '')
  return {
    columnDisplay: columns.map((one) => ({ id: one.id ?? '', visible: isShown(one) })),
    preferences: (
      <Chooser
        columns={columns}
        isShown={isShown}
        onChange={change}
        {...(pageSize ? { pageSize } : {})}
      />
    ),
  }
}

function Chooser(props: {
  columns: readonly Column[]
  isShown: (column: Column) => boolean
  onChange: (id: string, isShown: boolean) => void
  pageSize?: PageSize
}): ReactNode {
  const { t } = useWords()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <Button
        variant="icon"
        iconName="settings"
        ariaLabel={t('columns.choose')}
        onClick={() => setOpen(true)}
      />
      {open && (
        <Modal
          visible
          size="small"
          header={t('columns.choose')}
          closeAriaLabel={t('do.close')}
          onDismiss={close}
          footer={<Button onClick={close}>{t('do.close')}</Button>}
        >
          <SpaceBetween size="l">
            <ColumnChoice {...props} />
            {props.pageSize && <RowChoice {...props.pageSize} />}
          </SpaceBetween>
        </Modal>
      )}
    </>
  )
}

function ColumnChoice(props: {
  columns: readonly Column[]
  isShown: (column: Column) => boolean
  onChange: (id: string, isShown: boolean) => void
}): ReactNode {
  const { t } = useWords()
  return (
    <FormField label={t('columns.shown')}>
      <SpaceBetween size="xs">
        {props.columns.map((column) => (
          <Checkbox
            key={column.id}
            checked={props.isShown(column)}
            disabled={isFixed(column)}
            onChange={({ detail }) => props.onChange(column.id ?? '', detail.checked)}
          >
            {column.header}
          </Checkbox>
        ))}
      </SpaceBetween>
    </FormField>
  )
}

function RowChoice({ rows, choose }: PageSize): ReactNode {
  const { t } = useWords()
  return (
    <FormField label={t('columns.rows')}>
      <RadioGroup
        value={String(rows)}
        items={pageSizes.map((size) => ({ value: String(size), label: String(size) }))}
        onChange={({ detail }) => choose(Number(detail.value))}
      />
    </FormField>
  )
}
