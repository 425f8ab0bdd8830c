import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Link from '@cloudscape-design/components/link'
import { useMutation, useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { UndeliveredNotice } from '#contract/notice.ts'
import { call, failureOf } from '../../api.ts'
import { flash } from '../../flash.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { noticeEventKey } from '../../notice-words.ts'
import { requestPath } from '../../paths.ts'
import { queryClient, undeliveredQuery, useMe } from '../../queries.ts'
import { wordRefusal } from '../../remedies.ts'
import { answered, NoRows, useListPage } from '../list-page.tsx'
import { type Column, PartList } from '../PartList.tsx'
import { When } from '../Times.tsx'
import { refreshEveryMs } from './wanted.ts'

export function NoticesTab(): ReactNode {
  const { t } = useWords()
  const at = useListPage('health.notices')
  const isAdmin = useMe().roles.includes('admin')
  const query = useQuery({
    ...undeliveredQuery(at.query),
    refetchInterval: refreshEveryMs,
  })
  return (
    <PartList
      title={t('health.tab.notices')}
      heading={{ variant: 'h3', description: t('health.tabText.notices') }}
      columns={columnsFor(t, isAdmin)}
      {...at}
      {...answered(query, <NoRows text={t('health.none.notices')} />)}
      idOf={({ noticeId }) => noticeId}
    />
  )
}

function columnsFor(t: Translate, isAdmin: boolean): Column<UndeliveredNotice>[] {
  const columns: Column<UndeliveredNotice>[] = [
    {
      id: 'notice',
      header: t('health.column.notice'),
      cell: (notice) => (
        <>
          {nameOf(notice, t)}
          {notice.request && (
            <Box variant="small" display="block">
              <Link href={requestPath(notice.request.requestId)} fontSize="body-s">
                {t('health.key', {
                  name: notice.request.requester,
                  target: t('target.name', {
                    set: notice.request.permissionSetName,
                    account: notice.request.accountName,
                  }),
                })}
              </Link>
            </Box>
          )}
        </>
      ),
      minWidth: 240,
    },
    {
      id: 'answer',
      header: t('health.column.answer'),
      cell: ({ lastError }) => <span className="free-text">{lastError ?? t('word.unknown')}</span>,
    },
    { id: 'at', header: t('health.column.queued'), cell: (one) => <When at={one.createdAt} /> },
    { id: 'tries', header: t('health.attempts'), cell: ({ attempts }) => attempts },
  ]
  if (!isAdmin) return columns
  const send: Column<UndeliveredNotice> = {
    id: 'actions',
    header: t('health.column.actions'),
    cell: (notice) => <SendAgain notice={notice} />,
  }
  return [...columns, send]
}

function nameOf({ event, to, channel }: UndeliveredNotice, t: Translate): string {
  return t('notice.line', { event: t(noticeEventKey(event)), to, channel: t(`channel.${channel}`) })
}

function SendAgain(props: { notice: UndeliveredNotice }): ReactNode {
  const { t } = useWords()
  const { notice } = props
  const name = nameOf(notice, t)
  const send = useMutation({
    mutationFn: () => call('POST', `/notices/${encodeURIComponent(notice.noticeId)}/resend`),
    onSuccess: () => flash({ type: 'success', text: t('health.resent', { name }) }),
    onError: (error) => flash({ type: 'error', text: wordRefusal(failureOf(error), t) }),
    onSettled: () => {
      for (const key of ['notices', 'reconciler', 'requests']) {
        void queryClient.invalidateQueries({ queryKey: [key] })
      }
    },
  })
  return (
    <Button
      loading={send.isPending}
      ariaLabel={t('health.resendOf', { name })}
      onClick={() => send.mutate()}
    >
      {t('health.resend')}
    </Button>
  )
}
