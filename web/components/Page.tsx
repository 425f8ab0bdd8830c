import ContentLayout from '@cloudscape-design/components/content-layout'
import Header from '@cloudscape-design/components/header'
import { type ReactNode, useEffect } from 'react'
import { useWords } from '../i18n.tsx'

let isFirstPage = true

/**
 * Names the page, and brings screen readers and keyboard to its heading when one arrives by a link.
 * The first page of a visit is left alone: there the browser's own start is the right place.
 */
export function usePageTitle(title: string): void {
  const { t } = useWords()
  const name = t('app.name')
  useEffect(() => {
    document.title = title === '' ? name : `${title} · ${name}`
  }, [title, name])
  useEffect(() => {
    if (!isFirstPage) focusHeading()
    isFirstPage = false
  }, [])
}

function focusHeading(): void {
  const heading = document.querySelector<HTMLElement>('#content h1')
  if (!heading) return
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}

export function Page(props: {
  title: string
  lead?: string
  actions?: ReactNode
  children: ReactNode
}): ReactNode {
  usePageTitle(props.title)
  return (
    <ContentLayout
      header={
        <Header variant="h1" description={props.lead} actions={props.actions}>
          {props.title}
        </Header>
      }
    >
      {props.children}
    </ContentLayout>
  )
}
