/** One event opened: who did what, what changed, and the hashes that hold it in place. */
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Table from '@cloudscape-design/components/table'
import type { ReactNode } from 'react'
import type { AuditEvent } from '#contract/audit.ts'
import { useWords } from '../../i18n.tsx'
import { type ChangedField, changedFields } from './changed-fields.ts'

export function EventDialog(props: { event: AuditEvent; onClose: () => void }): ReactNode {
  const { t, times } = useWords()
  const { event, onClose } = props
  const code = (text: string) => <span className="whole-words">{text}</span>
  return (
    <Modal
      visible
      size="large"
      header={t('audit.eventTitle', { seq: event.seq, action: event.action })}
      onDismiss={onClose}
      closeAriaLabel={t('do.close')}
      footer={
        <Box float="right">
          <Button onClick={onClose}>{t('do.close')}</Button>
        </Box>
      }
    >
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={2}
          items={[
            { label: t('event.time'), value: times.at(event.at) },
            { label: t('event.result'), value: event.result },
            {
              label: t('event.actor'),
              value: code(`${event.actor.name} (${event.actor.type} ${event.actor.id})`),
            },
            { label: t('audit.object'), value: code(`${event.object.type} ${event.object.id}`) },
          ]}
        />
        <Contents event={event} />
        <KeyValuePairs
          columns={1}
          items={[
            { label: t('audit.payloadHash'), value: code(event.payloadHash) },
            { label: t('audit.previousHash'), value: code(event.previousHash) },
            { label: t('event.hash'), value: code(event.hash) },
          ]}
        />
      </SpaceBetween>
    </Modal>
  )
}

function Contents({ event }: { event: AuditEvent }): ReactNode {
  const { t } = useWords()
  if (event.payload === null) return <Box>{t('event.erased')}</Box>
  const { rest, changed } = changedFields(event.payload)
  return (
    <SpaceBetween size="s">
      {changed !== null && <Difference fields={changed} />}
      {(changed === null || Object.keys(rest).length > 0) && (
        <div>
          <Box variant="awsui-key-label">{t('event.payload')}</Box>
          <pre className="event-contents">{JSON.stringify(rest, null, 2)}</pre>
        </div>
      )}
    </SpaceBetween>
  )
}

function Difference({ fields }: { fields: readonly ChangedField[] }): ReactNode {
  const { t } = useWords()
  return (
    <Table
      variant="embedded"
      items={fields}
      trackBy="name"
      wrapLines
      enableKeyboardNavigation
      ariaLabels={{ tableLabel: t('audit.difference') }}
      empty={t('audit.noDifference')}
      columnDefinitions={[
        { id: 'name', header: t('audit.field'), cell: ({ name }) => name, isRowHeader: true },
        { id: 'before', header: t('audit.before'), cell: ({ before }) => before },
        { id: 'after', header: t('audit.after'), cell: ({ after }) => after },
      ]}
    />
  )
}
