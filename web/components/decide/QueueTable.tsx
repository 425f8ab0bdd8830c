import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import { type ReactNode, useState } from 'react'
import type { Request } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'
import { submissionPath } from '../../paths.ts'
import { useMe } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { askFor } from '../action-dialog-store.ts'
import { useChosenColumns } from '../columns.tsx'
import { Pages } from '../Pages.tsx'
import { RequestActions } from '../RequestActions.tsx'
import type { RowsProps } from '../RequestList.tsx'
import { type ColumnName, Justification, useRequestColumns } from '../request-columns.tsx'
import { targetName } from '../Target.tsx'
import { NextTime } from '../Times.tsx'
import { BulkDialog } from './BulkDialog.tsx'
import { grouped, mayDecide, type Verb } from './decide-together.ts'
import { RowKeys, RowMark } from './row-keys.tsx'

/** A request, or the row that those of one submission are folded into. */
interface QueueRow {
  readonly id: string
  readonly requests: readonly Request[]
  readonly isGroup: boolean
}

const oneRow = (request: Request): QueueRow => ({
  id: request.id,
  requests: [request],
  isGroup: false,
})

interface Deciding {
  readonly verb: Verb
  readonly requests: readonly Request[]
}

/** The queue of whoever decides: submissions unfold, several are decided at once, a row is looked at. */
export function QueueTable(props: RowsProps): ReactNode {
  const { t } = useWords()
  // Unfolded at first: nobody decides on what they have not seen.
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set())
  const [selected, setSelected] = useState<readonly string[]>([])
  const [deciding, setDeciding] = useState<Deciding | null>(null)
  const opened = usePlace().search.get('open')
  const rows = grouped(props.items).map((requests): QueueRow => {
    const [first] = requests
    if (requests.length === 1 && first) return oneRow(first)
    return { id: `submission ${first?.submissionId ?? ''}`, requests, isGroup: true }
  })
  const chosen = props.items.filter(({ id }) => selected.includes(id))
  const columns = useQueueColumns(props.columns, setDeciding)
  const chosenColumns = useChosenColumns(props.view, columns, props)
  const shown = rows.flatMap((row) =>
    row.isGroup && !folded.has(row.id) ? [row, ...row.requests.map(oneRow)] : [row],
  )
  const onVerb = (id: string, verb: Verb) => {
    const row = shown.find((one) => one.id === id)
    const [first] = row?.requests ?? []
    if (!row || !first) return
    if (row.isGroup) setDeciding({ verb, requests: row.requests })
    else if (mayDecide(first, verb)) askFor({ request: first, action: verb })
  }
  const look = (id: string) => {
    if (shown.some((row) => row.id === id && !row.isGroup))
      setSearch({ open: id }, { replace: true })
  }
  const fold = (id: string, on: boolean) =>
    setFolded((before) => new Set([...before].filter((one) => one !== id).concat(on ? id : [])))
  const isRow = (row: QueueRow) => !row.isGroup && selected.includes(row.id)
  const selectedRows = props.items.map(oneRow).filter(isRow)
  return (
    <>
      <RowKeys ids={shown.map(({ id }) => id)} onVerb={onVerb} onLook={look}>
        <Table
          variant="full-page"
          items={rows}
          trackBy="id"
          columnDefinitions={columns}
          {...chosenColumns}
          expandableRows={{
            getItemChildren: ({ isGroup, requests }) => (isGroup ? requests.map(oneRow) : []),
            isItemExpandable: ({ isGroup }) => isGroup,
            expandedItems: rows.filter(({ id, isGroup }) => isGroup && !folded.has(id)),
            onExpandableItemToggle: ({ detail }) => fold(detail.item.id, !detail.expanded),
          }}
          selectionType="multi"
          selectedItems={selectedRows}
          isItemDisabled={({ isGroup, requests }) =>
            isGroup ||
            !requests.every((one) => mayDecide(one, 'approve') || mayDecide(one, 'reject'))
          }
          onSelectionChange={({ detail }) => setSelected(detail.selectedItems.map(({ id }) => id))}
          onRowClick={({ detail }) => {
            if (!detail.item.isGroup) setSearch({ open: detail.item.id }, { replace: true })
          }}
          loading={props.loading}
          loadingText={t('word.loading')}
          header={props.header}
          filter={
            <SpaceBetween size="xs">
              {props.filter}
              <SelectedActions chosen={chosen} onDecide={setDeciding} />
            </SpaceBetween>
          }
          pagination={<Pages page={props.page} next={props.next} />}
          empty={props.nothing}
          enableKeyboardNavigation
          stickyHeader
          stickyColumns={{ last: 1 }}
          wrapLines
          ariaLabels={{
            tableLabel: props.title,
            selectionGroupLabel: t('queue.select'),
            allItemsSelectionLabel: () => t('queue.selectAll'),
            itemSelectionLabel: (_, row) => t('queue.selectOne', { target: nameOf(row, t) }),
            expandButtonLabel: (row) => t('queue.unfold', { target: nameOf(row, t) }),
            collapseButtonLabel: (row) => t('queue.fold', { target: nameOf(row, t) }),
          }}
          {...(opened === null ? {} : { contentDensity: 'comfortable' as const })}
        />
      </RowKeys>
      {deciding && (
        <BulkDialog
          requests={deciding.requests}
          verb={deciding.verb}
          onClose={() => {
            setDeciding(null)
            setSelected([])
          }}
        />
      )}
    </>
  )
}

