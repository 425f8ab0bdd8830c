import Alert from '@cloudscape-design/components/alert'
import Button from '@cloudscape-design/components/button'
import { Component, type ReactNode } from 'react'
import { useWords } from '../i18n.tsx'

interface Props {
  readonly children: ReactNode
}

/** One broken page must not take the frame, and the way out of it, with it. */
export class CrashBoundary extends Component<Props, { readonly detail: string | null }> {
  override state: { readonly detail: string | null } = { detail: null }

  static getDerivedStateFromError(error: unknown): { readonly detail: string } {
    return { detail: error instanceof Error ? error.message : String(error) }
  }

  override render(): ReactNode {
    if (this.state.detail === null) return this.props.children
    return <Crashed detail={this.state.detail} />
  }
}

function Crashed(props: { detail: string }): ReactNode {
  const { t } = useWords()
  return (
    <Alert
      type="error"
      header={<h1>{t('error.crash')}</h1>}
      action={<Button onClick={() => window.location.reload()}>{t('error.reload')}</Button>}
    >
      {t('error.crashText', { detail: props.detail })}
    </Alert>
  )
}
