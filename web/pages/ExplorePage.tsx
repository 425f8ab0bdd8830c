import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { AccessPage } from '#contract/access.ts'
import { type PageSize, usePageSize } from '../components/columns.tsx'
import { ExportButtons } from '../components/ExportButtons.tsx'
import { useColumns } from '../components/explore/columns.tsx'
import { ExplainModal } from '../components/explore/ExplainModal.tsx'
import { LookStatus } from '../components/explore/LookStatus.tsx'
import { type Named, SubjectPicker } from '../components/explore/SubjectPicker.tsx'
import { type ExploreState, exploreTabs, parseExploreState } from '../components/explore/state.ts'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { PartList } from '../components/PartList.tsx'
import { SearchBox } from '../components/SearchBox.tsx'
import { useWords } from '../i18n.tsx'
import { accessQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { firstPage } from '../url-state.ts'

export function ExplorePage(): ReactNode {
  const { t } = useWords()
  const state = parseExploreState(usePlace().search)
  const subject = subjectOf(state)
  const pageSize = usePageSize('explore')
  const { cursor } = state
  const query = useQuery({
    ...accessQuery({ ...rowsOf(state), cursor, limit: pageSize.rows }),
    enabled: subject !== null,
  })
  const page = subject === null ? undefined : query.data
  const account = named(state.account, page?.subject.account?.name)
  const person = named(state.user, page?.subject.person?.displayName)
  const choose = (changes: { account?: string; user?: string }) =>
    setSearch({ account: null, user: null, q: null, explain: null, ...firstPage, ...changes })
  return (
    <Page
      title={t('explore.title')}
      lead={t('explore.lead')}
      actions={
        <Button onClick={() => setSearch({ explain: 'choose' })}>{t('explore.explain')}</Button>
      }
    >
      <SpaceBetween size="l">
        <Container>
          <SpaceBetween size="m">
            <SubjectPicker
              account={account}
              person={person}
              onAccount={(id) => choose({ account: id })}
              onPerson={(id) => choose({ user: id })}
            />
            {subject && <LookStatus page={page} subject={subject} />}
          </SpaceBetween>
        </Container>
        {subject === null ? (
          <Box textAlign="center" padding="xl">
            <b>{t('explore.choose')}</b>
            <Box variant="p">{t('explore.chooseText')}</Box>
          </Box>
        ) : query.isError ? (
          <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Answers state={state} page={page} pageSize={pageSize} loading={query.isLoading} />
        )}
      </SpaceBetween>
      {(state.explain || state.asking) && (
        <ExplainModal explain={state.explain} account={account} person={person} />
      )}
    </Page>
  )
}

function named(id: string | null, name: string | undefined): Named | null {
  return id === null ? null : { id, name: name ?? id }
}

function subjectOf({ account, user }: ExploreState) {
  if (account !== null) return { accountId: account }
  return user === null ? null : { userId: user }
}

function rowsOf(state: ExploreState) {
  return { ...subjectOf(state), kind: state.tab, q: state.q }
}

interface AnswersProps {
  readonly state: ExploreState
  readonly page: AccessPage | undefined
  readonly pageSize: PageSize
  readonly loading: boolean
}

function Answers(props: AnswersProps): ReactNode {
  const { t } = useWords()
  const { state, page } = props
  const notOffered = page?.subject.account?.notOfferedWhy
  return (
    <SpaceBetween size="m">
      {notOffered && (
        <Alert type="info">{t('policy.notOffered', { why: t(`policy.why.${notOffered}`) })}</Alert>
      )}
      <Tabs
        activeTabId={state.tab}
        ariaLabel={t('explore.title')}
        onChange={({ detail }) => setSearch({ tab: detail.activeTabId, ...firstPage })}
        tabs={exploreTabs.map((id) => ({
          id,
          label: t(`explore.tab.${id}`),
          content: state.tab === id && <Rows key={`${id} ${byOf(state)}`} {...props} />,
        }))}
      />
    </SpaceBetween>
  )
}

/** Of which the rows show the other side. */
function byOf({ account }: ExploreState): 'account' | 'user' {
  return account === null ? 'user' : 'account'
}

function Rows(props: AnswersProps): ReactNode {
  const { t } = useWords()
  const { state, page, pageSize } = props
  const by = byOf(state)
  const items = (page?.items ?? []).filter((row) => row.kind === state.tab)
  return (
    <PartList
      title={t(`explore.tab.${state.tab}`)}
      heading={{
        variant: 'h2',
        description: t(`explore.tabText.${state.tab}`),
        actions: <ExportButtons from="/access/export" query={rowsOf(state)} />,
      }}
      columns={useColumns(state.tab, by)}
      columnsOf={`explore.${state.tab}.${by}`}
      items={items}
      pageSize={pageSize}
      page={state.page}
      next={page?.nextCursor ?? null}
      loading={props.loading}
      filter={
        <SearchBox
          value={state.q}
          placeholder={t(by === 'account' ? 'explore.searchPeople' : 'explore.searchAccounts')}
        />
      }
      nothing={<Empty state={state} page={page} />}
    />
  )
}

function Empty({ state, page }: { state: ExploreState; page: AccessPage | undefined }): ReactNode {
  const { t } = useWords()
  if (state.q !== '') {
    return (
      <SpaceBetween size="s">
        <b>{t('word.noMatch')}</b>
        <Button onClick={() => setSearch({ q: null, ...firstPage })}>{t('do.clearFilters')}</Button>
      </SpaceBetween>
    )
  }
  const unread = state.tab === 'now' && page?.readAt === null
  return (
    <Box textAlign="center" padding="m">
      <b>{t(unread ? 'explore.unread' : `explore.empty.${state.tab}`)}</b>
      {unread && <Box variant="p">{t('explore.unreadText')}</Box>}
    </Box>
  )
}
