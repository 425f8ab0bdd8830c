import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import ExpandableSection from '@cloudscape-design/components/expandable-section'
import Header from '@cloudscape-design/components/header'
import Link from '@cloudscape-design/components/link'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { Preview, TargetPreview } from '#contract/request.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { requestPath } from '../../paths.ts'
import { wordCode } from '../../problems.ts'
import { requestsQuery } from '../../queries.ts'
import { Indicator } from '../Indicator.tsx'
import { LoadFailure } from '../LoadFailure.tsx'
import { isRefused, type usePreview } from './use-preview.ts'

const myActiveQuery = requestsQuery({ view: 'active', limit: 200 })

export interface PanelProps {
  readonly answer: ReturnType<typeof usePreview>
  /** The name of a target, as its row has it. */
  readonly nameOf: (target: TargetPreview) => string
  readonly onRemove: (target: TargetPreview) => void
}

/** What will happen if this is sent, before it is sent: the server's own answer, never a guess. */
export function PreviewPanel(props: PanelProps): ReactNode {
  const { t } = useWords()
  const { query, rested, preview } = props.answer
  return (
    <Container header={<Header variant="h2">{t('ask.panel')}</Header>}>
      <div className="preview-panel" aria-live="polite" aria-busy={query.isFetching}>
        {query.isError && rested !== null ? (
          <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
        ) : preview ? (
          <Targets {...props} preview={preview} isPlanned={Boolean(rested?.startsAt)} />
        ) : rested !== null && query.isLoading ? (
          <Indicator type="loading">{t('word.loading')}</Indicator>
        ) : (
          <Box color="text-body-secondary">{t('ask.panelEmpty')}</Box>
        )}
      </div>
    </Container>
  )
}

function Targets(props: PanelProps & { preview: Preview; isPlanned: boolean }): ReactNode {
  const { t } = useWords()
  const { preview } = props
  const { targets } = preview
  const refused = targets.filter((target) => isRefused(target, preview))
  const isOne = targets.length === 1
  return (
    <SpaceBetween size="l">
      {!isOne && refused.length > 0 && (
        <Alert type="error">{t('ask.blocksAll', { n: refused.length })}</Alert>
      )}
      {targets.map((target, position) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a target named twice is there twice
        <section key={`${position} ${target.accountId} ${target.permissionSetArn}`}>
          <SpaceBetween size="xs">
            {!isOne && <Box variant="h3">{props.nameOf(target)}</Box>}
            {isRefused(target, preview) ? (
              <Refused preview={target} />
            ) : (
              <Allowed preview={target} isPlanned={props.isPlanned} />
            )}
            <Why preview={target} />
            {!isOne && isRefused(target, preview) && (
              <Button
                formAction="none"
                ariaLabel={t('ask.removeTarget', { account: props.nameOf(target) })}
                onClick={() => props.onRemove(target)}
              >
                {t('ask.remove')}
              </Button>
            )}
          </SpaceBetween>
        </section>
      ))}
    </SpaceBetween>
  )
}

function Allowed(props: { preview: TargetPreview; isPlanned: boolean }): ReactNode {
  const { t, times } = useWords()
  const { preview, isPlanned } = props
  const held = { group: 'ask.heldGroup', unknown: 'ask.heldUnknown' } as const
  return (
    <SpaceBetween size="xs">
      <Indicator type="success">{t('ask.allowed')}</Indicator>
      <Approvers preview={preview} />
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
      <HeldThroughTeam preview={preview} />
    </SpaceBetween>
  )
}

function Approvers(props: { preview: TargetPreview }): ReactNode {
  const { t } = useWords()
  const { approvalRequired, approvalsRequired, approverCount, approverNames } = props.preview
  if (!approvalRequired) return <Indicator type="info">{t('ask.auto')}</Indicator>
  const more = approverCount - approverNames.length
  return (
    <div>
      <Indicator type="pending" colorOverride="blue">
        {t('ask.who', { needed: approvalsRequired, count: approverCount })}
      </Indicator>
      {approverNames.length > 0 && (
        <Box variant="small" display="block" color="text-body-secondary">
          {t(more > 0 ? 'ask.namesAndMore' : 'ask.names', {
            names: approverNames.join(t('word.comma')),
            more,
          })}
        </Box>
      )}
    </div>
  )
}

/** More of the same can be asked for, but prolonging what is there has no gap. */
function HeldThroughTeam(props: { preview: TargetPreview }): ReactNode {
  const { t, times } = useWords()
  const mine = useQuery(myActiveQuery)
  const { accountId, permissionSetArn } = props.preview
  const active = (mine.data?.items ?? []).find(
    (one) =>
      one.status === 'active' &&
      one.accountId === accountId &&
      one.permissionSetArn === permissionSetArn,
  )
  if (!active?.endsAt) return null
  const canExtend = active.actions.some(({ name, allowed }) => name === 'extend' && allowed)
  const to = requestPath(active.id)
  return (
    <div>
      <Indicator type="info">{t('ask.heldByTeam', { time: times.at(active.endsAt) })}</Indicator>{' '}
      <Link href={canExtend ? `${to}?do=extend` : to}>
        {t(canExtend ? 'act.extend' : 'request.title')}
      </Link>
    </div>
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
    <Alert type="error" header={t('ask.refused')}>
      {wordCode(preview.code ?? 'unexpected', params, t)}
      {typeof earlier === 'string' && (
        <Box variant="p">
          <Link href={requestPath(earlier)}>{t('request.title')}</Link>
        </Box>
      )}
    </Alert>
  )
}

function Why(props: { preview: TargetPreview }): ReactNode {
  const { t, times } = useWords()
  const { policies, nearMisses, policyCount, ownWidening } = props.preview.explanation
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
      {nearMisses.map((miss) => (
        <Box key={miss} variant="p">
          {t(`near.${miss}`)}
        </Box>
      ))}
      {policies.length === 0 ? (
        t('ask.noPolicies')
      ) : (
        <ul>
          {policies.map((policy) => (
            <li key={policy.policyId}>
              {t('ask.whyPolicy', { id: policy.policyId.slice(0, 8) })} {words(policy)}
            </li>
          ))}
          {policyCount > policies.length && (
            <li>{t('explore.more', { count: policyCount - policies.length })}</li>
          )}
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
