import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import ColumnLayout from '@cloudscape-design/components/column-layout'
import Link from '@cloudscape-design/components/link'
import Modal from '@cloudscape-design/components/modal'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { AccessExplanation, ApproverPolicyVerdict, PolicyVerdict } from '#contract/access.ts'
import { useNow } from '../../clock.ts'
import { type Translate, useWords } from '../../i18n.tsx'
import { approverPath, eligibilityPath } from '../../paths.ts'
import { wordCode } from '../../problems.ts'
import { explainQuery } from '../../queries.ts'
import { setSearch } from '../../router.ts'
import { durationText } from '../../time.ts'
import { LoadFailure } from '../LoadFailure.tsx'
import { PrincipalField } from '../policy/PrincipalField.tsx'
import { AccountField, type Named, SetField } from './SubjectPicker.tsx'
import { type Explained, explainText } from './state.ts'

/** Why somebody may or may not ask for a target; what is missing of the question is asked first. */
export function ExplainModal(props: {
  explain: Explained | null
  account: Named | null
  person: Named | null
}): ReactNode {
  const { t } = useWords()
  const close = () => setSearch({ explain: null })
  return (
    <Modal
      visible
      size="large"
      header={t('explore.explain')}
      closeAriaLabel={t('do.close')}
      onDismiss={close}
      footer={
        <Box float="right">
          <Button variant="primary" onClick={close}>
            {t('do.close')}
          </Button>
        </Box>
      }
    >
      {props.explain ? (
        <Explanation explain={props.explain} />
      ) : (
        <Question account={props.account} person={props.person} />
      )}
    </Modal>
  )
}

function Question(props: { account: Named | null; person: Named | null }): ReactNode {
  const { t } = useWords()
  const [accountId, setAccountId] = useState(props.account?.id ?? '')
  const [person, setPerson] = useState(props.person)
  const [permissionSetArn, setSet] = useState('')
  const show = () => {
    const explained = { userId: person?.id ?? '', accountId, permissionSetArn }
    setSearch({ explain: explainText(explained) })
  }
  const named = (id: string, known: Named | null) =>
    id === '' ? null : { id, name: known?.id === id ? known.name : id }
  return (
    <SpaceBetween size="l">
      <ColumnLayout columns={3}>
        <PrincipalField
          label={t('explore.person')}
          type="user"
          value={person}
          disabled={false}
          error=""
          onChange={setPerson}
        />
        <AccountField
          label={t('explore.account')}
          value={named(accountId, props.account)}
          onChange={setAccountId}
        />
        <SetField
          label={t('explore.set')}
          value={named(permissionSetArn, null)}
          onChange={setSet}
        />
      </ColumnLayout>
      <Button
        disabled={person === null || accountId === '' || permissionSetArn === ''}
        onClick={show}
      >
        {t('explore.explainDo')}
      </Button>
    </SpaceBetween>
  )
}

function Explanation({ explain }: { explain: Explained }): ReactNode {
  const query = useQuery(explainQuery(explain))
  if (query.isError) {
    return <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
  }
  if (!query.data) return <Skeleton height="12rem" />
  return <Found found={query.data} />
}

