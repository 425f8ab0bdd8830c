import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { Preferences, RoleName } from '#contract/me.ts'
import { useWords } from '../i18n.tsx'
import { type NoticeName, noticeEventKey, noticesFor } from '../notice-words.ts'

type Muted = Preferences['muted']
type ChannelName = NonNullable<Muted[NoticeName]>[number]

const channels = ['email', 'slack'] as const
const heads = { email: 'prefs.byEmail', slack: 'prefs.bySlack' } as const

/** Which events reach me by which channel; what is not turned off arrives. */
export function NoticesField(props: {
  readonly chosen: Preferences
  readonly change: (part: Partial<Preferences>) => void
  readonly roles: readonly RoleName[]
}): ReactNode {
  const { t } = useWords()
  const { muted } = props.chosen
  const isOn = (event: NoticeName, channel: ChannelName) => !muted[event]?.includes(channel)
  const turn = (event: NoticeName, channel: ChannelName, on: boolean) => {
    const others = (muted[event] ?? []).filter((one) => one !== channel)
    props.change({ muted: { ...muted, [event]: on ? others : [...others, channel] } })
  }
  const box = (event: NoticeName, channel: ChannelName) => {
    const names = { event: t(noticeEventKey(event)), channel: t(heads[channel]) }
    return (
      <Checkbox
        ariaLabel={t('prefs.tell', names)}
        checked={isOn(event, channel)}
        onChange={({ detail }) => turn(event, channel, detail.checked)}
      />
    )
  }
  return (
    <Container
      header={
        <Header variant="h2" description={t('prefs.noticesText')}>
          {t('prefs.notices')}
        </Header>
      }
    >
      <Table
        variant="embedded"
        contentDensity="compact"
        enableKeyboardNavigation
        wrapLines
        ariaLabels={{ tableLabel: t('prefs.notices') }}
        items={noticesFor(props.roles)}
        trackBy={(event) => event}
        columnDefinitions={[
          {
            id: 'event',
            header: t('prefs.event'),
            cell: (event) => <span className="free-text">{t(noticeEventKey(event))}</span>,
            isRowHeader: true,
          },
          ...channels.map((channel) => ({
            id: channel,
            header: t(heads[channel]),
            cell: (event: NoticeName) => box(event, channel),
          })),
        ]}
      />
    </Container>
  )
}
