import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import Input from '@cloudscape-design/components/input'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { ApproverPolicy, ApproverPolicyBody } from '#contract/policy.ts'
import { failureOf } from '../api.ts'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { focusFirstInvalid } from '../components/PageForm.tsx'
import { NoteFields } from '../components/policy/NoteFields.tsx'
import { PolicyShell } from '../components/policy/PolicyShell.tsx'
import { GroupsField } from '../components/policy/PrincipalField.tsx'
import { SetsField } from '../components/policy/SetsField.tsx'
import {
  draftOfTargets,
  type TargetsDraft,
  TargetsFields,
  targetsAreComplete,
  targetsOfDraft,
} from '../components/policy/TargetsFields.tsx'
import { usePolicy } from '../components/policy/use-policy.ts'
import { useNames } from '../directory.ts'
import { wholeNumber } from '../duration.ts'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { groupsInWords, setsInWords, targetsInWords } from '../policy-words.ts'
import { wordField } from '../problems.ts'
import { policyQuery, useMe } from '../queries.ts'
import type { PageProps } from '../routes.tsx'
import { NotFound } from './ErrorPages.tsx'

const approvalsMax = 5

interface Draft {
  readonly targets: TargetsDraft
  readonly limited: boolean
  readonly permissionSets: readonly string[]
  readonly approverGroups: readonly string[]
  readonly approvalsRequired: string
  readonly exclusive: boolean
  readonly enabled: boolean
  readonly ticket: string
  readonly note: string
}

function draftOf(policy: ApproverPolicy | null): Draft {
  return {
    targets: draftOfTargets(
      policy?.targets ?? { accounts: [], organizationalUnits: [], root: false },
    ),
    limited: Boolean(policy?.permissionSets),
    permissionSets: policy?.permissionSets ?? [],
    approverGroups: policy?.approverGroups ?? [],
    approvalsRequired: String(policy?.approvalsRequired ?? 1),
    exclusive: policy?.exclusive ?? false,
    enabled: policy?.enabled ?? true,
    ticket: policy?.ticket ?? '',
    note: policy?.note ?? '',
  }
}

function approvalsIn(draft: Draft): number | null {
  const count = wholeNumber(draft.approvalsRequired)
  return count !== null && count >= 1 && count <= approvalsMax ? count : null
}

function bodyOf(draft: Draft): ApproverPolicyBody {
  return {
    targets: targetsOfDraft(draft.targets),
    permissionSets: draft.limited ? [...draft.permissionSets] : null,
    approverGroups: [...draft.approverGroups],
    approvalsRequired: approvalsIn(draft) ?? 1,
    exclusive: draft.exclusive,
    ticket: draft.ticket.trim() === '' ? null : draft.ticket,
    note: draft.note,
    enabled: draft.enabled,
  }
}

function isComplete(draft: Draft): boolean {
  return (
    targetsAreComplete(draft.targets) &&
    draft.approverGroups.length > 0 &&
    approvalsIn(draft) !== null &&
    (!draft.limited || draft.permissionSets.length > 0)
  )
}

export function ApproverPolicyPage(props: PageProps): ReactNode {
  const { t } = useWords()
  const isNew = props.id === ''
  const query = useQuery({ ...policyQuery('approver-policies', props.id), enabled: !isNew })
  if (isNew) {
    return (
      <Page title={t('appr.newTitle')} lead={t('appr.lead')}>
        <Editor loaded={null} />
      </Page>
    )
  }
  const failure = query.error ? failureOf(query.error) : null
  if (failure?.kind === 'problem' && [400, 404].includes(failure.status)) return <NotFound />
  return (
    <Page title={t('appr.editTitle')} lead={t('appr.lead')}>
      {query.data ? (
        <Editor loaded={query.data} />
      ) : failure ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height="20rem" />
      )}
    </Page>
  )
}

const fields = [
  'targets',
  'permissionSets',
  'approverGroups',
  'approvalsRequired',
  'ticket',
  'note',
]

