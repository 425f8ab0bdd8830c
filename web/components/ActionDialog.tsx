import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import FormField from '@cloudscape-design/components/form-field'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Request } from '#contract/request.ts'
import { call, type Failure, failureOf } from '../api.ts'
import { useNow } from '../clock.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { requestPath } from '../paths.ts'
import { mayHelpAgain, wordFailure, wordField } from '../problems.ts'
import { queryClient, requestQuery } from '../queries.ts'
import { approvalsGiven, looks } from '../request-look.ts'
import { setSearch } from '../router.ts'
import { askFor, type PlainAction, useOpenAction } from './action-dialog-store.ts'
import { ExtendDialog } from './ExtendDialog.tsx'
import { FieldLabel } from './FieldLabel.tsx'
import { Indicator } from './Indicator.tsx'
import { NotDone } from './NotDone.tsx'
import { QuestionModal } from './QuestionModal.tsx'
import { ReviewDialog } from './ReviewDialog.tsx'
import { targetName } from './Target.tsx'
import { TicketText } from './TicketText.tsx'

const titles = {
  approve: 'act.approveTitle',
  reject: 'act.rejectTitle',
  cancel: 'act.cancelTitle',
  return: 'act.returnTitle',
  revoke: 'act.revokeTitle',
} as const

const done = {
  approve: 'act.doneApprove',
  reject: 'act.doneReject',
  cancel: 'act.doneCancel',
  return: 'act.doneReturn',
  revoke: 'act.doneRevoke',
} as const

export function ActionDialogHost(): ReactNode {
  const open = useOpenAction()
  if (!open) return null
  const close = () => {
    askFor(null)
    setSearch({ decide: null, do: null }, { replace: true })
  }
  const { request, action } = open
  const key = `${request.id} ${action}`
  if (action === 'extend') return <ExtendDialog key={key} request={request} onClose={close} />
  if (action === 'review') return <ReviewDialog key={key} request={request} onClose={close} />
  return <ActionDialog key={key} request={request} action={action} onClose={close} />
}

/** Asks once, naming the person, the target and how long. Nothing happens before the button here. */
function ActionDialog(props: {
  request: Request
  action: PlainAction
  onClose: () => void
}): ReactNode {
  const { request, action, onClose } = props
  const { t } = useWords()
  const [comment, setComment] = useState('')
  const mutation = useAct(request, action, onClose)
  const failure = mutation.error ? failureOf(mutation.error) : null
  const commentError = wordField(failure, 'comment', t)
  const isOwn = action === 'cancel' || action === 'return'
  const values = {
    name: request.requester.displayName,
    set: request.permissionSetName,
    account: request.accountName,
  }
  return (
    <QuestionModal
      title={t(titles[action], values)}
      confirm={failure && mayHelpAgain(failure) ? t('do.tryAgain') : t(`act.${action}`)}
      pending={mutation.isPending}
      onConfirm={() => mutation.mutate(comment)}
      onClose={onClose}
    >
      <Consequence request={request} action={action} />
      {failure && commentError === null && <Refusal request={request} failure={failure} />}
      {commentError !== null && <NotDone failure={failure} fields={['comment']} />}
      <FormField
        label={<FieldLabel text={t('act.comment')} optional />}
        description={t(isOwn ? 'act.commentHelpOwn' : 'act.commentHelp')}
        errorText={commentError ?? ''}
      >
        <Textarea value={comment} rows={3} onChange={({ detail }) => setComment(detail.value)} />
      </FormField>
    </QuestionModal>
  )
}

function useAct(request: Request, action: PlainAction, onDone: () => void) {
  const { t } = useWords()
  return useMutation({
    mutationFn: (comment: string) =>
      call<Request>('POST', `/requests/${encodeURIComponent(request.id)}/${action}`, {
        body: { comment: comment.trim() === '' ? null : comment },
      }),
    onSuccess: (after) => {
      queryClient.setQueryData(requestQuery(request.id).queryKey, after)
      void queryClient.invalidateQueries({ queryKey: ['requests'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
      const target = targetName(after, t)
      const name = after.requester.displayName
      const left = after.approvalsRequired - approvalsGiven(after)
      const waits = action === 'approve' && after.status === 'pending'
      const text = waits
        ? t('act.doneVoted', { target, name, left: Math.max(1, left) })
        : t(done[action], { target, name })
      flash({ type: 'success', text, link: { href: requestPath(after.id), text: t('flash.open') } })
      onDone()
    },
    onError: () => void queryClient.invalidateQueries({ queryKey: ['requests'] }),
  })
}

function Consequence(props: { request: Request; action: PlainAction }): ReactNode {
  const { t, times } = useWords()
  const { request, action } = props
  const name = request.requester.displayName
  const planned = request.requestedStartsAt
  const now = useNow()
  const startsLater = planned !== null && new Date(planned) > now
  const duration = times.duration(request.durationMinutes)
  const isDecision = action === 'approve' || action === 'reject'
  const credentials = action === 'approve' ? request.sessionsMayLiveUntil : null
  const text = {
    approve: startsLater
      ? t('act.approveAt', { duration, time: times.at(planned) })
      : t('act.approveNow', { duration }),
    reject: t('act.rejectText'),
    cancel: t('act.cancelText'),
    return: t('act.returnText'),
    revoke: t('act.revokeText', { name }),
  }[action]
  return (
    <SpaceBetween size="m">
      <div>{text}</div>
      {credentials && (
        <Indicator type="warning">{t('overrun', { time: times.at(credentials) })}</Indicator>
      )}
      {isDecision && (
        <KeyValuePairs
          columns={2}
          items={[
            { label: t('ask.duration'), value: duration },
            {
              label: t('col.ticket'),
              value: <TicketText request={request} none={t('word.none')} />,
            },
          ]}
        />
      )}
      {isDecision && (
        <div>
          <Box variant="awsui-key-label">{t('col.justification')}</Box>
          <div className="free-text">{request.justification || t('word.none')}</div>
        </div>
      )}
    </SpaceBetween>
  )
}

/** A refusal, with the true state now, since somebody else may have been first. */
function Refusal(props: { request: Request; failure: Failure }): ReactNode {
  const { t, times } = useWords()
  const { failure } = props
  const isConflict = failure.kind === 'problem' && failure.status === 409
  const { data: now } = useQuery({ ...requestQuery(props.request.id), enabled: isConflict })
  const last = now?.approvals.at(-1)
  const decided = failure.kind === 'problem' && failure.code === 'already_decided' && last
  if (!isConflict) return <NotDone failure={failure} />
  return (
    <Alert type="warning" header={t('refused.nothing')}>
      {decided
        ? t('act.decidedBy', { name: last.userName, time: times.at(last.at) })
        : wordFailure(failure, t)}
      {now && <Box variant="p">{t('act.stateNow', { status: t(looks[now.status].words) })}</Box>}
    </Alert>
  )
}
