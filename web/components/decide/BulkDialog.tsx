import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import FormField from '@cloudscape-design/components/form-field'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Request, SubmissionDecided } from '#contract/request.ts'
import { call, type Failure, failureOf } from '../../api.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { wordCode, wordField } from '../../problems.ts'
import { queryClient, requestQuery } from '../../queries.ts'
import { FieldLabel } from '../FieldLabel.tsx'
import { Indicator } from '../Indicator.tsx'
import { NotDone } from '../NotDone.tsx'
import { QuestionModal } from '../QuestionModal.tsx'
import { targetName } from '../Target.tsx'
import {
  bySubmission,
  mayDecide,
  needsOwnTick,
  type Result,
  tallyOf,
  tickedAtFirst,
  type Verb,
} from './decide-together.ts'

interface Props {
  readonly requests: readonly Request[]
  readonly verb: Verb
  readonly onClose: () => void
}

/** Lists each; what reaches administrator level is included by a tick of its own alone. */
export function BulkDialog(props: Props): ReactNode {
  const { t } = useWords()
  const { requests, verb, onClose } = props
  const [ticked, setTicked] = useState(() => tickedAtFirst(requests, verb))
  const [comment, setComment] = useState('')
  const deciding = useDecide(requests, verb)
  const chosen = requests.filter(({ id }) => ticked.has(id))
  const { results, failure } = deciding
  const tick = (id: string, on: boolean) =>
    setTicked((before) => new Set([...before].filter((one) => one !== id).concat(on ? id : [])))
  if (results.length > 0) {
    const open = new Set(results.filter(isUnsure).map(({ requestId }) => requestId))
    for (const { id } of chosen) if (!results.some((one) => one.requestId === id)) open.add(id)
    const again = chosen.filter(({ id }) => open.has(id))
    return (
      <Outcome
        results={results}
        failure={failure}
        verb={verb}
        onAgain={again.length === 0 ? null : () => deciding.decide(again, comment)}
        onClose={onClose}
      />
    )
  }
  const commentError = wordField(failure, 'comment', t)
  return (
    <QuestionModal
      title={t(verb === 'approve' ? 'bulk.approveTitle' : 'bulk.rejectTitle', {
        n: requests.length,
      })}
      confirm={t(verb === 'approve' ? 'bulk.approve' : 'bulk.reject', { n: chosen.length })}
      pending={deciding.pending}
      confirmDisabled={chosen.length === 0}
      onConfirm={() => deciding.decide(chosen, comment)}
      onClose={onClose}
    >
      <NotDone failure={failure} fields={['comment']} />
      <ul className="plain-list">
        {requests.map((request) => (
          <li key={request.id}>
            <Row request={request} verb={verb} checked={ticked.has(request.id)} onTick={tick} />
          </li>
        ))}
      </ul>
      <FormField
        label={<FieldLabel text={t('act.comment')} optional />}
        description={t('act.commentHelp')}
        errorText={commentError ?? ''}
      >
        <Textarea value={comment} rows={3} onChange={({ detail }) => setComment(detail.value)} />
      </FormField>
    </QuestionModal>
  )
}

