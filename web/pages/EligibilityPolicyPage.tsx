import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import FormField from '@cloudscape-design/components/form-field'
import Header from '@cloudscape-design/components/header'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { EligibilityPolicy, EligibilityPolicyBody } from '#contract/policy.ts'
import { failureOf } from '../api.ts'
import { DurationField } from '../components/DurationField.tsx'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { Page } from '../components/Page.tsx'
import { focusFirstInvalid } from '../components/PageForm.tsx'
import { NoteFields } from '../components/policy/NoteFields.tsx'
import { PolicyShell } from '../components/policy/PolicyShell.tsx'
import { type Principal, PrincipalField } from '../components/policy/PrincipalField.tsx'
import { SetsField } from '../components/policy/SetsField.tsx'
import {
  draftOfTargets,
  type TargetsDraft,
  TargetsFields,
  targetsAreComplete,
  targetsOfDraft,
} from '../components/policy/TargetsFields.tsx'
import { usePolicy } from '../components/policy/use-policy.ts'
import { type Names, useNames } from '../directory.ts'
import { readDuration, splitDuration } from '../duration.ts'
import { useWords } from '../i18n.tsx'
import { paths } from '../paths.ts'
import { setsInWords, targetsInWords } from '../policy-words.ts'
import { wordField } from '../problems.ts'
import { policyQuery, useMe } from '../queries.ts'
import type { PageProps } from '../routes.tsx'
import { NotFound } from './ErrorPages.tsx'

interface Draft {
  readonly type: 'user' | 'group'
  readonly subject: Principal | null
  readonly targets: TargetsDraft
  readonly permissionSets: readonly string[]
  readonly hours: string
  readonly minutes: string
  readonly approvalRequired: boolean
  readonly ticketRequired: boolean
  readonly justificationRequired: boolean
  readonly breakGlass: boolean
  readonly enabled: boolean
  readonly ticket: string
  readonly note: string
}

function draftOf(policy: EligibilityPolicy | null): Draft {
  const subject = policy?.subject
  return {
    type: subject?.type ?? 'group',
    subject: subject ? { id: subject.id, name: subject.name ?? subject.id } : null,
    targets: draftOfTargets(
      policy?.targets ?? { accounts: [], organizationalUnits: [], root: false },
    ),
    permissionSets: policy?.permissionSets ?? [],
    ...splitDuration(policy?.maxDurationMinutes ?? 240),
    approvalRequired: policy?.approvalRequired ?? true,
    ticketRequired: policy?.ticketRequired ?? false,
    justificationRequired: policy?.justificationRequired ?? true,
    breakGlass: policy?.breakGlass ?? false,
    enabled: policy?.enabled ?? true,
    ticket: policy?.ticket ?? '',
    note: policy?.note ?? '',
  }
}

function bodyOf(draft: Draft): EligibilityPolicyBody {
  const duration = readDuration(draft.hours, draft.minutes, null)
  return {
    subject: { type: draft.type, id: draft.subject?.id ?? '' },
    targets: targetsOfDraft(draft.targets),
    permissionSets: [...draft.permissionSets],
    maxDurationMinutes: duration.ok ? duration.minutes : 0,
    approvalRequired: draft.approvalRequired,
    ticketRequired: draft.ticketRequired,
    justificationRequired: draft.justificationRequired,
    breakGlass: draft.breakGlass,
    ticket: draft.ticket.trim() === '' ? null : draft.ticket,
    note: draft.note,
    enabled: draft.enabled,
  }
}

function isComplete(draft: Draft): boolean {
  return (
    draft.subject !== null &&
    targetsAreComplete(draft.targets) &&
    draft.permissionSets.length > 0 &&
    readDuration(draft.hours, draft.minutes, null).ok
  )
}

export function EligibilityPolicyPage(props: PageProps): ReactNode {
  const { t } = useWords()
  const isNew = props.id === ''
  const query = useQuery({ ...policyQuery('eligibility-policies', props.id), enabled: !isNew })
  if (isNew) {
    return (
      <Page title={t('elig.newTitle')} lead={t('elig.lead')}>
        <Editor loaded={null} />
      </Page>
    )
  }
  const failure = query.error ? failureOf(query.error) : null
  if (failure?.kind === 'problem' && [400, 404].includes(failure.status)) return <NotFound />
  const { data } = query
  const name = data?.subject.name ?? data?.subject.id ?? ''
  return (
    <Page title={data ? t('elig.editTitle', { name }) : t('policy.edit')} lead={t('elig.lead')}>
      {data ? (
        <Editor loaded={data} />
      ) : failure ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton height="20rem" />
      )}
    </Page>
  )
}

const fields = ['subject', 'targets', 'permissionSets', 'maxDurationMinutes', 'ticket', 'note']

