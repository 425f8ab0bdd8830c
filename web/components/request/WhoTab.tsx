import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Request } from '#contract/request.ts'
import { useWords } from '../../i18n.tsx'
import { explorePath } from '../../paths.ts'
import { wordCode } from '../../problems.ts'
import { approversQuery, useMe } from '../../queries.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { PlainList } from '../PlainList.tsx'

export function WhoTab(props: { request: Request }): ReactNode {
  const { t } = useWords()
  const me = useMe()
  const { request } = props
  const query = useInfiniteQuery(approversQuery(request.id))
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  const pages = query.data?.pages ?? []
  const approvers = pages.flatMap((page) => page.approvers)
  const [first] = pages
  const own = request.actions.find((action) => action.name === 'approve')
  const whyNotMe = own && !own.allowed ? wordCode(own.code ?? '', own.params ?? {}, t, '') : ''
  const needed = first?.approvalsRequired ?? request.approvalsRequired
  if (query.isPending) return <Skeleton height="12rem" />
  return (
    <SpaceBetween size="s">
      <Box variant="p">
        {request.approvalRequired
          ? t('request.approvers', { needed, count: first?.approverCount ?? request.approverCount })
          : t('request.approversNone')}
        {whyNotMe && request.status === 'pending' ? ` ${whyNotMe}` : ''}
      </Box>
      <PlainList
        title={t('request.who')}
        items={approvers}
        idOf={(person) => person.userId}
        nothing={t('request.noApprovers')}
        columns={[
          {
            id: 'person',
            header: t('request.approver'),
            isRowHeader: true,
            cell: (person) =>
              `${t('person.name', { name: person.displayName, userName: person.userName })}${
                person.userId === me.userId ? ` – ${t('request.you')}` : ''
              }`,
          },
          {
            id: 'groups',
            header: t('request.approverGroups'),
            cell: (person) => person.groups.map((group) => group.displayName).join(', '),
          },
        ]}
      />
      {query.hasNextPage && (
        <Button
          loading={query.isFetchingNextPage}
          loadingText={t('word.loading')}
          onClick={() => void query.fetchNextPage()}
        >
          {t('request.moreApprovers', { count: (first?.approverCount ?? 0) - approvers.length })}
        </Button>
      )}
      {me.roles.some((role) => role === 'admin' || role === 'auditor') && (
        <Link href={explainPath(request)}>{t('explore.explainRequest')}</Link>
      )}
    </SpaceBetween>
  )
}

function explainPath({ requester, accountId, permissionSetArn }: Request): string {
  const explain = [requester.userId, accountId, permissionSetArn].join('~')
  return explorePath({ user: requester.userId, tab: 'could-ask', explain })
}
