import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { type ReactNode, useState } from 'react'
import type { Preview, Submission } from '#contract/request.ts'
import type { Failure } from '../../api.ts'
import { useWords } from '../../i18n.tsx'
import { paths } from '../../paths.ts'
import { Indicator } from '../Indicator.tsx'
import { NotDone } from '../NotDone.tsx'
import { SaveFavourite } from './SaveFavourite.tsx'
import { isRefused } from './use-preview.ts'

const fields = ['breakGlass', 'targets', 'durationMinutes', 'startsAt', 'justification', 'ticket']

export function SendRow(props: {
  submission: Submission | null
  preview: Preview | undefined
  failure: Failure | null
  wrong: boolean
  pending: boolean
  onSummary: () => void
}): ReactNode {
  const { t } = useWords()
  const { failure, submission } = props
  const [saving, setSaving] = useState(false)
  return (
    <SpaceBetween size="s">
      <NotDone failure={failure} fields={fields} />
      {props.wrong && (
        <Box color="text-status-error" textAlign="right">
          {t('ask.fixFirst')}
        </Box>
      )}
      <div className="ask-summary">
        <Summary {...props} />
      </div>
      <div className="ask-buttons">
        <Button
          variant="link"
          formAction="none"
          disabled={submission === null}
          disabledReason={t('ask.saveFirst')}
          onClick={() => setSaving(true)}
        >
          {t('ask.save')}
        </Button>
        <span className="buttons-gap" />
        <span className="ask-cancel">
          <Button variant="link" href={paths.home}>
            {t('do.dismiss')}
          </Button>
        </span>
        <Button variant="primary" formAction="submit" loading={props.pending}>
          {t('ask.send')}
        </Button>
      </div>
      {saving && submission && (
        <SaveFavourite submission={submission} onClose={() => setSaving(false)} />
      )}
    </SpaceBetween>
  )
}

/** Where the panel is far below: one line of it, which leads there. */
function Summary(props: {
  preview: Preview | undefined
  submission: Submission | null
  onSummary: () => void
}): ReactNode {
  const { t, times } = useWords()
  const { preview, submission } = props
  if (!preview || !submission) return null
  const refused = preview.targets.filter((target) => isRefused(target, preview)).length
  const waits = preview.targets.filter(({ approvalRequired }) => approvalRequired).length
  const duration = times.duration(submission.durationMinutes)
  const n = preview.targets.length
  return (
    <>
      <Indicator type={refused > 0 ? 'error' : 'success'}>
        {refused > 0
          ? t('ask.summaryRefused', { n: refused })
          : t('ask.summary', {
              n,
              duration,
              approval: t(waits > 0 ? 'ask.setApproval' : 'ask.setNoApproval'),
            })}
      </Indicator>{' '}
      <Button variant="inline-link" formAction="none" onClick={props.onSummary}>
        {t('ask.summaryOpen')}
      </Button>
    </>
  )
}