function Found({ found }: { found: AccessExplanation }): ReactNode {
  const { t, times } = useWords()
  const now = useNow()
  const { decision, person } = found
  const what = {
    name: person.displayName,
    set: found.permissionSet?.name ?? decision.permissionSetArn,
    account: found.account?.name ?? decision.accountId,
  }
  const time = found.readAt === null ? t('explore.never') : times.brief(found.readAt, now)
  return (
    <SpaceBetween size="l">
      <Alert
        type={decision.allowed ? 'success' : 'warning'}
        header={t(decision.allowed ? 'explore.may' : 'explore.mayNot', what)}
      >
        {decision.allowed
          ? terms(found, t)
          : wordCode(decision.code ?? '', decision.params ?? {}, t)}
        {decision.explanation.nearMisses.map((miss) => (
          <Box key={miss} variant="p">
            {t(`near.${miss}`)}
          </Box>
        ))}
        <Box variant="small" display="block">
          {t(`explore.held.${decision.held}`)} · {t('explore.readAt', { time })}
        </Box>
      </Alert>
      <Section
        title={t('explore.eligibility', { count: found.policyCount, total: found.policiesTotal })}
        empty={t('explore.noPolicy')}
      >
        {found.policies.map((policy) => (
          <li key={policy.policyId}>
            <Link href={eligibilityPath(policy.policyId)}>
              {t('ask.whyPolicy', { id: policy.policyId.slice(0, 8) })}
            </Link>{' '}
            {t('explore.forSubject', { name: policy.subject.name })}: {verdict(policy, t)}
          </li>
        ))}
      </Section>
      <Section
        title={t('explore.approverPolicies', { count: found.approverPolicyCount })}
        empty={t('explore.noApproverPolicy')}
      >
        {found.approverPolicies.map((policy) => (
          <li key={policy.policyId}>
            <Link href={approverPath(policy.policyId)}>
              {t('ask.whyPolicy', { id: policy.policyId.slice(0, 8) })}
            </Link>{' '}
            {policy.groups.map(({ displayName }) => displayName).join(', ')}:{' '}
            {approverVerdict(policy, t)}
          </li>
        ))}
      </Section>
      <Section
        title={t('explore.approversOf', { count: found.approverCount })}
        empty={t('explore.noApprovers')}
      >
        {found.approvers.map((one) => (
          <li key={one.userId}>
            {t('person.name', { name: one.displayName, userName: one.userName })} –{' '}
            {one.groups.map(({ displayName }) => displayName).join(', ')}
          </li>
        ))}
      </Section>
      {found.requesterIsApprover && <Box variant="p">{t('explore.ownRequest')}</Box>}
    </SpaceBetween>
  )
}

function Section(props: { title: string; empty: string; children: ReactNode[] }): ReactNode {
  return (
    <div>
      <Box variant="h3">{props.title}</Box>
      {props.children.length === 0 ? props.empty : <ul>{props.children}</ul>}
    </div>
  )
}

function terms({ decision }: AccessExplanation, t: Translate): string {
  const { approvalsRequired: needed, approverCount: count, explanation } = decision
  const duration = durationText(explanation.maxDurationMinutes ?? 0, t)
  const approval = decision.approvalRequired ? t('ask.who', { needed, count }) : t('ask.auto')
  return `${t('explore.upTo', { duration })} · ${approval}`
}

function verdict(policy: PolicyVerdict, t: Translate): string {
  if (policy.counts) {
    return t('ask.whyMatches', {
      duration: durationText(policy.maxDurationMinutes, t),
      approval: t(policy.approvalRequired ? 'ask.setApproval' : 'ask.setNoApproval'),
    })
  }
  const parts = [
    ...(policy.enabled ? [] : [t('explore.partOff')]),
    ...(policy.subjectMatches ? [] : [t('explore.partSubject')]),
    ...(policy.accountMatches ? [] : [t('ask.partAccount')]),
    ...(policy.permissionSetMatches ? [] : [t('ask.partSet')]),
  ]
  return parts.length === 0 ? t('explore.noSay') : t('ask.whyNot', { parts: parts.join(', ') })
}

function approverVerdict(policy: ApproverPolicyVerdict, t: Translate): string {
  if (policy.counts) {
    return t('explore.decides', { needed: policy.approvalsRequired, able: policy.able })
  }
  const parts = [
    ...(policy.enabled ? [] : [t('explore.partOff')]),
    ...(policy.permissionSetMatches ? [] : [t('ask.partSet')]),
    ...(policy.pushedAside ? [t('explore.partAside')] : []),
  ]
  return t('ask.whyNot', { parts: parts.join(', ') })
}
