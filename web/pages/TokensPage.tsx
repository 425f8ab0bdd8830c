import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Header from '@cloudscape-design/components/header'
import SegmentedControl from '@cloudscape-design/components/segmented-control'
import type { TableProps } from '@cloudscape-design/components/table'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Token } from '#contract/token.ts'
import { call, failureOf } from '../api.ts'
import { FullList } from '../components/FullList.tsx'
import { Indicator } from '../components/Indicator.tsx'
import { answered, NoRows, useListPage } from '../components/list-page.tsx'
import { NotDone } from '../components/NotDone.tsx'
import { usePageTitle } from '../components/Page.tsx'
import { QuestionModal } from '../components/QuestionModal.tsx'
import { When } from '../components/Times.tsx'
import { CreateTokenDialog } from '../components/token/CreateTokenDialog.tsx'
import { SecretDialog } from '../components/token/SecretDialog.tsx'
import { flash } from '../flash.ts'
import { type Translate, useWords } from '../i18n.tsx'
import { queryClient, type TokenView, tokensQuery, useMe } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { firstPage } from '../url-state.ts'

type Open =
  | { readonly kind: 'create' }
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'revoke'; readonly token: Token }

const views = ['mine', 'service', 'all'] as const

export function TokensPage(): ReactNode {
  const { t } = useWords()
  const { roles } = useMe()
  const { search } = usePlace()
  const [open, setOpen] = useState<Open | null>(null)
  usePageTitle(t('tokens.title'))
  const mayRevokeAll = roles.includes('admin')
  const seesAll = mayRevokeAll || roles.includes('auditor')
  const asked = views.find((view) => view === search.get('view')) ?? 'mine'
  const view = seesAll ? asked : 'mine'
  const columns = columnsFor(t, {
    owner: view !== 'mine',
    mayRevoke: (token) => mayRevokeAll || (token.mine && token.kind === 'person'),
    onRevoke: (token) => setOpen({ kind: 'revoke', token }),
  })
  const close = () => setOpen(null)
  return (
    <>
      <TokenList
        view={view}
        seesAll={seesAll}
        columns={columns}
        onCreate={() => setOpen({ kind: 'create' })}
      />
      {open?.kind === 'create' && (
        <CreateTokenDialog
          onClose={close}
          onCreated={(secret) => setOpen({ kind: 'secret', secret })}
        />
      )}
      {open?.kind === 'secret' && <SecretDialog secret={open.secret} onStored={close} />}
      {open?.kind === 'revoke' && <RevokeDialog token={open.token} onClose={close} />}
    </>
  )
}

type Column = TableProps.ColumnDefinition<Token>

interface ListProps {
  readonly view: TokenView
  readonly seesAll: boolean
  readonly columns: readonly Column[]
  readonly onCreate: () => void
}

function TokenList({ view, seesAll, columns, onCreate }: ListProps): ReactNode {
  const { t } = useWords()
  const { pageSize, page, query } = useListPage('tokens')
  const list = useQuery(tokensQuery({ view, ...query }))
  const create = (variant: 'primary' | 'normal') => (
    <Button variant={variant} onClick={onCreate}>
      {t('tokens.new')}
    </Button>
  )
  return (
    <FullList
      title={t('tokens.title')}
      columns={columns}
      idOf={({ id }) => id}
      pageSize={pageSize}
      page={page}
      {...answered(
        list,
        <NoRows text={t('tokens.empty')}>
          <Box variant="p">{t('tokens.emptyText')}</Box>
          {create('normal')}
        </NoRows>,
      )}
      filter={
        seesAll && (
          <SegmentedControl
            label={t('tokens.view')}
            selectedId={view}
            options={views.map((id) => ({ id, text: t(`tokens.view.${id}`) }))}
            onChange={({ detail }) => setSearch({ view: detail.selectedId, ...firstPage })}
          />
        )
      }
      header={
        <Header
          variant="awsui-h1-sticky"
          description={t('tokens.lead')}
          actions={create('primary')}
        >
          {t('tokens.title')}
        </Header>
      }
    />
  )
}

interface ColumnsProps {
  readonly owner: boolean
  readonly mayRevoke: (token: Token) => boolean
  readonly onRevoke: (token: Token) => void
}

function columnsFor(t: Translate, { owner, mayRevoke, onRevoke }: ColumnsProps): Column[] {
  const small = (text: string) => (
    <Box variant="small" display="block" color="text-body-secondary">
      {text}
    </Box>
  )
  return [
    {
      id: 'name',
      header: t('tokens.name'),
      minWidth: 160,
      isRowHeader: true,
      cell: (token) => (
        <>
          {token.name}
          {small(`team_${token.id}_…`)}
        </>
      ),
    },
    ...(owner
      ? [
          {
            id: 'owner',
            header: t('tokens.owner'),
            cell: (token: Token) => (
              <>
                {token.owner.userName}
                {small(t(`tokens.kind.${token.kind}`))}
              </>
            ),
          },
        ]
      : []),
    { id: 'scopes', header: t('tokens.scopes'), cell: (token) => token.scopes.join(', ') },
    {
      id: 'addresses',
      header: t('tokens.addresses'),
      cell: (token) => token.addresses.join(', ') || t('tokens.anywhere'),
    },
    {
      id: 'lastUsed',
      header: t('tokens.lastUsed'),
      cell: ({ lastUsedAt, lastUsedAddress }) =>
        lastUsedAt === null ? (
          t('tokens.never')
        ) : (
          <>
            <When at={lastUsedAt} />
            {small(t('tokens.from', { address: lastUsedAddress ?? '' }))}
          </>
        ),
    },
    {
      id: 'expires',
      header: t('tokens.expires'),
      cell: (token) =>
        token.expired ? (
          <Indicator type="stopped">{t('tokens.expired')}</Indicator>
        ) : (
          <When at={token.expiresAt} />
        ),
    },
    {
      id: 'actions',
      header: t('tokens.actions'),
      cell: (token) =>
        mayRevoke(token) ? (
          <Button
            variant="inline-link"
            ariaLabel={t('tokens.revokeOne', { name: token.name })}
            onClick={() => onRevoke(token)}
          >
            {t('tokens.revoke')}
          </Button>
        ) : null,
    },
  ]
}

function RevokeDialog(props: { token: Token; onClose: () => void }): ReactNode {
  const { t } = useWords()
  const { token, onClose } = props
  const { name } = token
  const revoke = useMutation({
    mutationFn: () =>
      call('DELETE', `/tokens/${encodeURIComponent(token.id)}`, { ifMatch: token.version }),
    onSuccess: () => {
      flash({ type: 'success', text: t('tokens.revoked', { name }) })
      onClose()
    },
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['tokens'] }),
  })
  return (
    <QuestionModal
      title={t('tokens.revokeTitle', { name })}
      confirm={t('tokens.revoke')}
      pending={revoke.isPending}
      onConfirm={() => revoke.mutate()}
      onClose={onClose}
    >
      {revoke.error && <NotDone failure={failureOf(revoke.error)} />}
      <div>{t('tokens.revokeText')}</div>
    </QuestionModal>
  )
}
