import Alert from '@cloudscape-design/components/alert'
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs'
import Link from '@cloudscape-design/components/link'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Textarea from '@cloudscape-design/components/textarea'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { ProposalDetail } from '#contract/proposal.ts'
import { call, failureOf } from '../api.ts'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { NotDone } from '../components/NotDone.tsx'
import { Page } from '../components/Page.tsx'
import { ProposalStatus } from '../components/ProposalStatus.tsx'
import { QuestionModal } from '../components/QuestionModal.tsx'
import { useNames } from '../directory.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { approverPath, eligibilityPath, paths } from '../paths.ts'
import { wordCode, wordFailure } from '../problems.ts'
import { fieldName, proposalTitle, reasonInWords, valueInWords } from '../proposal-words.ts'
import { proposalQuery, queryClient } from '../queries.ts'

type Verb = ProposalDetail['actions'][number]['name']

export function ProposalPage(props: { id: string }): ReactNode {
  const { t } = useWords()
  const query = useQuery(proposalQuery(props.id))
  const { data } = query
  if (!data) {
    return (
      <Page title={t('proposal.title')}>
        {query.isError ? (
          <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton height="20rem" />
        )}
      </Page>
    )
  }
  return <Loaded proposal={data} />
}

function Loaded(props: { proposal: ProposalDetail }): ReactNode {
  const { t } = useWords()
  const { proposal } = props
  const [asking, setAsking] = useState<Verb | null>(null)
  const buttons = { accept: 'primary', refuse: 'normal', withdraw: 'normal' } as const
  return (
    <Page
      title={proposalTitle(proposal, t)}
      {...(proposal.status === 'waiting' ? { lead: t('proposal.lead') } : {})}
      actions={
        <SpaceBetween direction="horizontal" size="xs">
          {proposal.actions.map(({ name, allowed, code, params }) => (
            <Button
              key={name}
              variant={buttons[name]}
              disabled={!allowed}
              {...(code ? { disabledReason: wordCode(code, params ?? {}, t) } : {})}
              onClick={() => setAsking(name)}
            >
              {t(`proposal.${name}`)}
            </Button>
          ))}
        </SpaceBetween>
      }
    >
      <SpaceBetween size="l">
        <Facts proposal={proposal} />
        <Differences proposal={proposal} />
      </SpaceBetween>
      {asking && <WordDialog proposal={proposal} verb={asking} onClose={() => setAsking(null)} />}
    </Page>
  )
}

function Facts(props: { proposal: ProposalDetail }): ReactNode {
  const { t, times } = useWords()
  const { proposal } = props
  const { object, verb, decidedBy, decidedAt, comment } = proposal
  const href = {
    'eligibility-policy': eligibilityPath(object.id),
    'approver-policy': approverPath(object.id),
    setting: paths.settings,
  }[object.type]
  const decided =
    decidedAt === null
      ? []
      : [
          {
            label: t('proposal.decided'),
            value: decidedBy
              ? `${decidedBy.userName}, ${times.at(decidedAt)}`
              : times.at(decidedAt),
          },
        ]
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: t('proposals.status'), value: <ProposalStatus proposal={proposal} /> },
          {
            label: t('proposals.by'),
            value: `${proposal.proposedBy.userName}, ${times.at(proposal.proposedAt)}`,
          },
          ...(proposal.status === 'waiting'
            ? [{ label: t('proposals.until'), value: times.at(proposal.expiresAt) }]
            : decided),
          {
            label: t('proposals.wider'),
            value: proposal.widens.map((reason) => reasonInWords(reason, t)).join(', '),
          },
          ...(comment === null ? [] : [{ label: t('proposal.comment'), value: comment }]),
          ...(verb === 'create'
            ? []
            : [
                {
                  label: t('proposal.object'),
                  value: <Link href={href}>{t('proposal.now')}</Link>,
                },
              ]),
        ]}
      />
    </Container>
  )
}

function Differences(props: { proposal: ProposalDetail }): ReactNode {
  const { t, locale } = useWords()
  const words = { t, locale, names: useNames() }
  const { differences, before, after } = props.proposal
  return (
    <Container header={<Header variant="h2">{t('proposal.differences')}</Header>}>
      <ul className="lines">
        {differences.map((one) => (
          <li key={one.field}>
            <Box variant="awsui-key-label">
              {fieldName(one.field, t)}{' '}
              {one.widens && <Badge color="severity-medium">{t('settings.widens')}</Badge>}
            </Box>
            {before && (
              <div>
                {t('proposal.before')} {valueInWords(one.field, one.before, words)}
              </div>
            )}
            {after && (
              <div>
                {t('proposal.after')} <b>{valueInWords(one.field, one.after, words)}</b>
              </div>
            )}
          </li>
        ))}
      </ul>
    </Container>
  )
}

const dialog = {
  accept: {
    title: 'proposal.acceptTitle',
    text: 'proposal.acceptText',
    done: 'proposal.acceptDone',
  },
  refuse: {
    title: 'proposal.refuseTitle',
    text: 'proposal.refuseText',
    done: 'proposal.refuseDone',
  },
  withdraw: {
    title: 'proposal.withdrawTitle',
    text: 'proposal.withdrawText',
    done: 'proposal.withdrawDone',
  },
} as const

function WordDialog(props: {
  proposal: ProposalDetail
  verb: Verb
  onClose: () => void
}): ReactNode {
  const { t } = useWords()
  const { proposal, verb, onClose } = props
  const [comment, setComment] = useState('')
  const [ending, setEnding] = useState<number | null>(null)
  const [confirmed, setConfirmed] = useState(false)
  const key = proposalQuery(proposal.id).queryKey
  const word = useMutation({
    mutationFn: () =>
      call<ProposalDetail>('POST', `/proposals/${encodeURIComponent(proposal.id)}/${verb}`, {
        body: {
          ...(comment.trim() === '' ? {} : { comment }),
          ...(verb === 'accept' && ending !== null && confirmed ? { confirmEnding: ending } : {}),
        },
      }),
    onSuccess: (after) => {
      queryClient.setQueryData(key, after)
      flash({ type: 'success', text: t(dialog[verb].done) })
      onClose()
    },
    onError: (error) => {
      const failure = failureOf(error)
      const count = failure.kind === 'problem' ? failure.params.count : null
      const isEnding = failure.kind === 'problem' && failure.code === 'ends_live_grants'
      setConfirmed(false)
      setEnding(isEnding && typeof count === 'number' ? count : null)
      void queryClient.invalidateQueries({ queryKey: key })
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ['proposals', 'list'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
    },
  })
  return (
    <QuestionModal
      title={t(dialog[verb].title)}
      confirm={t(`proposal.${verb}`)}
      pending={word.isPending}
      onConfirm={() => word.mutate()}
      onClose={onClose}
    >
      <div>{t(dialog[verb].text, { name: proposal.proposedBy.userName })}</div>
      <FormField label={`${t('proposal.comment')} (${t('word.optional')})`}>
        <Textarea value={comment} onChange={({ detail }) => setComment(detail.value)} />
      </FormField>
      {word.error && ending === null && <NotDone failure={failureOf(word.error)} />}
      {word.error && ending !== null && (
        <Alert type="warning" header={t('refused.nothing')}>
          {wordFailure(failureOf(word.error), t)}
          <Checkbox checked={confirmed} onChange={({ detail }) => setConfirmed(detail.checked)}>
            {t('proposal.confirmEnding', { count: ending })}
          </Checkbox>
        </Alert>
      )}
    </QuestionModal>
  )
}
