/** A full-page list of requests: filters and page in the URL, a table, or cards on a narrow screen. */
import Button from '@cloudscape-design/components/button'
import type { CardsProps } from '@cloudscape-design/components/cards'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { TableProps } from '@cloudscape-design/components/table'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect } from 'react'
import type { Request, RequestStatus } from '#contract/request.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { useNarrow } from '../narrow.ts'
import { useNewRows } from '../new-rows.ts'
import { type RequestListQuery, requestsQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { chosenScope } from '../scopes.ts'
import { daysAsInstants } from '../time.ts'
import {
  firstPage,
  isFiltered,
  type ListState,
  type ParsedListState,
  parseListState,
  type Scope,
} from '../url-state.ts'
import { type PageSize, usePageSize } from './columns.tsx'
import { Hints } from './decide/Hints.tsx'
import { counterOf, FullList } from './FullList.tsx'
import { answered, NoRows } from './list-page.tsx'
import { NewRows } from './NewRows.tsx'
import { usePageTitle } from './Page.tsx'
import { RequestActions } from './RequestActions.tsx'
import { RequestFilters } from './RequestFilters.tsx'
import { RequestBadges, RequestStatus as Status } from './RequestStatus.tsx'
import { type ColumnName, useRequestColumns } from './request-columns.tsx'
import { TargetCell } from './Target.tsx'
import { NextTime } from './Times.tsx'

export interface RequestListProps {
  readonly title: string
  readonly view: RequestListQuery['view']
  readonly sort?: NonNullable<RequestListQuery['sort']>
  readonly columns: readonly ColumnName[]
  /** Those of them that show when somebody chooses them. */
  readonly optional?: readonly ColumnName[]
  /** Rows of a page, where they cost more than others' do. */
  readonly limit?: 20 | 50 | 100
  readonly statuses?: readonly RequestStatus[]
  readonly scopes?: readonly Scope[]
  readonly empty: string
  readonly emptyAction?: ReactNode
  /** Where there is room, in place of the plain table. */
  readonly table?: (rows: RowsProps) => ReactNode
  readonly headerActions?: ReactNode | ((query: RequestListQuery) => ReactNode)
  /** Filters of the API beyond those that every list has, as they stand in the URL. */
  readonly more?: Readonly<Record<string, string>>
  /** In place of the filters that every list has. */
  readonly filters?: (state: ListState) => ReactNode
  /** Between the heading and the filters, such as tabs. */
  readonly above?: ReactNode
}

export function RequestList(props: RequestListProps): ReactNode {
  const { t, timeZone } = useWords()
  const parsed = parseListState(usePlace().search)
  useDroppedNote(parsed)
  usePageTitle(props.title)
  const { state } = parsed
  const pageSize = usePageSize(props.view, props.limit)
  const query = queryOf(props, { state, timeZone, limit: pageSize.rows })
  const list = useQuery(requestsQuery(query))
  const { shown, waiting, showAll } = useNewRows(list.data?.items ?? [], {
    idOf: ({ id }) => id,
    page: JSON.stringify(query),
    isOtherPage: list.data === undefined || list.isPlaceholderData,
  })
  const more = Boolean(list.data?.nextCursor)
  const header = (
    <Header
      variant="awsui-h1-sticky"
      counter={counterOf(list.data && { count: list.data.items.length, more }, {
        page: state.page,
        t,
      })}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          <NewRows count={waiting.length} onShow={showAll} />
          <Button
            iconName="refresh"
            ariaLabel={t('do.refresh')}
            loading={list.isFetching && !list.isLoading}
            onClick={() => {
              showAll()
              void list.refetch()
            }}
          />
          {typeof props.headerActions === 'function'
            ? props.headerActions(query)
            : props.headerActions}
        </SpaceBetween>
      }
    >
      {props.title}
    </Header>
  )
  const filter = (
    <SpaceBetween size="xs">
      {props.above}
      {props.filters?.(state) ?? (
        <RequestFilters state={state} statuses={props.statuses ?? []} scopes={props.scopes ?? []} />
      )}
    </SpaceBetween>
  )
  return (
    <Rows
      {...props}
      {...answered(list, <Nothing {...props} state={state} />)}
      items={shown}
      pageSize={pageSize}
      header={header}
      filter={filter}
      page={state.page}
    />
  )
}

