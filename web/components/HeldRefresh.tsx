import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { DirectoryStatus } from '#contract/directory.ts'
import { call, failureOf } from '../api.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { directoryStatusQuery, queryClient } from '../queries.ts'
import { wordRefusal } from '../remedies.ts'

type Held = NonNullable<DirectoryStatus['held']>

/** A refresh that would remove too much: what it would remove, and the word on it. */
export function HeldRefresh(props: { held: Held }): ReactNode {
  const { t, times } = useWords()
  const { held } = props
  const [asking, setAsking] = useState(false)
  const word = useMutation({
    mutationFn: (verb: 'accept' | 'discard') =>
      call('POST', `/directory/refresh/${encodeURIComponent(held.refreshId)}/${verb}`),
    onSuccess: (_answer, verb) =>
      flash({ type: 'info', text: t(verb === 'accept' ? 'held.accepted' : 'held.discarded') }),
    onError: (error) => flash({ type: 'error', text: wordRefusal(failureOf(error), t) }),
    onSettled: () => {
      setAsking(false)
      void queryClient.invalidateQueries({ queryKey: directoryStatusQuery.queryKey })
    },
  })
  const isAccepted = held.state === 'accepted'
  return (
    <Alert
      type="warning"
      header={t('held.title')}
      action={
        <SpaceBetween direction="horizontal" size="xs">
          <Button loading={word.isPending} onClick={() => word.mutate('discard')}>
            {t('held.discard')}
          </Button>
          {!isAccepted && (
            <Button loading={word.isPending} onClick={() => setAsking(true)}>
              {t('held.accept')}
            </Button>
          )}
        </SpaceBetween>
      }
    >
      <p>
        {isAccepted
          ? t('held.acceptedText', { by: held.decidedBy ?? '' })
          : t('held.text', { time: times.at(held.at) })}
      </p>
      <Removals held={held} />
      <Modal
        visible={asking}
        header={t('held.acceptTitle')}
        closeAriaLabel={t('do.close')}
        onDismiss={() => setAsking(false)}
        footer={
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" onClick={() => setAsking(false)}>
                {t('do.dismiss')}
              </Button>
              <Button
                variant="primary"
                loading={word.isPending}
                onClick={() => word.mutate('accept')}
              >
                {t('held.accept')}
              </Button>
            </SpaceBetween>
          </Box>
        }
      >
        <p>{t('held.acceptText')}</p>
        <Removals held={held} />
      </Modal>
    </Alert>
  )
}

const kindKeys = {
  users: 'dir.users',
  groups: 'dir.groups',
  memberships: 'dir.memberships',
  organizationalUnits: 'dir.units',
  accounts: 'dir.accounts',
  permissionSets: 'dir.sets',
} as const

function Removals(props: { held: Held }): ReactNode {
  const { t } = useWords()
  return (
    <ul>
      {props.held.removals.map(({ kind, count, names }) => (
        <li key={kind}>
          {t('held.line', { kind: t(kindKeys[kind]), count, names: names.join(', ') })}
          {count > names.length && ` ${t('held.more', { count: count - names.length })}`}
        </li>
      ))}
    </ul>
  )
}
