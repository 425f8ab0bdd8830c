import Alert from '@cloudscape-design/components/alert'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { useWords } from '../../i18n.tsx'

/** Only where a policy allows it. Who is told, and that it is reviewed, is said before it is sent. */
export function BreakGlassField(props: {
  checked: boolean
  limitMinutes: number
  error: string
  onChange: (checked: boolean) => void
}): ReactNode {
  const { t, times } = useWords()
  const duration = times.duration(props.limitMinutes)
  return (
    <Container header={<Header variant="h2">{t('ask.breakGlassTitle')}</Header>}>
      <SpaceBetween size="s">
        <Checkbox
          checked={props.checked}
          description={t('ask.breakGlassHelp', { duration })}
          onChange={({ detail }) => props.onChange(detail.checked)}
        >
          {t('ask.breakGlass')}
        </Checkbox>
        {props.checked && (
          <Alert type="warning" header={t('ask.breakGlassWarningTitle')}>
            {t('ask.breakGlassWarning')}
          </Alert>
        )}
        {props.error !== '' && <Alert type="error">{props.error}</Alert>}
      </SpaceBetween>
    </Container>
  )
}
