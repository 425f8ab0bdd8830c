import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard'
import FormField from '@cloudscape-design/components/form-field'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { type ReactNode, useState } from 'react'
import { useWords } from '../../i18n.tsx'

/** Shown once: Escape and the cross only remind, so that nobody loses it by a slip. */
export function SecretDialog(props: { secret: string; onStored: () => void }): ReactNode {
  const { t } = useWords()
  const [reminded, setReminded] = useState(false)
  return (
    <Modal
      visible
      header={t('tokens.secretTitle')}
      closeAriaLabel={t('do.close')}
      onDismiss={() => setReminded(true)}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={props.onStored}>
            {t('tokens.stored')}
          </Button>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <Alert type={reminded ? 'error' : 'warning'}>
          {t(reminded ? 'tokens.storeFirst' : 'tokens.secretText')}
        </Alert>
        <FormField label={t('tokens.secretLabel')} stretch>
          <SpaceBetween size="xs">
            <Box variant="code">
              <span className="free-text">{props.secret}</span>
            </Box>
            <CopyToClipboard
              textToCopy={props.secret}
              copyButtonText={t('tokens.copy')}
              copySuccessText={t('tokens.copied')}
              copyErrorText={t('tokens.copyFailed')}
            />
          </SpaceBetween>
        </FormField>
      </SpaceBetween>
    </Modal>
  )
}