function Editor(props: { loaded: EligibilityPolicy | null }): ReactNode {
  const { t } = useWords()
  const { loaded } = props
  const readOnly = !useMe().roles.includes('admin')
  const [tried, setTried] = useState(false)
  const editing = usePolicy({
    kind: 'eligibility-policies',
    loaded,
    draftOf,
    words: { created: 'elig.created', saved: 'elig.saved', deleted: 'elig.deleted' },
    listPath: paths.eligibility,
  })
  const { draft, change, failure } = editing
  const disabled = readOnly || editing.showing === 'theirs'
  const name = loaded?.subject.name ?? loaded?.subject.id ?? ''
  const check = () => {
    setTried(true)
    if (!isComplete(draft)) focusFirstInvalid()
    return isComplete(draft)
  }
  const error = (field: string) => wordField(failure, field, t) ?? ''
  return (
    <PolicyShell
      kind="eligibility-policies"
      label={t('elig.title')}
      loaded={loaded}
      body={bodyOf(draft)}
      effect={useEffectText(draft)}
      listPath={paths.eligibility}
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
      deleteTitle={t('elig.deleteTitle', { name })}
      deleteText={t('elig.deleteText', { name })}
      theirs={editing.theirs}
      showing={editing.showing}
      onShow={editing.show}
    >
      <SubjectFields
        draft={draft}
        change={change}
        disabled={disabled}
        error={tried && !draft.subject ? t('elig.subjectMissing') : error('subject')}
      />
      <TargetsFields
        value={draft.targets}
        onChange={(targets) => change({ targets })}
        disabled={disabled}
        showErrors={tried}
        error={error('targets')}
      />
      <Container header={<Header variant="h2">{t('policy.sets')}</Header>}>
        <SetsField
          value={draft.permissionSets}
          onChange={(permissionSets) => change({ permissionSets })}
          disabled={disabled}
          error={
            tried && draft.permissionSets.length === 0
              ? t('policy.setsMissing')
              : error('permissionSets')
          }
        />
      </Container>
      <TermsFields
        draft={draft}
        change={change}
        disabled={disabled}
        tried={tried}
        error={error('maxDurationMinutes')}
      />
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

/** An old version names its group by id alone. */
function subjectName(subject: Draft['subject'], names: Names): string | undefined {
  return subject?.name === subject?.id && subject ? names.group(subject.id) : subject?.name
}

function useEffectText(draft: Draft): string {
  const { t, times, locale } = useWords()
  const names = useNames()
  const words = { names, t, locale }
  const duration = readDuration(draft.hours, draft.minutes, null)
  if (draft.subject === null && draft.permissionSets.length === 0) return t('preview.incomplete')
  return t('elig.effectText', {
    who: subjectName(draft.subject, names) ?? t('policy.summary.nobody'),
    sets: setsInWords(draft.permissionSets, words),
    targets: targetsInWords(targetsOfDraft(draft.targets), words),
    duration: times.duration(duration.ok ? duration.minutes : 0),
    approval: t(draft.approvalRequired ? 'elig.effectApproval' : 'elig.effectNoApproval'),
  })
}

interface PartProps {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
  readonly disabled: boolean
  readonly error: string
}

function SubjectFields(props: PartProps): ReactNode {
  const { t } = useWords()
  const { draft, change, disabled } = props
  return (
    <Container header={<Header variant="h2">{t('elig.subject')}</Header>}>
      <SpaceBetween size="l">
        <FormField label={t('elig.subjectType')}>
          <RadioGroup
            value={draft.type}
            onChange={({ detail }) =>
              change({ type: detail.value === 'user' ? 'user' : 'group', subject: null })
            }
            items={[
              { value: 'group', label: t('elig.group'), disabled },
              { value: 'user', label: t('elig.user'), disabled },
            ]}
          />
        </FormField>
        <PrincipalField
          key={draft.type}
          label={t(draft.type === 'user' ? 'elig.user' : 'elig.group')}
          type={draft.type}
          value={draft.subject}
          onChange={(subject) => change({ subject })}
          disabled={disabled}
          error={props.error}
        />
      </SpaceBetween>
    </Container>
  )
}

function TermsFields(props: PartProps & { tried: boolean }): ReactNode {
  const { t } = useWords()
  const { draft, change, disabled } = props
  const duration = readDuration(draft.hours, draft.minutes, null)
  const wrong = props.tried && !duration.ok
  const check = (
    field: 'approvalRequired' | 'justificationRequired' | 'ticketRequired' | 'breakGlass',
    label: string,
    help?: string,
  ) => (
    <Checkbox
      checked={draft[field]}
      disabled={disabled}
      {...(help ? { description: help } : {})}
      onChange={({ detail }) => change({ [field]: detail.checked })}
    >
      {label}
    </Checkbox>
  )
  return (
    <Container header={<Header variant="h2">{t('elig.terms')}</Header>}>
      <SpaceBetween size="l">
        <DurationField
          label={t('elig.longest')}
          value={draft}
          onChange={change}
          limitMinutes={null}
          constraint=""
          error={wrong ? t('ask.durationMissing') : props.error}
          disabled={disabled}
        />
        {check('approvalRequired', t('elig.approval'), t('elig.approvalHelp'))}
        {check('justificationRequired', t('elig.justification'))}
        {check('ticketRequired', t('elig.ticket'))}
        {check('breakGlass', t('elig.breakGlass'), t('elig.breakGlassHelp'))}
      </SpaceBetween>
    </Container>
  )
}
