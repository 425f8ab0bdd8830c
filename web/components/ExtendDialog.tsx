import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import type { Extension, Request } from '#contract/request.ts'
import { call, failureOf, newIdempotencyKey } from '../api.ts'
import { readDuration, splitDuration } from '../duration.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { requestPath } from '../paths.ts'
import { wordField } from '../problems.ts'
import { queryClient, requestQuery, useMe } from '../queries.ts'
import { DurationField } from './DurationField.tsx'
import { FieldLabel } from './FieldLabel.tsx'
import { NotDone } from './NotDone.tsx'
import { QuestionModal } from './QuestionModal.tsx'
import { targetName } from './Target.tsx'

const proposedMinutes = 60

/** What the server says of an extension that it would let one ask for. */
function termsOf(request: Request) {
  const params = request.actions.find(({ name }) => name === 'extend')?.params ?? {}
  const { leftMinutes, approvalRequired, justificationRequired, ticketRequired } = params
  return {
    leftMinutes: typeof leftMinutes === 'number' ? leftMinutes : null,
    approvalRequired: approvalRequired !== false,
    justificationRequired: justificationRequired !== false,
    ticketRequired: ticketRequired === true,
  }
}

export function ExtendDialog(props: { request: Request; onClose: () => void }): ReactNode {
  const { t, times } = useWords()
  const { request, onClose } = props
  const terms = termsOf(request)
  const proposed = Math.min(proposedMinutes, terms.leftMinutes ?? proposedMinutes)
  const [duration, setDuration] = useState(splitDuration(proposed))
  const [justification, setJustification] = useState('')
  const [ticket, setTicket] = useState('')
  const { ticket: asked } = useMe()
  const [tried, setTried] = useState(false)
  const send = useExtend(request, onClose)
  const failure = send.error ? failureOf(send.error) : null
  const entry = readDuration(duration.hours, duration.minutes, terms.leftMinutes)
  const limit = terms.leftMinutes === null ? '' : times.duration(terms.leftMinutes)
  const missing = {
    justification: terms.justificationRequired && justification.trim() === '',
    ticket: terms.ticketRequired && ticket.trim() === '',
  }
  const error = (own: string | null, field: string) =>
    (tried && own) || (wordField(failure, field, t) ?? '')
  const durationError = entry.ok
    ? null
    : entry.problem === 'too_long'
      ? t('code.chain_too_long.left', { duration: limit })
      : t(entry.problem === 'missing' ? 'ask.durationMissing' : 'ask.durationWhole')
  const onConfirm = () => {
    setTried(true)
    if (!entry.ok || missing.justification || missing.ticket) return
    const body = { durationMinutes: entry.minutes, justification, ticket: ticket.trim() || null }
    send.mutate(body)
  }
  const fields = ['durationMinutes', 'justification', 'ticket']
  const endsAt = entry.ok && request.endsAt ? plusMinutes(request.endsAt, entry.minutes) : null
  return (
    <QuestionModal
      title={t('extend.title', { set: request.permissionSetName, account: request.accountName })}
      confirm={t('act.extend')}
      pending={send.isPending}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <div>{t(terms.approvalRequired ? 'extend.text' : 'extend.textAuto')}</div>
      {endsAt && request.endsAt && (
        <div>{t('extend.ends', { from: times.at(request.endsAt), to: times.at(endsAt) })}</div>
      )}
      <NotDone failure={failure} fields={fields} />
      <DurationField
        label={t('extend.duration')}
        value={duration}
        onChange={setDuration}
        limitMinutes={terms.leftMinutes}
        constraint={limit === '' ? '' : t('extend.limit', { duration: limit })}
        error={error(durationError, 'durationMinutes')}
      />
      <FormField
        label={<FieldLabel text={t('ask.justification')} optional={!terms.justificationRequired} />}
        errorText={error(
          missing.justification ? t('ask.justificationMissing') : null,
          'justification',
        )}
        stretch
      >
        <Textarea
          value={justification}
          rows={3}
          onChange={({ detail }) => setJustification(detail.value)}
        />
      </FormField>
      <FormField
        label={<FieldLabel text={t('ask.ticket')} optional={!terms.ticketRequired} />}
        description={asked.help ?? t('ask.ticketHelp')}
        constraintText={
          asked.example === null ? '' : t('ask.ticketExample', { example: asked.example })
        }
        errorText={error(missing.ticket ? t('ask.ticketMissing') : null, 'ticket')}
      >
        <Input
          value={ticket}
          autoComplete={false}
          onChange={({ detail }) => setTicket(detail.value)}
        />
      </FormField>
    </QuestionModal>
  )
}

function plusMinutes(instant: string, minutes: number): string {
  return new Date(Date.parse(instant) + minutes * 60_000).toISOString()
}

/** The same words go out under the same key, so that a second try never asks twice. */
function useExtend(request: Request, onDone: () => void) {
  const { t } = useWords()
  const sent = useRef<{ readonly body: string; readonly key: string } | null>(null)
  return useMutation({
    mutationFn: (body: Extension) => {
      const text = JSON.stringify(body)
      if (sent.current?.body !== text) sent.current = { body: text, key: newIdempotencyKey() }
      return call<Request>('POST', `/requests/${encodeURIComponent(request.id)}/extend`, {
        body,
        idempotencyKey: sent.current.key,
      })
    },
    onSuccess: (made) => {
      queryClient.setQueryData(requestQuery(made.id).queryKey, made)
      void queryClient.invalidateQueries({ queryKey: ['requests'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
      const target = targetName(made, t)
      const text = t(made.status === 'pending' ? 'extend.asked' : 'extend.done', { target })
      flash({ type: 'success', text, link: { href: requestPath(made.id), text: t('flash.open') } })
      onDone()
    },
    onError: () => void queryClient.invalidateQueries({ queryKey: ['requests'] }),
  })
}
