import Box from '@cloudscape-design/components/box'
import FormField from '@cloudscape-design/components/form-field'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Request, ReviewGiven, ReviewOutcome } from '#contract/request.ts'
import { call, failureOf } from '../api.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { requestPath } from '../paths.ts'
import { wordField } from '../problems.ts'
import { queryClient, requestQuery } from '../queries.ts'
import { NotDone } from './NotDone.tsx'
import { QuestionModal } from './QuestionModal.tsx'
import { targetName } from './Target.tsx'

const outcomes: readonly ReviewOutcome[] = ['justified', 'not_justified']

/** Neither answer is chosen beforehand, and either needs a word why. */
export function ReviewDialog(props: { request: Request; onClose: () => void }): ReactNode {
  const { t } = useWords()
  const { request, onClose } = props
  const [outcome, setOutcome] = useState<ReviewOutcome | null>(null)
  const [comment, setComment] = useState('')
  const [tried, setTried] = useState(false)
  const send = useReview(request, onClose)
  const failure = send.error ? failureOf(send.error) : null
  const noComment = comment.trim() === ''
  const commentError =
    (tried && noComment && t('code.comment_required')) || wordField(failure, 'comment', t)
  const onConfirm = () => {
    setTried(true)
    if (outcome !== null && !noComment) send.mutate({ outcome, comment })
  }
  return (
    <QuestionModal
      title={t('review.title', {
        name: request.requester.displayName,
        set: request.permissionSetName,
        account: request.accountName,
      })}
      confirm={t('act.review')}
      pending={send.isPending}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <div>{t('review.text')}</div>
      <div>
        <Box variant="awsui-key-label">{t('col.justification')}</Box>
        <div className="free-text">{request.justification || t('word.none')}</div>
      </div>
      <NotDone failure={failure} fields={['comment']} />
      <FormField
        label={t('review.outcome')}
        errorText={tried && outcome === null ? t('review.outcomeMissing') : ''}
      >
        <RadioGroup
          value={outcome}
          onChange={({ detail }) =>
            setOutcome(outcomes.find((one) => one === detail.value) ?? null)
          }
          items={outcomes.map((value) => ({ value, label: t(`review.${value}`) }))}
        />
      </FormField>
      <FormField
        label={t('act.comment')}
        description={t('review.commentHelp')}
        errorText={commentError ?? ''}
        stretch
      >
        <Textarea value={comment} rows={3} onChange={({ detail }) => setComment(detail.value)} />
      </FormField>
    </QuestionModal>
  )
}

function useReview(request: Request, onDone: () => void) {
  const { t } = useWords()
  return useMutation({
    mutationFn: (body: ReviewGiven) =>
      call<Request>('POST', `/requests/${encodeURIComponent(request.id)}/review`, { body }),
    onSuccess: (after) => {
      queryClient.setQueryData(requestQuery(request.id).queryKey, after)
      void queryClient.invalidateQueries({ queryKey: ['requests'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
      const target = targetName(after, t)
      const text = t('review.done', { target, name: after.requester.displayName })
      flash({ type: 'success', text, link: { href: requestPath(after.id), text: t('flash.open') } })
      onDone()
    },
    onError: () => void queryClient.invalidateQueries({ queryKey: ['requests'] }),
  })
}
