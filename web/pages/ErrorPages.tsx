import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import type { RoleName } from '#contract/me.ts'
import { Page } from '../components/Page.tsx'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { useMe } from '../queries.ts'

function ErrorPage(props: { title: string; text: string }): ReactNode {
  const { t } = useWords()
  return (
    <Page title={props.title}>
      <SpaceBetween size="l">
        <Box variant="p">{props.text}</Box>
        <Button href={paths.home}>{t('do.home')}</Button>
      </SpaceBetween>
    </Page>
  )
}

export function NotFound(): ReactNode {
  const { t } = useWords()
  return <ErrorPage title={t('error.notFound')} text={t('error.notFoundText')} />
}

export function Forbidden(props: { roles: readonly RoleName[] }): ReactNode {
  const { t } = useWords()
  const me = useMe()
  const words = (roles: readonly RoleName[]) => roles.map((role) => t(`role.${role}`)).join(', ')
  return (
    <ErrorPage
      title={t('error.forbidden')}
      text={t('error.forbiddenText', { roles: words(props.roles), yours: words(me.roles) })}
    />
  )
}
