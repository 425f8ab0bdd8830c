/** Pages for when there is nobody to show the frame to. */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { useWords } from '../i18n.tsx'
import { paths, signInPath } from '../paths.ts'
import { meQuery } from '../queries.ts'
import { usePlace } from '../router.ts'
import { usePageTitle } from './Page.tsx'

function PlainPage(props: { title: string; text: string; action: ReactNode }): ReactNode {
  const { t } = useWords()
  usePageTitle(props.title)
  return (
    <main className="plain-page" id="content">
      <SpaceBetween size="l">
        <Box variant="strong" fontSize="heading-l">
          {t('app.name')} <Box variant="span">{t('app.full')}</Box>
        </Box>
        <Container header={<Header variant="h1">{props.title}</Header>}>
          <SpaceBetween size="l">
            <Box variant="p">{props.text}</Box>
            {props.action}
          </SpaceBetween>
        </Container>
      </SpaceBetween>
    </main>
  )
}

/**
 * Somebody who opens a link without being signed in is sent on by themselves, so that a mail's link
 * leads to what it names. Not from Home, where signing out ends, and not twice in a row.
 */
export function SignedOut(props: { isArrival: boolean }): ReactNode {
  const { t } = useWords()
  const { path, search, hash } = usePlace()
  const query = search.toString()
  const signIn = signInPath(`${path}${query ? `?${query}` : ''}${hash ? `#${hash}` : ''}`)
  const [goesOn] = useState(() => props.isArrival && path !== paths.home && isFirstTry())
  useEffect(() => {
    if (!goesOn) return
    sessionStorage.setItem(triedKey, String(Date.now()))
    window.location.replace(signIn)
  }, [goesOn, signIn])
  if (goesOn) return null
  return (
    <PlainPage
      title={t('error.signedOut')}
      text={t('error.signedOutText')}
      action={
        <Button variant="primary" href={signIn}>
          {t('do.signIn')}
        </Button>
      }
    />
  )
}

const triedKey = 'team.sign-in-tried'
const triesApartMs = 60_000

/** Where nothing can be kept nobody can say, so the button is shown. */
function isFirstTry(): boolean {
  try {
    return Date.now() - Number(sessionStorage.getItem(triedKey) ?? 0) > triesApartMs
  } catch {
    return false
  }
}

export function Unreachable(): ReactNode {
  const { t } = useWords()
  const client = useQueryClient()
  return (
    <PlainPage
      title={t('error.unreachable')}
      text={t('error.unreachableText')}
      action={
        <Button
          variant="primary"
          iconName="refresh"
          onClick={() => void client.invalidateQueries({ queryKey: meQuery.queryKey })}
        >
          {t('do.retry')}
        </Button>
      }
    />
  )
}
