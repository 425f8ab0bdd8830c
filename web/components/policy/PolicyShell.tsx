/** What both policy editors share around their fields: tabs, conflict, refusals, buttons. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Modal from '@cloudscape-design/components/modal'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { type ReactNode, useState } from 'react'
import type { ApproverPolicy, EligibilityPolicy } from '#contract/policy.ts'
import type { Failure } from '../../api.ts'
import { useWords } from '../../i18n.tsx'
import { differingFields, fieldsInWords } from '../../policy-words.ts'
import { wordFailure, wordField } from '../../problems.ts'
import type { PolicyKind } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { PageForm } from '../PageForm.tsx'
import { HistoryTab } from './HistoryTab.tsx'

interface PolicyShellProps {
  readonly kind: PolicyKind
  readonly label: string
  readonly loaded: EligibilityPolicy | ApproverPolicy | null
  readonly body: Readonly<Record<string, unknown>>
  readonly effect: string
  readonly listPath: string
  readonly readOnly: boolean
  readonly failure: Failure | null
  readonly fields: readonly string[]
  readonly saving: boolean
  readonly removing: boolean
  readonly onSave: () => void
  readonly onRemove: () => void
  readonly deleteTitle: string
  readonly deleteText: string
  readonly theirs: EligibilityPolicy | ApproverPolicy | null
  readonly showing: 'mine' | 'theirs'
  readonly onShow: (which: 'mine' | 'theirs') => void
  readonly children: ReactNode
}

export function PolicyShell(props: PolicyShellProps): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const { loaded } = props
  if (!loaded) return <Editor {...props} />
  const tab = search.get('tab') === 'history' ? 'history' : 'policy'
  return (
    <Tabs
      ariaLabel={props.label}
      activeTabId={tab}
      onChange={({ detail }) => setSearch({ tab: detail.activeTabId }, { replace: true })}
      tabs={[
        { id: 'policy', label: t('policy.edit'), content: <Editor {...props} /> },
        {
          id: 'history',
          label: t('policy.history'),
          content: <HistoryTab kind={props.kind} id={loaded.id} />,
        },
      ]}
    />
  )
}

function Editor(props: PolicyShellProps): ReactNode {
  const { t, times } = useWords()
  const { failure, fields, loaded, readOnly } = props
  const atField = fields.some((field) => wordField(failure, field, t) !== null)
  const isConflict = props.theirs !== null
  return (
    <PageForm label={props.label} onSend={readOnly ? () => undefined : props.onSave}>
      <SpaceBetween size="l">
        {readOnly && <Alert type="info">{t('policy.readOnly')}</Alert>}
        {loaded && <Warnings loaded={loaded} />}
        {isConflict && <Conflict {...props} />}
        {props.children}
        <Container header={<Header variant="h2">{t('elig.effect')}</Header>}>
          <div aria-live="polite">{props.effect}</div>
        </Container>
        {failure && !atField && !isConflict && (
          <Alert type="error">{wordFailure(failure, t)}</Alert>
        )}
        {loaded && (
          <Box color="text-body-secondary" variant="small">
            {t('policy.changed')}:{' '}
            {t('policy.changedBy', {
              time: times.at(loaded.updatedAt),
              name: loaded.updatedBy.userName,
            })}
          </Box>
        )}
        {!readOnly && <Buttons {...props} />}
      </SpaceBetween>
    </PageForm>
  )
}

function Buttons(props: PolicyShellProps): ReactNode {
  const { t } = useWords()
  const [asking, setAsking] = useState(false)
  const locked = props.showing === 'theirs'
  return (
    <div className="buttons">
      {props.loaded && (
        <Button formAction="none" onClick={() => setAsking(true)}>
          {t('do.delete')}
        </Button>
      )}
      <span className="buttons-gap" />
      <Button variant="link" href={props.listPath}>
        {t('do.dismiss')}
      </Button>
      <Button variant="primary" formAction="submit" loading={props.saving} disabled={locked}>
        {props.theirs ? t('policy.conflictMine') : t('do.save')}
      </Button>
      <Modal
        visible={asking}
        header={props.deleteTitle}
        closeAriaLabel={t('do.close')}
        onDismiss={() => setAsking(false)}
        footer={
          <Box float="right">
            <SpaceBetween direction="horizontal" size="xs">
              <Button variant="link" formAction="none" onClick={() => setAsking(false)}>
                {t('do.dismiss')}
              </Button>
              <Button
                variant="primary"
                formAction="none"
                loading={props.removing}
                onClick={() => {
                  setAsking(false)
                  props.onRemove()
                }}
              >
                {t('do.delete')}
              </Button>
            </SpaceBetween>
          </Box>
        }
      >
        {props.deleteText}
      </Modal>
    </div>
  )
}

/** Theirs can be looked at and left again; what was typed here is kept all the while. */
function Conflict(props: PolicyShellProps): ReactNode {
  const { t, times, locale } = useWords()
  const { theirs, showing, body } = props
  if (!theirs) return null
  const differs = differingFields(body, theirs)
  return (
    <Alert
      type="warning"
      header={t('policy.conflict')}
      action={
        <Button
          formAction="none"
          onClick={() => props.onShow(showing === 'mine' ? 'theirs' : 'mine')}
        >
          {showing === 'mine' ? t('policy.conflictTheirs') : t('policy.conflictBack')}
        </Button>
      }
    >
      {t('policy.conflictText', {
        name: theirs.updatedBy.userName,
        version: theirs.version,
        time: times.at(theirs.updatedAt),
      })}{' '}
      {differs.length > 0 && showing === 'mine'
        ? t('policy.conflictDiffers', { fields: fieldsInWords(differs, t, locale) })
        : ''}
    </Alert>
  )
}

/** Codes of warnings that have words; others show as they are. */
const warningCodes = [
  'subject_deleted',
  'subject_disabled',
  'subject_empty',
  'account_deleted',
  'account_out_of_reach',
  'organizational_unit_deleted',
  'permission_set_deleted',
  'permission_set_out_of_reach',
  'pattern_matches_nothing',
  'matches_no_account',
  'matches_no_permission_set',
  'duration_capped',
  'approver_group_deleted',
  'approver_group_empty',
  'quorum_out_of_reach',
] as const

function Warnings(props: { loaded: EligibilityPolicy | ApproverPolicy }): ReactNode {
  const { t } = useWords()
  const { warnings } = props.loaded
  if (warnings.length === 0) return null
  const words = (code: string, params: Readonly<Record<string, unknown>>) => {
    const what = Object.values(params).flat().map(String).join(', ')
    const known = warningCodes.find((one) => one === code)
    return known ? t(`warn.${known}`, { what }) : `${code} ${what}`
  }
  return (
    <Alert type="warning" header={t('policy.warnings')}>
      {warnings.map((warning) => (
        <div key={warning.code + JSON.stringify(warning.params)}>
          {words(warning.code, warning.params)}
        </div>
      ))}
    </Alert>
  )
}