interface Shown {
  readonly state: ListState
  readonly timeZone: string
  readonly limit: number
}

function queryOf(props: RequestListProps, { state, timeZone, limit }: Shown): RequestListQuery {
  const scope = chosenScope(props.scopes ?? [], state.scope)
  const allowed = state.status.filter((status) => props.statuses?.includes(status))
  return {
    view: props.view,
    ...(props.sort ? { sort: props.sort } : {}),
    limit,
    ...(allowed.length > 0 ? { status: allowed.join(',') } : {}),
    ...(state.q ? { q: state.q } : {}),
    ...(scope ? { scope } : {}),
    ...daysAsInstants(state, timeZone),
    ...props.more,
    ...(state.cursor ? { cursor: state.cursor } : {}),
  }
}

function useDroppedNote(parsed: ParsedListState): void {
  const { t } = useWords()
  const dropped = parsed.dropped.join(',')
  const status = parsed.state.status.join(',')
  useEffect(() => {
    if (dropped === '') return
    flash({ type: 'info', text: t('flash.dropped') })
    const changes = Object.fromEntries(dropped.split(',').map((name) => [name, null]))
    // Of several states, the ones that make sense stay.
    setSearch({ ...changes, status }, { replace: true })
  }, [dropped, status, t])
}

function Nothing(props: RequestListProps & { state: ListState }): ReactNode {
  const { t } = useWords()
  const more = Object.keys(props.more ?? {})
  const filtered = isFiltered(props.state) || props.state.cursor !== null || more.length > 0
  const none = Object.fromEntries(more.map((name) => [name, null]))
  const clear = () =>
    setSearch({ ...none, q: null, status: null, from: null, to: null, ...firstPage })
  return (
    <NoRows text={filtered ? t('list.noMatchText') : props.empty}>
      {filtered ? <Button onClick={clear}>{t('do.clearFilters')}</Button> : props.emptyAction}
    </NoRows>
  )
}

export interface RowsProps extends RequestListProps {
  readonly items: readonly Request[]
  readonly pageSize: PageSize
  readonly loading: boolean
  readonly header: ReactNode
  readonly filter: ReactNode
  readonly page: number
  readonly next: string | null
  readonly nothing: ReactNode
}

function Rows(props: RowsProps): ReactNode {
  const narrow = useNarrow()
  const columns = useRequestColumns(props.columns)
  if (props.table && !narrow) return props.table(props)
  return (
    <FullList
      title={props.title}
      columns={columns}
      optional={props.optional}
      items={props.items}
      idOf={({ id }) => id}
      pageSize={props.pageSize}
      page={props.page}
      next={props.next}
      loading={props.loading}
      header={props.header}
      filter={props.filter}
      nothing={props.nothing}
      card={cardOf(props.view, columns)}
    />
  )
}

function cardOf(
  view: RequestListQuery['view'],
  columns: readonly TableProps.ColumnDefinition<Request>[],
): CardsProps.CardDefinition<Request> {
  const actions = columns.find(({ id }) => id === 'actions')?.cell
  // Nobody decides on what they have not read.
  const decides = view === 'to-approve' || view === 'review'
  return {
    header: (request) => <TargetCell request={request} />,
    sections: [
      {
        id: 'lines',
        // One section: of several, those that have nothing to say would leave their room empty.
        content: (request) => (
          <div className="card-lines">
            <div>
              <Status request={request} />
              <RequestBadges request={request} />
            </div>
            <div>{request.requester.displayName}</div>
            <div>
              <NextTime request={request} />
            </div>
            {decides && <div className="free-text">{request.justification}</div>}
            {decides && request.hints && (
              <div>
                <Hints request={request} />
              </div>
            )}
            <div>
              {actions ? actions(request) : <RequestActions request={request} place="row" />}
            </div>
          </div>
        ),
      },
    ],
  }
}
