import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Submission, TargetPreview } from '#contract/request.ts'
import { useDelayed } from '../../delayed.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { requestPath } from '../../paths.ts'
import { wordCode } from '../../problems.ts'
import { previewQuery } from '../../queries.ts'
import { Indicator } from '../Indicator.tsx'
import { LoadFailure } from '../LoadFailure.tsx'

const restMs = 300

/** What will happen if this is sent, before it is sent: the server's own answer, never a guess. */
export function PreviewPanel(props: { submission: Submission | null }): ReactNode {
  const { t } = useWords()
  // Prose changes nothing about the answer but would ask again with every letter.
  const target = props.submission ? { ...props.submission, justification: '-' } : null
  const rested = useRested(target)
  const preview = useQuery({
    ...previewQuery(rested ?? { targets: [], durationMinutes: 1 }),
    enabled: rested !== null,
  })
  const first = rested === null ? undefined : preview.data?.targets[0]
  return (
    <Container header={<Header variant="h2">{t('ask.panel')}</Header>}>
      <div className="preview-panel" aria-live="polite" aria-busy={preview.isFetching}>
        {preview.isError && rested !== null ? (
          <LoadFailure error={preview.error} onRetry={() => void preview.refetch()} />
        ) : first ? (
          <Answer preview={first} isPlanned={Boolean(rested?.startsAt)} />
        ) : rested !== null && preview.isLoading ? (
          <Indicator type="loading">{t('word.loading')}</Indicator>
        ) : (
          <Box color="text-body-secondary">{t('ask.panelEmpty')}</Box>
        )}
      </div>
    </Container>
  )
}

function useRested(submission: Submission | null): Submission | null {
  const text = useDelayed(submission === null ? '' : JSON.stringify(submission), restMs)
  // Written two lines above.
  return text === '' ? null : (JSON.parse(text) as Submission)
}

function Answer(props: { preview: TargetPreview; isPlanned: boolean }): ReactNode {
  const { t, times } = useWords()
  const { preview, isPlanned } = props
  if (!preview.allowed) return <Refused preview={preview} />
  const { approvalsRequired: needed, approverCount: count } = preview
  const held = { group: 'ask.heldGroup', unknown: 'ask.heldUnknown' } as const
  return (
    <SpaceBetween size="m">
      <Indicator type="success">{t('ask.allowed')}</Indicator>
      <div>
        {preview.approvalRequired ? (
          <Indicator type="pending" colorOverride="blue">
            {t('ask.who', { needed, count })}
          </Indicator>
        ) : (
          <Indicator type="info">{t('ask.auto')}</Indicator>
        )}
      </div>
      {preview.endsAbout && (
        <Indicator type="info">
          {t(isPlanned ? 'ask.endsScheduled' : 'ask.ends', { time: times.at(preview.endsAbout) })}
        </Indicator>
      )}
      {preview.sessionsMayLiveUntil && (
        <Indicator type="warning">
          {t('overrun', { time: times.at(preview.sessionsMayLiveUntil) })}
        </Indicator>
      )}
      {(preview.held === 'group' || preview.held === 'unknown') && (
        <Indicator type={preview.held === 'group' ? 'warning' : 'info'}>
          {t(held[preview.held])}
        </Indicator>
      )}
      <Why preview={preview} />
    </SpaceBetween>
  )
}

function Refused(props: { preview: TargetPreview }): ReactNode {
  const { t } = useWords()
  const { preview } = props
  const failed = preview.explanation.failedPart
  const params: Readonly<Record<string, unknown>> = {
    ...(failed ? { failed } : {}),
    ...preview.params,
  }
  const earlier = params.requestId
  return (
    <SpaceBetween size="m">
      <Alert type="error" header={t('ask.refused')}>
        {wordCode(preview.code ?? 'unexpected', params, t)}
        {typeof earlier === 'string' && (
          <Box variant="p">
            <Link href={requestPath(earlier)}>{t('request.title')}</Link>
          </Box>
        )}
      </Alert>
      <Why preview={preview} />
    </SpaceBetween>
  )
}

function Why(props: { preview: TargetPreview }): ReactNode {
  const { t, times } = useWords()
  const { policies, ownWidening } = props.preview.explanation
  const words = (policy: (typeof policies)[number]) => {
    const missed = missedParts(policy, t)
    if (missed.length > 0) return t('ask.whyNot', { parts: missed.join(', ') })
    return t('ask.whyMatches', {
      duration: times.duration(policy.maxDurationMinutes),
      approval: t(policy.approvalRequired ? 'ask.setApproval' : 'ask.setNoApproval'),
    })
  }
  return (
    <ExpandableSection headerText={t('ask.why')}>
      {ownWidening && <Box variant="p">{t('ask.ownWidening')}</Box>}
      {policies.length === 0 ? (
        t('ask.noPolicies')
      ) : (
        <ul>
          {policies.map((policy) => (
            <li key={policy.policyId}>
              {t('ask.whyPolicy', { id: policy.policyId.slice(0, 8) })} {words(policy)}
            </li>
          ))}
        </ul>
      )}
    </ExpandableSection>
  )
}

function missedParts(
  policy: TargetPreview['explanation']['policies'][number],
  t: Translate,
): string[] {
  return [
    ...(policy.subject ? [] : [t('ask.partSubject')]),
    ...(policy.account ? [] : [t('ask.partAccount')]),
    ...(policy.permissionSet ? [] : [t('ask.partSet')]),
  ]
}
