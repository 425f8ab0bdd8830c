import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useDeferredValue, useEffect, useRef } from 'react'
import type { Me } from '#contract/me.ts'
import { type Failure, failureOf } from './api.ts'
import { CrashBoundary } from './components/CrashBoundary.tsx'
import { Frame } from './components/Frame.tsx'
import { SignedOut, Unreachable } from './components/PlainPages.tsx'
import { browserLocale, browserTimeZone, type Locale, locales, Speaking } from './i18n.tsx'
import { startLive } from './live.ts'
import { meQuery, queryClient } from './queries.ts'
import { usePlace } from './router.ts'
import { applyChosenDensity, applyTheme, recall, remember } from './theme.ts'

const localeKey = 'team.locale'

/** Until the server has said who this is, the language of the last visit. */
function localeFor(me: Me | undefined): Locale {
  if (me) return me.preferences.locale ?? browserLocale()
  const last = recall(localeKey)
  return locales.find((locale) => locale === last) ?? browserLocale()
}

export function App(): ReactNode {
  const { data: me, error } = useQuery(meQuery)
  const locale = localeFor(me)
  useEffect(() => {
    if (me) remember(localeKey, locale)
  }, [me, locale])
  return (
    <Speaking locale={locale} timeZone={me?.preferences.timeZone ?? browserTimeZone()}>
      <CrashBoundary>
        <WhoeverIsThere me={me} failure={error ? failureOf(error) : null} />
      </CrashBoundary>
    </Speaking>
  )
}

function WhoeverIsThere(props: { me: Me | undefined; failure: Failure | null }): ReactNode {
  const { me, failure } = props
  const isSignedOut = failure?.kind === 'signed_out'
  const isHere = me !== undefined && !isSignedOut
  const userId = isHere ? me.userId : null
  const changeSeen = useRef(0)
  if (me) changeSeen.current = me.latestChange
  useEffect(
    () => (userId === null ? undefined : startLive(queryClient, changeSeen.current)),
    [userId],
  )
  const wasHere = useRef(false)
  if (isHere) wasHere.current = true
  usePreferences(me)
  const { path } = usePlace()
  // Drawn in slices, so that the thread is free in between; what the query says is drawn at once.
  const isDrawn = useDeferredValue(isHere)
  if (isSignedOut) return <SignedOut isArrival={!wasHere.current} />
  if (me) return isDrawn && <Frame key={me.userId} me={me} path={path} />
  return failure ? <Unreachable /> : null
}

function usePreferences(me: Me | undefined): void {
  const theme = me?.preferences.theme
  const density = me?.preferences.density
  useEffect(() => (theme ? applyTheme(theme) : undefined), [theme])
  useEffect(() => {
    if (density) applyChosenDensity(density)
  }, [density])
}
