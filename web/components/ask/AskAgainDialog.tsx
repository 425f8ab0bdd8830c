import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import FormField from '@cloudscape-design/components/form-field'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea, { type TextareaProps } from '@cloudscape-design/components/textarea'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { failureOf } from '../../api.ts'
import { splitDuration } from '../../duration.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { askPath, requestPath, submissionPath } from '../../paths.ts'
import { wordCode, wordField } from '../../problems.ts'
import { DurationField } from '../DurationField.tsx'
import { FieldLabel } from '../FieldLabel.tsx'
import { Indicator } from '../Indicator.tsx'
import { NotDone } from '../NotDone.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import type { AgainOffer } from './again.ts'
import { TicketField } from './ProseFields.tsx'
import { type Ask, errorsOf, justificationCharactersMax, submissionOf, termsOf } from './state.ts'
import { isRefused, usePreview, wordProblem } from './use-preview.ts'
import { useSend } from './use-send.ts'
import { useKnownTargets } from './use-targets.ts'

/** Everything is filled in from the last time: look, and send. */
export function AskAgainDialog(props: { offer: AgainOffer; onClose: () => void }): ReactNode {
  const { t, times } = useWords()
  const { offer, onClose } = props
  const form = useAgain(offer, onClose)
  const { ask, setAsk, prose, setProse, terms, error, preview, failure } = form
  const fields = ['durationMinutes', 'justification', 'ticket']
  return (
    <QuestionModal
      title={t('ask.again')}
      confirm={t('ask.send')}
      pending={form.pending}
      onConfirm={form.onSend}
      onClose={onClose}
    >
      <ul className="plain-list">
        {offer.targets.map((target) => (
          <li key={`${target.accountId} ${target.permissionSetArn}`}>
            <b>
              {t('target.name', { set: target.permissionSetName, account: target.accountName })}
            </b>
            <Box variant="small" display="block" color="text-body-secondary">
              {target.accountId}
            </Box>
          </li>
        ))}
      </ul>
      <Decision preview={preview} />
      <NotDone failure={failure} fields={fields} />
      <DurationField
        label={t('ask.duration')}
        value={ask}
        onChange={(part) => setAsk((before) => ({ ...before, ...part }))}
        limitMinutes={terms?.limitMinutes ?? null}
        constraint={
          terms === null ? '' : t('ask.setUpTo', { duration: times.duration(terms.limitMinutes) })
        }
        error={error('duration', 'durationMinutes')}
      />
      <LastWords
        value={prose.justification}
        optional={terms !== null && !terms.justificationRequired}
        error={error('justification', 'justification')}
        onChange={(justification) => setProse((before) => ({ ...before, justification }))}
      />
      <TicketField
        prose={prose}
        change={(part) => setProse((before) => ({ ...before, ...part }))}
        terms={terms}
        ticketError={error('ticket', 'ticket') || (wordProblem(preview, 'ticket', t) ?? '')}
      />
      <Link href={askPath(offer)}>{t('ask.inFull')}</Link>
    </QuestionModal>
  )
}

function useAgain(offer: AgainOffer, onClose: () => void) {
  const { t, timeZone } = useWords()
  const [ask, setAsk] = useState<Ask>(() => ({
    targets: offer.targets,
    ...splitDuration(offer.durationMinutes),
    startsLater: false,
    date: '',
    time: '',
    breakGlass: false,
  }))
  const [prose, setProse] = useState({ justification: offer.justification, ticket: '' })
  const [tried, setTried] = useState(false)
  const terms = termsOf(useKnownTargets(ask.targets), false)
  const errors = errorsOf(ask, prose, { terms, timeZone })
  const submission = submissionOf(ask, prose, timeZone)
  const { preview } = usePreview(submission)
  const send = useSend({
    onSent: ({ submissionId, requests }) => {
      const [first] = requests
      const isOne = requests.length === 1
      flash({
        type: 'success',
        text: t('ask.sentMany', { n: requests.length }),
        ...(first && {
          link: {
            href: isOne ? requestPath(first.id) : submissionPath(submissionId),
            text: t('request.title'),
          },
        }),
      })
      onClose()
    },
    onRefused: () => undefined,
  })
  const failure = send.error ? failureOf(send.error) : null
  const error = (name: keyof typeof errors, field: string) => {
    const own = tried || name === 'duration' ? errors[name] : undefined
    const words = own ? t(own, { max: justificationCharactersMax }) : ''
    return words || (wordField(failure, field, t) ?? '')
  }
  const onSend = () => {
    setTried(true)
    if (submission && Object.keys(errors).length === 0) send.mutate(submission)
  }
  return {
    ...{ ask, setAsk, prose, setProse, terms, error, preview, failure, onSend },
    pending: send.isPending,
  }
}

/** Selected, so that typing replaces it and leaving it alone repeats it. */
function LastWords(props: {
  value: string
  optional: boolean
  error: string
  onChange: (text: string) => void
}): ReactNode {
  const { t } = useWords()
  const field = useRef<TextareaProps.Ref>(null)
  useEffect(() => {
    // After the dialog has taken the focus for itself.
    const frame = requestAnimationFrame(() => {
      field.current?.focus()
      const { activeElement } = document
      if (activeElement instanceof HTMLTextAreaElement) activeElement.select()
    })
    return () => cancelAnimationFrame(frame)
  }, [])
  return (
    <FormField
      label={<FieldLabel text={t('ask.justification')} optional={props.optional} />}
      description={t('ask.lastWords')}
      errorText={props.error}
      stretch
    >
      <Textarea
        ref={field}
        value={props.value}
        rows={3}
        spellcheck
        onChange={({ detail }) => props.onChange(detail.value)}
      />
    </FormField>
  )
}

/** One line: who must agree and until when, or why it can't be sent. */
function Decision(props: { preview: ReturnType<typeof usePreview>['preview'] }): ReactNode {
  const { t, times } = useWords()
  const { preview } = props
  const refused = preview?.targets.find((target) => isRefused(target, preview))
  if (!preview) return <Indicator type="loading">{t('word.loading')}</Indicator>
  if (refused) {
    const params = { failed: refused.explanation.failedPart, ...refused.params }
    const { requestId } = params as { readonly requestId?: unknown }
    return (
      <Alert type="error" header={t('ask.refused')}>
        {wordCode(refused.code ?? 'unexpected', params, t)}{' '}
        {typeof requestId === 'string' && (
          <Link href={requestPath(requestId)}>{t('request.title')}</Link>
        )}
      </Alert>
    )
  }
  const waiting = preview.targets.filter(({ approvalRequired }) => approvalRequired)
  const [strictest] = waiting.toSorted((a, b) => b.approvalsRequired - a.approvalsRequired)
  const ends = preview.targets[0]?.endsAbout
  return (
    <SpaceBetween size="xxs">
      <Indicator type={strictest ? 'pending' : 'info'}>
        {strictest
          ? t('ask.who', {
              needed: strictest.approvalsRequired,
              count: strictest.approverCount,
            })
          : t('ask.auto')}
      </Indicator>
      {ends && <Indicator type="info">{t('ask.ends', { time: times.at(ends) })}</Indicator>}
    </SpaceBetween>
  )
}
