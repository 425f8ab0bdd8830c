import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { ChannelTested } from '#contract/settings.ts'
import { call, failureOf } from '../../api.ts'
import { useWords } from '../../i18n.tsx'
import type { Channel } from '../../settings-form.ts'
import { NotDone } from '../NotDone.tsx'

/** Of the settings as they are saved; shows the provider's own words. */
export function ChannelTestButton({ channel }: { readonly channel: Channel }): ReactNode {
  const { t } = useWords()
  const testing = useMutation({
    mutationFn: () => call<ChannelTested>('POST', '/settings/test', { body: { channel } }),
  })
  const { data, error } = testing
  const label = t('channelTest.send')
  return (
    <SpaceBetween size="xs">
      <Button
        formAction="none"
        loading={testing.isPending}
        ariaLabel={`${label}: ${t(`channel.${channel}`)}`}
        onClick={() => testing.mutate()}
      >
        {label}
      </Button>
      <div aria-live="polite">
        {error && <NotDone failure={failureOf(error)} />}
        {data && (
          <Alert type={data.outcome === 'sent' ? 'success' : 'warning'}>
            {t(`channelTest.${data.outcome}`, { answer: data.answer })}
          </Alert>
        )}
      </div>
    </SpaceBetween>
  )
}
