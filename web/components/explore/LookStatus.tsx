import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { AccessLook, AccessPage } from '#contract/access.ts'
import { call, failureOf } from '../../api.ts'
import { useNow } from '../../clock.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { queryClient } from '../../queries.ts'
import { wordRefusal } from '../../remedies.ts'
import { Indicator } from '../Indicator.tsx'

/** When AWS was read, how far a reading is, and the button that asks for one. */
export function LookStatus(props: {
  page: AccessPage | undefined
  subject: { accountId: string } | { userId: string }
}): ReactNode {
  const { t } = useWords()
  const { page, subject } = props
  const ask = useMutation({
    mutationFn: () => call<AccessLook>('POST', '/access/look', { body: subject }),
    onSuccess: () => flash({ type: 'info', text: t('explore.lookAsked') }),
    onError: (error) => flash({ type: 'error', text: wordRefusal(failureOf(error), t) }),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['access'] }),
  })
  const isOpen = page?.look?.state === 'open'
  const isManagement = page?.subject.account?.notOfferedWhy === 'management_account'
  return (
    <SpaceBetween direction="horizontal" size="m" alignItems="center">
      <div aria-live="polite">{page && <ReadAt page={page} />}</div>
      <Button
        iconName="refresh"
        loading={ask.isPending || isOpen}
        loadingText={t('explore.looking')}
        disabled={isManagement}
        {...(isManagement && { disabledReason: t('explore.management') })}
        onClick={() => ask.mutate()}
      >
        {t('explore.look')}
      </Button>
    </SpaceBetween>
  )
}

function ReadAt({ page }: { page: AccessPage }): ReactNode {
  const { t, times } = useWords()
  const now = useNow()
  const { look, readAt } = page
  const time = readAt === null ? t('explore.never') : times.brief(readAt, now)
  const read = t('explore.readAt', { time })
  if (look?.state === 'open') {
    const { accountsDone, accountsTotal, targetsDone } = look
    return (
      <Indicator type="in-progress">
        {read} · {t('explore.progress', { accountsDone, accountsTotal, targetsDone })}
      </Indicator>
    )
  }
  if (look?.state === 'failed') {
    return (
      <Indicator type="error">
        {read} · {t('explore.lookFailed', { why: look.failure ?? '' })}
      </Indicator>
    )
  }
  return <Indicator type={readAt === null ? 'warning' : 'info'}>{read}</Indicator>
}
