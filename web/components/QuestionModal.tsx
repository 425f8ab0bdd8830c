import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import type { ReactNode } from 'react'
import { useWords } from '../i18n.tsx'
import { useLive } from '../live.ts'

/** A question with one answer that acts. Nothing happens before its button. */
export function QuestionModal(props: {
  title: string
  confirm: string
  pending: boolean
  confirmDisabled?: boolean
  onConfirm: () => void
  onClose: () => void
  children: ReactNode
}): ReactNode {
  const { t } = useWords()
  const offline = useLive().kind === 'offline'
  return (
    <Modal
      visible
      header={props.title}
      closeAriaLabel={t('do.close')}
      onDismiss={props.onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={props.onClose}>
              {t('do.dismiss')}
            </Button>
            <Button
              variant="primary"
              loading={props.pending}
              disabled={offline || (props.confirmDisabled ?? false)}
              onClick={props.onConfirm}
            >
              {props.confirm}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">{props.children}</SpaceBetween>
    </Modal>
  )
}