function nameOf(row: QueueRow, t: ReturnType<typeof useWords>['t']): string {
  const [first] = row.requests
  if (!first) return ''
  const name = first.requester.displayName
  if (row.isGroup) return t('submission.title', { n: row.requests.length, name })
  return `${targetName(first, t)}, ${name}`
}

function SelectedActions(props: {
  chosen: readonly Request[]
  onDecide: (deciding: Deciding) => void
}): ReactNode {
  const { t } = useWords()
  const { chosen } = props
  const n = chosen.length
  const { shortcuts } = useMe().preferences
  return (
    <SpaceBetween direction="horizontal" size="xs" alignItems="center">
      {(['approve', 'reject'] as const).map((verb) => (
        <Button
          key={verb}
          disabled={n === 0}
          disabledReason={t('queue.selectFirst')}
          onClick={() => props.onDecide({ verb, requests: chosen })}
        >
          {n === 0
            ? t(`act.${verb}`)
            : t(verb === 'approve' ? 'bulk.approve' : 'bulk.reject', { n })}
        </Button>
      ))}
      {shortcuts && (
        <Box variant="small" color="text-body-secondary">
          {t('queue.keys')}
        </Box>
      )}
    </SpaceBetween>
  )
}

function useQueueColumns(
  names: readonly ColumnName[],
  onDecide: (deciding: Deciding) => void,
): TableProps.ColumnDefinition<QueueRow>[] {
  const { t } = useWords()
  const columns = useRequestColumns(names)
  return columns.map((column) => ({
    ...(column.id === undefined ? {} : { id: column.id }),
    header: column.header,
    isRowHeader: column.isRowHeader ?? false,
    minWidth: column.minWidth ?? 0,
    cell: (row: QueueRow): ReactNode => {
      const [first] = row.requests
      if (!first) return null
      const name = first.requester.displayName
      if (!row.isGroup) {
        if (column.id === 'target') return <RowMark id={row.id}>{column.cell(first)}</RowMark>
        if (column.id === 'actions') return <RowActions request={first} />
        return column.cell(first)
      }
      switch (column.id) {
        case 'target':
          return (
            <RowMark id={row.id}>
              <Link href={submissionPath(first.submissionId)}>
                {t('submission.targets', { n: row.requests.length })}
              </Link>
            </RowMark>
          )
        case 'actions':
          return (
            <SpaceBetween direction="horizontal" size="s">
              {(['approve', 'reject'] as const).map((verb) => (
                <Button
                  key={verb}
                  variant="inline-link"
                  ariaLabel={t(
                    verb === 'approve' ? 'submission.approveOf' : 'submission.rejectOf',
                    {
                      n: row.requests.length,
                      name,
                    },
                  )}
                  onClick={() => onDecide({ verb, requests: row.requests })}
                >
                  {t(verb === 'approve' ? 'submission.approve' : 'submission.reject', {
                    n: row.requests.length,
                  })}
                </Button>
              ))}
            </SpaceBetween>
          )
        case 'why':
          return <Justification request={first} />
        case 'waiting':
          return <NextTime request={first} />
        default:
          return column.cell(first)
      }
    },
  }))
}

function RowActions(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const { request } = props
  return (
    <SpaceBetween direction="horizontal" size="s">
      <RequestActions request={request} place="row" only={['approve', 'reject']} />
      <Button
        variant="inline-link"
        ariaLabel={t('queue.lookAt', { target: targetName(request, t) })}
        onClick={() => setSearch({ open: request.id }, { replace: true })}
      >
        {t('queue.look')}
      </Button>
    </SpaceBetween>
  )
}