/** One call a submission; what was answered before one fails is kept and shown. */
function useDecide(requests: readonly Request[], verb: Verb) {
  const [results, setResults] = useState<readonly Result[]>([])
  const mutation = useMutation({
    mutationFn: async (asked: { chosen: readonly Request[]; comment: string }) => {
      for (const [submissionId, requestIds] of bySubmission(asked.chosen)) {
        const path = `/submissions/${encodeURIComponent(submissionId)}/${verb}`
        const comment = asked.comment.trim() === '' ? null : asked.comment
        const answer = await call<SubmissionDecided>('POST', path, {
          body: { comment, requestIds },
        })
        for (const { request } of answer.results) {
          queryClient.setQueryData(requestQuery(request.id).queryKey, request)
        }
        const answered = new Set(answer.results.map(({ requestId }) => requestId))
        setResults((before) => [
          ...before.filter(({ requestId }) => !answered.has(requestId)),
          ...answer.results,
        ])
      }
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ['requests'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
    },
  })
  return {
    results: mutation.isPending ? [] : inOrder(requests, results),
    pending: mutation.isPending,
    failure: mutation.error ? failureOf(mutation.error) : null,
    decide: (chosen: readonly Request[], comment: string) => mutation.mutate({ chosen, comment }),
  }
}

const isUnsure = ({ code }: Result) => code === 'unconfirmed_with_aws'

function inOrder(requests: readonly Request[], results: readonly Result[]): readonly Result[] {
  return requests.flatMap(({ id }) => results.find((one) => one.requestId === id) ?? [])
}

function Row(props: {
  request: Request
  verb: Verb
  checked: boolean
  onTick: (id: string, on: boolean) => void
}): ReactNode {
  const { t, times } = useWords()
  const { request, verb } = props
  const allowed = mayDecide(request, verb)
  const action = request.actions.find(({ name }) => name === verb)
  const name = request.requester.displayName
  return (
    <Checkbox
      checked={props.checked}
      disabled={!allowed}
      description={
        <>
          {name} · {times.duration(request.durationMinutes)}
          {allowed ? '' : ` · ${wordCode(action?.code ?? 'not_allowed', action?.params ?? {}, t)}`}
          <br />
          {request.justification}
        </>
      }
      onChange={({ detail }) => props.onTick(request.id, detail.checked)}
    >
      {targetName(request, t)}{' '}
      {allowed && needsOwnTick(request, verb) && (
        <Badge color="severity-medium">
          {t(request.hints?.level === 'admin' ? 'bulk.admin' : 'bulk.unknown')}
        </Badge>
      )}
    </Checkbox>
  )
}

function Outcome(props: {
  results: readonly Result[]
  failure: Failure | null
  verb: Verb
  /** For those that AWS could not confirm and those that were not reached. */
  onAgain: (() => void) | null
  onClose: () => void
}): ReactNode {
  const { t } = useWords()
  const { results, failure, verb, onAgain } = props
  return (
    <Modal
      visible
      header={summary(results, verb, t)}
      closeAriaLabel={t('do.close')}
      onDismiss={props.onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            {onAgain && <Button onClick={onAgain}>{t('do.tryAgain')}</Button>}
            <Button variant="primary" onClick={props.onClose}>
              {t('do.close')}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <NotDone failure={failure} />
        <ul className="plain-list">
          {results.map((result) => (
            <li key={result.requestId}>
              <b>{targetName(result.request, t)}</b> · {result.request.requester.displayName}
              <div>
                <ResultLine result={result} />
              </div>
            </li>
          ))}
        </ul>
      </SpaceBetween>
    </Modal>
  )
}

function ResultLine(props: { result: Result }): ReactNode {
  const { t, times } = useWords()
  const { result } = props
  const { outcome, request } = result
  if (outcome === 'approved') {
    const waits = request.status === 'pending'
    return <Indicator type="success">{t(waits ? 'bulk.voted' : 'decision.approved')}</Indicator>
  }
  if (outcome === 'rejected') return <Indicator type="stopped">{t('decision.rejected')}</Indicator>
  const { byName } = (result.params ?? {}) as { readonly byName?: unknown }
  const last = request.approvals.at(-1)
  if (result.code === 'already_decided' && typeof byName === 'string' && last) {
    const words = t('act.decidedBy', { name: byName, time: times.at(last.at) })
    return <Indicator type="info">{words}</Indicator>
  }
  return (
    <Indicator type="error">
      {wordCode(result.code ?? 'unexpected', result.params ?? {}, t, result.detail)}
    </Indicator>
  )
}

/** `2 approved, 1 already decided by carol` */
function summary(results: readonly Result[], verb: Verb, t: Translate): string {
  const { recorded, byOthers, refused } = tallyOf(results)
  const words = verb === 'approve' ? 'bulk.nApproved' : 'bulk.nRejected'
  return [
    ...(recorded > 0 ? [t(words, { n: recorded })] : []),
    ...byOthers.map(({ name, n }) => t('bulk.nByOther', { n, name })),
    ...(refused > 0 ? [t('bulk.nRefused', { n: refused })] : []),
  ].join(t('word.comma'))
}
