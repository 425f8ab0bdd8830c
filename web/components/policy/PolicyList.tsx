import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Cards from '@cloudscape-design/components/cards'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table, { type TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'
import { useNarrow } from '../../narrow.ts'
import { type PolicyKind, type PolicyOf, policiesQuery, useMe } from '../../queries.ts'
import { usePlace } from '../../router.ts'
import { parseListState } from '../../url-state.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { usePageTitle } from '../Page.tsx'
import { Pages } from '../Pages.tsx'

interface PolicyListProps<Kind extends PolicyKind> {
  readonly kind: Kind
  readonly title: string
  readonly lead: string
  readonly newPath: string
  readonly newText: string
  readonly empty: string
  readonly emptyText: string
  readonly columns: readonly TableProps.ColumnDefinition<PolicyOf[Kind]>[]
}

export function PolicyList<Kind extends PolicyKind>(props: PolicyListProps<Kind>): ReactNode {
  const { t } = useWords()
  const narrow = useNarrow()
  const mayWrite = useMe().roles.includes('admin')
  const { state } = parseListState(usePlace().search)
  usePageTitle(props.title)
  const list = useQuery(policiesQuery(props.kind, state.cursor ? { cursor: state.cursor } : {}))
  // The page of a kind holds policies of that kind; TypeScript can't see through the index.
  const items = (list.data?.items ?? []) as PolicyOf[Kind][]
  const create = (variant: 'primary' | 'normal') =>
    mayWrite ? (
      <Button variant={variant} href={props.newPath}>
        {props.newText}
      </Button>
    ) : null
  const nothing = list.error ? (
    <LoadFailure error={list.error} onRetry={() => void list.refetch()} />
  ) : (
    <Box textAlign="center" padding={{ vertical: 'l' }}>
      <SpaceBetween size="s">
        <b>{props.empty}</b>
        <Box variant="p">{props.emptyText}</Box>
        {create('normal')}
      </SpaceBetween>
    </Box>
  )
  const common = {
    variant: 'full-page' as const,
    trackBy: 'id',
    loading: list.isLoading,
    loadingText: t('word.loading'),
    empty: nothing,
    pagination: <Pages page={state.page} next={list.data?.nextCursor ?? null} />,
    header: (
      <Header variant="awsui-h1-sticky" description={props.lead} actions={create('primary')}>
        {props.title}
      </Header>
    ),
  }
  if (narrow) {
    const [first, ...rest] = props.columns
    return (
      <Cards
        {...common}
        items={items}
        ariaLabels={{ itemSelectionLabel: () => '', selectionGroupLabel: props.title }}
        cardDefinition={{
          header: (policy: PolicyOf[Kind]) => first?.cell(policy),
          sections: rest.map((column, index) => ({
            id: column.id ?? String(index),
            header: column.header,
            content: (policy: PolicyOf[Kind]) => column.cell(policy),
          })),
        }}
      />
    )
  }
  return (
    <Table
      {...common}
      items={items}
      columnDefinitions={props.columns}
      enableKeyboardNavigation
      stickyHeader
      wrapLines
      ariaLabels={{ tableLabel: props.title }}
    />
  )
}
