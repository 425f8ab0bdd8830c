import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { type StringKey, type Translate, useWords } from '../i18n.tsx'
import { type DirectoryKind, type DirectoryPages, directoryQuery } from '../queries.ts'
import { usePlace } from '../router.ts'
import { durationText } from '../time.ts'
import { parseListState } from '../url-state.ts'
import { answered, NoRows, useListPage } from './list-page.tsx'
import { type Column as PartColumn, PartList } from './PartList.tsx'
import { SearchBox } from './SearchBox.tsx'

type ItemOf<Kind extends DirectoryKind> = DirectoryPages[Kind]['items'][number]
type Column<Kind extends DirectoryKind> = readonly [
  title: StringKey,
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
      ['dir.name', (user) => user.displayName],
      ['elig.user', (user) => user.userName],
      ['dir.email', (user) => user.email ?? t('word.none')],
      ['dir.enabled', (user) => t(user.enabled ? 'word.yes' : 'dir.disabled')],
    ],
    groups: [
      ['dir.name', (group) => group.displayName],
      ['dir.memberCount', (group) => group.memberCount],
      ['dir.id', (group) => group.groupId],
    ],
    accounts: [
      ['dir.name', (account) => account.name],
      ['dir.id', (account) => account.accountId],
      ['dir.path', (account) => account.ouPath.join(' / ')],
      ['dir.offered', reach],
    ],
    'organizational-units': [
      ['dir.name', (unit) => unit.name],
      ['dir.path', (unit) => unit.path.join(' / ')],
      ['dir.accountCount', (unit) => unit.accountCount],
      ['dir.id', (unit) => unit.id],
    ],
    'permission-sets': [
      ['dir.name', (set) => set.name],
      ['event.payload', (set) => set.description],
      ['dir.level', (set) => t(`level.${set.level}`)],
      [
        'dir.session',
        (set) =>
          set.sessionMinutes === null ? t('word.unknown') : durationText(set.sessionMinutes, t),
      ],
      ['dir.offered', reach],
    ],
  }
}

export function DirectoryTable<Kind extends DirectoryKind>(props: {
  kind: Kind
  title: string
}): ReactNode {
  const { t } = useWords()
  const { state } = parseListState(usePlace().search)
  const { pageSize, page, query: asked } = useListPage(`directory.${props.kind}`)
  const query = useQuery(
    directoryQuery(props.kind, { ...asked, ...(state.q ? { q: state.q } : {}) }),
  )
  const columns = columnsIn(t)[props.kind].map(
    ([title, cell]): PartColumn<ItemOf<Kind>> => ({ id: title, header: t(title), cell }),
  )
  const { items, ...rest } = answered<unknown>(query, <NoRows text={t('dir.none')} />)
  return (
    <PartList
      title={props.title}
      columns={columns}
      {...{ pageSize, page, ...rest }}
      // The page of a kind holds items of that kind; TypeScript can't see through the index.
      items={items as ItemOf<Kind>[]}
      filter={<SearchBox value={state.q} placeholder={t('do.search')} />}
    />
  )
}
