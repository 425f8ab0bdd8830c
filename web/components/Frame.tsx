import AppLayoutToolbar, {
  type AppLayoutToolbarProps,
} from '@cloudscape-design/components/app-layout-toolbar'
import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group'
import Flashbar, { type FlashbarProps } from '@cloudscape-design/components/flashbar'
import Link from '@cloudscape-design/components/link'
import Spinner from '@cloudscape-design/components/spinner'
import { useQuery } from '@tanstack/react-query'
import {
  type ReactNode,
  Suspense,
  startTransition,
  useDeferredValue,
  useEffect,
  useState,
} from 'react'
import type { Counts, Me } from '#contract/me.ts'
import { closeFlash, useFlashes } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { useLive } from '../live.ts'
import { Forbidden, NotFound } from '../pages/ErrorPages.tsx'
import { paths } from '../paths.ts'
import { countsQuery } from '../queries.ts'
import { setSearch, usePlace } from '../router.ts'
import { type Found, routeAt } from '../routes.tsx'
import { ActionDialogHost } from './ActionDialog.tsx'
import { CrashBoundary } from './CrashBoundary.tsx'
import { Navigation } from './Navigation.tsx'
import { TopBar } from './TopBar.tsx'

export function Frame(props: { me: Me; path: string }): ReactNode {
  const { me, path } = props
  // Asked out here: the layout takes its parts away and puts them back as it starts, and what only
  // they wait for is called off and asked anew.
  const { data: counts } = useQuery(countsQuery)
  // Each part measures itself and is drawn again at once: the layout after the bar, the menu after
  // the layout and the page last, so that the thread is free in between.
  const hasBar = useAfterThis()
  return (
    <>
      <div id="top">
        <TopBar me={me} />
      </div>
      {hasBar && <Layout me={me} path={path} counts={counts} />}
      <ActionDialogHost />
    </>
  )
}

/** False in what is drawn first, and true soon after. */
function useAfterThis(): boolean {
  const [isAfter, setAfter] = useState(false)
  useEffect(() => startTransition(() => setAfter(true)), [])
  return isAfter
}

function Layout(props: { me: Me; path: string; counts: Counts | undefined }): ReactNode {
  const { me, path, counts } = props
  const { t } = useWords()
  const [navigationOpen, setNavigationOpen] = useNavigationOpen()
  const found = routeAt(path)
  const offline = useLive().kind === 'offline'
  const isLaidOut = useAfterThis()
  const isFramed = useDeferredValue(true, false)
  return (
    <AppLayoutToolbar
      headerSelector="#top"
      contentType={found?.route.contentType ?? 'default'}
      toolsHide
      navigation={isLaidOut ? <Navigation me={me} counts={counts} /> : <div />}
      navigationOpen={navigationOpen}
      onNavigationChange={({ detail }) => setNavigationOpen(detail.open)}
      breadcrumbs={
        isLaidOut && found && path !== paths.home ? <Crumbs found={found} me={me} /> : undefined
      }
      notifications={<Notices banner={me.banner} />}
      stickyNotifications
      {...useSplitPanel(found)}
      ariaLabels={{
        navigation: t('nav.label'),
        navigationToggle: t('nav.open'),
        navigationClose: t('nav.close'),
        notifications: t('flash.label'),
      }}
      content={
        <div id="content" className={offline ? 'stale' : undefined}>
          <Suspense fallback={<Spinner size="large" />}>
            <CrashBoundary key={path}>
              {isFramed ? <PageAt found={found} me={me} /> : <Spinner size="large" />}
            </CrashBoundary>
          </Suspense>
        </div>
      }
    />
  )
}

/** The look at one row beside its list; which row it is stands in the URL. */
function useSplitPanel(found: Found | null): Partial<AppLayoutToolbarProps> {
  const opened = usePlace().search.get('open')
  const Panel = found?.route.panel
  // Said from the beginning: the layout heeds a word on this later only if it was given one at first.
  const layout = {
    splitPanelOpen: Panel !== undefined && opened !== null,
    onSplitPanelToggle: () => setSearch({ open: null }, { replace: true }),
  }
  if (!Panel || opened === null) return layout
  return {
    ...layout,
    splitPanel: (
      <Suspense fallback={null}>
        <Panel key={opened} id={opened} />
      </Suspense>
    ),
  }
}

const wideEnough = window.matchMedia('(min-width: 912px)')

/** On a narrow screen the layout shuts the navigation; when there is room again it comes back. */
function useNavigationOpen() {
  const [open, setOpen] = useState(wideEnough.matches)
  useEffect(() => {
    const onChange = () => setOpen(wideEnough.matches)
    wideEnough.addEventListener('change', onChange)
    return () => wideEnough.removeEventListener('change', onChange)
  }, [])
  return [open, setOpen] as const
}

function PageAt(props: { found: Found | null; me: Me }): ReactNode {
  const { found, me } = props
  if (!found) return <NotFound />
  const { route, id } = found
  const allowed = !route.roles || route.roles.some((role) => me.roles.includes(role))
  if (!allowed) return <Forbidden roles={route.roles ?? []} />
  return <route.page id={id} />
}

function Crumbs(props: { found: Found; me: Me }): ReactNode {
  const { t } = useWords()
  const { route } = props.found
  const readsAll = props.me.roles.some((role) => role === 'admin' || role === 'auditor')
  const parent = (readsAll && route.parentOfReaders) || route.parent
  return (
    <BreadcrumbGroup
      ariaLabel={t('breadcrumbs.label')}
      items={[
        { text: t('nav.home'), href: paths.home },
        ...(parent ? [{ text: t(parent.title), href: parent.href }] : []),
        { text: t(route.title), href: '#' },
      ]}
      onClick={(event) => {
        if (event.detail.href === '#') event.preventDefault()
      }}
    />
  )
}

function Notices(props: { banner: string }): ReactNode {
  const { t, times } = useWords()
  const live = useLive()
  const flashes = useFlashes()
  const standing: FlashbarProps.MessageDefinition[] = []
  if (live.kind === 'offline') {
    const content = t('live.down', { time: times.clock(live.since) })
    standing.push({ id: 'down', type: 'warning', content })
  }
  if (props.banner !== '') standing.push({ id: 'banner', type: 'info', content: props.banner })
  const own = flashes.map(
    (message): FlashbarProps.MessageDefinition => ({
      id: message.id,
      type: message.type,
      content: message.link ? (
        <>
          {message.text}{' '}
          <Link color="inverted" href={message.link.href}>
            {message.link.text}
          </Link>
        </>
      ) : (
        message.text
      ),
      dismissible: true,
      dismissLabel: t('flash.close'),
      onDismiss: () => closeFlash(message.id),
      ariaRole: message.type === 'error' ? 'alert' : 'status',
    }),
  )
  return (
    <div id="flashbar">
      <Flashbar items={[...standing, ...own]} i18nStrings={{ ariaLabel: t('flash.label') }} />
    </div>
  )
}
