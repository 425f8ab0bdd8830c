import TopNavigation, {
  type TopNavigationProps,
} from '@cloudscape-design/components/top-navigation'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Me, PreferencesPatch } from '#contract/me.ts'
import { call, failureOf } from '../api.ts'
import { flash } from '../flash.ts'
import { localeNames, locales, type Translate, useWords } from '../i18n.tsx'
import { type LiveState, useLive } from '../live.ts'
import { paths } from '../paths.ts'
import { meQuery, queryClient } from '../queries.ts'
import { wordRefusal } from '../remedies.ts'
import { navigate } from '../router.ts'

export function TopBar(props: { me: Me }): ReactNode {
  const { me } = props
  const { t, times, locale } = useWords()
  const client = useQueryClient()
  const live = useLive()
  const liveText = wordLive(live, t, times.clock)
  const roles = me.roles.map((role) => t(`role.${role}`)).join(', ')
  const utilities: TopNavigationProps.Utility[] = [
    {
      type: 'button',
      iconName: liveIcons[live.kind],
      text: liveText,
      ariaLabel: t('live.action', { state: liveText }),
      onClick: () => void client.invalidateQueries(),
    },
  ]
  if (me.portalUrl !== null) {
    utilities.push({
      type: 'button',
      text: t('top.portal'),
      href: me.portalUrl,
      external: true,
      externalIconAriaLabel: t('top.external'),
    })
  }
  utilities.push(
    {
      type: 'menu-dropdown',
      iconName: 'globe',
      text: localeNames[locale],
      ariaLabel: `${t('top.language')}: ${localeNames[locale]}`,
      items: locales.map((one) => ({ id: one, text: localeNames[one] })),
      onItemClick: ({ detail }) => {
        const chosen = locales.find((one) => one === detail.id)
        if (chosen) void savePreferences({ locale: chosen }, t)
      },
    },
    {
      type: 'menu-dropdown',
      iconName: 'user-profile',
      text: me.displayName,
      description: `${me.userName} · ${roles}`,
      items: [
        { id: 'preferences', text: t('top.preferences'), href: paths.preferences },
        { id: 'tokens', text: t('top.tokens'), href: paths.tokens },
        { id: 'refresh', text: t('top.refreshMe') },
        { id: 'sign-out', text: t('top.signOut') },
      ],
      onItemClick: ({ detail }) => {
        if (detail.id === 'refresh') void refreshMe(t)
        if (detail.id === 'sign-out') void signOut()
      },
    },
  )
  return (
    <TopNavigation
      identity={{ href: paths.home, title: t('app.name') }}
      utilities={utilities}
      i18nStrings={{
        overflowMenuTriggerText: t('top.more'),
        overflowMenuTitleText: t('top.all'),
        overflowMenuBackIconAriaLabel: t('top.back'),
        overflowMenuDismissIconAriaLabel: t('top.closeMenu'),
      }}
    />
  )
}

const liveIcons = {
  live: 'status-positive',
  reconnecting: 'status-in-progress',
  polling: 'status-pending',
  offline: 'status-warning',
} as const

function wordLive(live: LiveState, t: Translate, clock: (at: Date) => string): string {
  if (live.kind === 'offline') return t('live.offline', { time: clock(live.since) })
  return t(`live.${live.kind}`)
}

export async function savePreferences(patch: PreferencesOf, t: Translate): Promise<boolean> {
  try {
    await call('PATCH', '/me/preferences', { body: patch })
    await queryClient.invalidateQueries({ queryKey: meQuery.queryKey })
    return true
  } catch (error) {
    flash({ type: 'error', text: wordRefusal(failureOf(error), t) })
    return false
  }
}

type PreferencesOf = (typeof PreferencesPatch)['_zod']['output']

async function refreshMe(t: Translate): Promise<void> {
  try {
    await call('POST', '/me/refresh')
    await queryClient.invalidateQueries()
    const me = queryClient.getQueryData(meQuery.queryKey)
    const roles = (me?.roles ?? []).map((role) => t(`role.${role}`)).join(', ')
    flash({ type: 'success', text: t('flash.refreshed', { roles }) })
  } catch (error) {
    flash({ type: 'error', text: wordRefusal(failureOf(error), t) })
  }
}

/** Whatever the server answers, the next `GET /me` tells whether the session is over. */
async function signOut(): Promise<void> {
  const me = queryClient.getQueryData(meQuery.queryKey)
  await fetch('/auth/logout', {
    method: 'POST',
    headers: { 'x-team-csrf': me?.csrfToken ?? '' },
    credentials: 'same-origin',
    redirect: 'manual',
  }).catch(() => undefined)
  navigate(paths.home, { replace: true })
  await queryClient.resetQueries({ queryKey: meQuery.queryKey })
}