function Editor(props: { loaded: ApproverPolicy | null }): ReactNode {
  const { t } = useWords()
  const { loaded } = props
  const readOnly = !useMe().roles.includes('admin')
  const [tried, setTried] = useState(false)
  const editing = usePolicy({
    kind: 'approver-policies',
    loaded,
    draftOf,
    words: { created: 'appr.created', saved: 'appr.saved', deleted: 'appr.deleted' },
    listPath: paths.approvers,
  })
  const { draft, change, failure } = editing
  const { groups, effect } = useDraftWords(draft)
  const disabled = readOnly || editing.showing === 'theirs'
  const check = () => {
    setTried(true)
    if (!isComplete(draft)) focusFirstInvalid()
    return isComplete(draft)
  }
  const error = (field: string) => wordField(failure, field, t) ?? ''
  return (
    <PolicyShell
      kind="approver-policies"
      label={t('appr.title')}
      loaded={loaded}
      body={bodyOf(draft)}
      effect={effect}
      listPath={paths.approvers}
      readOnly={readOnly}
      failure={failure}
      fields={fields}
      saving={editing.saving}
      removing={editing.removing}
      check={check}
      isComplete={isComplete(draft)}
      onSave={(confirmEnding) => editing.save(bodyOf(draft), confirmEnding)}
      onRemove={editing.remove}
      onRestore={editing.restore}
      mine={{ ...bodyOf(editing.mine) }}
      deleteTitle={t('appr.deleteTitle')}
      deleteText={t('appr.deleteText', { groups })}
      theirs={editing.theirs}
      showing={editing.showing}
      onShow={editing.show}
    >
      <WhoFields draft={draft} change={change} disabled={disabled} tried={tried} error={error} />
      <TargetsFields
        value={draft.targets}
        onChange={(targets) => change({ targets })}
        disabled={disabled}
        showErrors={tried}
        error={error('targets')}
      />
      <LimitFields draft={draft} change={change} disabled={disabled} tried={tried} error={error} />
      <NoteFields
        value={draft}
        onChange={change}
        disabled={disabled}
        ticketError={error('ticket')}
        noteError={error('note')}
      />
    </PolicyShell>
  )
}

function useDraftWords(draft: Draft): { groups: string; effect: string } {
  const { t, locale } = useWords()
  const words = { names: useNames(), t, locale }
  const groups = groupsInWords(draft.approverGroups, words)
  const effect = t('appr.effectText', {
    needed: approvalsIn(draft) ?? 1,
    groups,
    sets: setsInWords(draft.limited ? draft.permissionSets : null, words),
    targets: targetsInWords(targetsOfDraft(draft.targets), words),
  })
  return { groups, effect }
}

interface PartProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly disabled: boolean
  readonly tried: boolean
  readonly error: (field: string) => string
}

function WhoFields(props: PartProps): ReactNode {
  const { t } = useWords()
  const { draft, change, disabled, tried, error } = props
  const noGroups = tried && draft.approverGroups.length === 0
  const noNumber = tried && approvalsIn(draft) === null
  return (
    <Container header={<Header variant="h2">{t('appr.who')}</Header>}>
      <SpaceBetween size="l">
        <GroupsField
          label={t('appr.groups')}
          value={draft.approverGroups}
          onChange={(approverGroups) => change({ approverGroups })}
          disabled={disabled}
          error={noGroups ? t('appr.groupsMissing') : error('approverGroups')}
        />
        <FormField
          label={t('appr.needed')}
          description={t('appr.neededHelp')}
          errorText={noNumber ? t('appr.neededRange') : error('approvalsRequired')}
        >
          <Input
            value={draft.approvalsRequired}
            inputMode="numeric"
            disabled={disabled}
            onChange={({ detail }) => change({ approvalsRequired: detail.value })}
          />
        </FormField>
        <Checkbox
          checked={draft.exclusive}
          disabled={disabled}
          description={t('appr.exclusiveHelp')}
          onChange={({ detail }) => change({ exclusive: detail.checked })}
        >
          {t('appr.exclusive')}
        </Checkbox>
      </SpaceBetween>
    </Container>
  )
}

function LimitFields(props: PartProps): ReactNode {
  const { t } = useWords()
  const { draft, change, disabled, tried, error } = props
  const none = tried && draft.limited && draft.permissionSets.length === 0
  return (
    <Container header={<Header variant="h2">{t('policy.sets')}</Header>}>
      <SpaceBetween size="l">
        <Checkbox
          checked={draft.limited}
          disabled={disabled}
          description={t('appr.setsLimitHelp')}
          onChange={({ detail }) => change({ limited: detail.checked })}
        >
          {t('appr.setsLimit')}
        </Checkbox>
        {draft.limited && (
          <SetsField
            value={draft.permissionSets}
            onChange={(permissionSets) => change({ permissionSets })}
            disabled={disabled}
            error={none ? t('policy.setsMissing') : error('permissionSets')}
          />
        )}
      </SpaceBetween>
    </Container>
  )
}
