import Table, { type TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type Translate, useWords } from '../i18n.tsx'
import { type DirectoryKind, type DirectoryPages, directoryQuery } from '../queries.ts'
import { usePlace } from '../router.ts'
import { durationText } from '../time.ts'
import { parseListState } from '../url-state.ts'
import { LoadFailure } from './LoadFailure.tsx'
import { Pages } from './Pages.tsx'
import { SearchBox } from './SearchBox.tsx'

type ItemOf<Kind extends DirectoryKind> = DirectoryPages[Kind]['items'][number]
type Column<Kind extends DirectoryKind> = readonly [
  title: string,
  cell: (item: ItemOf<Kind>) => string | number,
]
type Columns = { readonly [Kind in DirectoryKind]: readonly Column<Kind>[] }

interface Reach {
  readonly offered: boolean
  readonly notOfferedWhy:
    | 'management_account'
    | 'account_not_active'
    | 'in_management_account'
    | null
}

function columnsIn(t: Translate): Columns {
  const reach = ({ offered, notOfferedWhy }: Reach) =>
    offered || notOfferedWhy === null
      ? t('word.yes')
      : t('policy.notOffered', { why: t(`policy.why.${notOfferedWhy}`) })
  return {
    users: [
      [t('dir.name'), (user) => user.displayName],
      [t('elig.user'), (user) => user.userName],
      [t('dir.email'), (user) => user.email ?? t('word.none')],
      [t('dir.enabled'), (user) => t(user.enabled ? 'word.yes' : 'dir.disabled')],
    ],
    groups: [
      [t('dir.name'), (group) => group.displayName],
      [t('dir.memberCount'), (group) => group.memberCount],
      [t('dir.id'), (group) => group.groupId],
    ],
    accounts: [
      [t('dir.name'), (account) => account.name],
      [t('dir.id'), (account) => account.accountId],
      [t('dir.path'), (account) => account.ouPath.join(' / ')],
      [t('dir.offered'), reach],
    ],
    'organizational-units': [
      [t('dir.name'), (unit) => unit.name],
      [t('dir.path'), (unit) => unit.path.join(' / ')],
      [t('dir.accountCount'), (unit) => unit.accountCount],
      [t('dir.id'), (unit) => unit.id],
    ],
    'permission-sets': [
      [t('dir.name'), (set) => set.name],
      [t('event.payload'), (set) => set.description],
      [t('dir.level'), (set) => t(`level.${set.level}`)],
      [
        t('dir.session'),
        (set) =>
          set.sessionMinutes === null ? t('word.unknown') : durationText(set.sessionMinutes, t),
      ],
      [t('dir.offered'), reach],
    ],
  }
}

export function DirectoryTable<Kind extends DirectoryKind>(props: {
  kind: Kind
  title: string
}): ReactNode {
  const { t } = useWords()
  const { state } = parseListState(usePlace().search)
  const query = useQuery(
    directoryQuery(props.kind, {
      ...(state.q ? { q: state.q } : {}),
      ...(state.cursor ? { cursor: state.cursor } : {}),
    }),
  )
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const columns = columnsIn(t)[props.kind].map(
    ([header, cell], index): TableProps.ColumnDefinition<ItemOf<Kind>> => ({
      id: header,
      header,
      cell,
      isRowHeader: index === 0,
    }),
  )
  // The page of a kind holds items of that kind; TypeScript can't see through the index.
  const items = (query.data?.items ?? []) as ItemOf<Kind>[]
  return (
    <Table
      variant="embedded"
      items={items}
      columnDefinitions={columns}
      loading={query.isLoading}
      loadingText={t('word.loading')}
      enableKeyboardNavigation
      wrapLines
      filter={<SearchBox value={state.q} placeholder={t('do.search')} />}
      pagination={<Pages page={state.page} next={query.data?.nextCursor ?? null} />}
      empty={t('dir.none')}
      ariaLabels={{ tableLabel: props.title }}
    />
  )
}
