/** Pages for when there is nobody to show the frame to. */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'
import { signInPath } from '../paths.ts'
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

export function SignedOut(): ReactNode {
  const { t } = useWords()
  const { path, search, hash } = usePlace()
  const query = search.toString()
  const here = `${path}${query ? `?${query}` : ''}${hash ? `#${hash}` : ''}`
  return (
    <PlainPage
      title={t('error.signedOut')}
      text={t('error.signedOutText')}
      action={
        <Button variant="primary" href={signInPath(here)}>
          {t('do.signIn')}
        </Button>
      }
    />
  )
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
