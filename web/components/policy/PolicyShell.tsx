/** What both policy editors share around their fields: tabs, conflict, refusals, buttons. */
import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import Tabs from '@cloudscape-design/components/tabs'
import { type ReactNode, useState } from 'react'
import type { ApproverPolicy, EligibilityPolicy } from '#contract/policy.ts'
import type { Failure } from '../../api.ts'
import { useUnits } from '../../directory.ts'
import { useWords } from '../../i18n.tsx'
import { differingFields } from '../../policy-words.ts'
import type { PolicyKind } from '../../queries.ts'
import { setSearch, usePlace } from '../../router.ts'
import { NotDone } from '../NotDone.tsx'
import { PageForm } from '../PageForm.tsx'
import { ConfirmDelete, ConfirmSave } from './ConfirmChange.tsx'
import { FieldDifferences } from './FieldDifferences.tsx'
import { HistoryTab, type VersionBody } from './HistoryTab.tsx'
import { PolicyPreviewPanel } from './PolicyPreview.tsx'
import { usePolicyPreview } from './use-preview.ts'
import { PolicyWarnings } from './Warnings.tsx'

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
  /** True: it is filled in, and may be asked about. */
  readonly check: () => boolean
  readonly isComplete: boolean
  readonly onSave: (confirmEnding: number) => void
  readonly onRemove: (confirmEnding: number) => void
  readonly onRestore: (body: VersionBody) => void
  readonly deleteTitle: string
  readonly deleteText: string
  /** The body as it was typed here, whatever is shown. */
  readonly mine: Readonly<Record<string, unknown>>
  readonly theirs: EligibilityPolicy | ApproverPolicy | null
  readonly showing: 'mine' | 'theirs'
  readonly onShow: (which: 'mine' | 'theirs') => void
  readonly children: ReactNode
}

export function PolicyShell(props: PolicyShellProps): ReactNode {
  const { t } = useWords()
  const { search } = usePlace()
  const { loaded } = props
  if (useUnits().isPending) return <Skeleton height="20rem" />
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
          content: (
            <HistoryTab
              kind={props.kind}
              id={loaded.id}
              onRestore={
                props.readOnly
                  ? null
                  : (body) => {
                      props.onRestore(body)
                      setSearch({ tab: 'policy' }, { replace: true })
                    }
              }
            />
          ),
        },
      ]}
    />
  )
}

function Editor(props: PolicyShellProps): ReactNode {
  const { t, times } = useWords()
  const { failure, fields, loaded, readOnly } = props
  const isConflict = props.theirs !== null
  const [asking, setAsking] = useState<'save' | 'delete' | null>(null)
  const body = props.isComplete && !readOnly ? props.body : null
  const previewing = usePolicyPreview(props.kind, body, loaded?.id ?? null)
  const onSend = () => {
    if (!readOnly && props.check()) setAsking('save')
  }
  return (
    <PageForm label={props.label} onSend={onSend}>
      <div className={readOnly ? undefined : 'policy-editor'}>
        <SpaceBetween size="l">
          {readOnly && <Alert type="info">{t('policy.readOnly')}</Alert>}
          {loaded && readOnly && <PolicyWarnings warnings={loaded.warnings} />}
          {isConflict && <Conflict {...props} />}
          {props.children}
          <Container header={<Header variant="h2">{t('elig.effect')}</Header>}>
            <div aria-live="polite">{props.effect}</div>
          </Container>
          {!isConflict && <NotDone failure={failure} fields={fields} />}
          {loaded && (
            <Box color="text-body-secondary" variant="small">
              {t('policy.changed')}:{' '}
              {t('policy.changedBy', {
                time: times.at(loaded.updatedAt),
                name: loaded.updatedBy.userName,
              })}
            </Box>
          )}
          {!readOnly && <Buttons {...props} onDelete={() => setAsking('delete')} />}
        </SpaceBetween>
        {!readOnly && (
          <div className="beside">
            <PolicyPreviewPanel previewing={previewing} />
          </div>
        )}
      </div>
      {asking === 'save' && (
        <ConfirmSave
          previewing={previewing}
          onClose={() => setAsking(null)}
          onConfirm={(ending) => {
            setAsking(null)
            props.onSave(ending)
          }}
        />
      )}
      {asking === 'delete' && loaded && (
        <ConfirmDelete
          kind={props.kind}
          id={loaded.id}
          title={props.deleteTitle}
          text={props.deleteText}
          onClose={() => setAsking(null)}
          onConfirm={(ending) => {
            setAsking(null)
            props.onRemove(ending)
          }}
        />
      )}
    </PageForm>
  )
}

function Buttons(props: PolicyShellProps & { onDelete: () => void }): ReactNode {
  const { t } = useWords()
  const locked = props.showing === 'theirs'
  return (
    <div className="buttons">
      {props.loaded && (
        <Button formAction="none" loading={props.removing} onClick={props.onDelete}>
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
    </div>
  )
}

/** Theirs can be looked at and left again; what was typed here is kept all the while. */
function Conflict(props: PolicyShellProps): ReactNode {
  const { t, times } = useWords()
  const { theirs, showing } = props
  if (!theirs) return null
  const differs = differingFields(props.mine, theirs)
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
      })}
      {differs.length > 0 && (
        <FieldDifferences
          before={props.mine}
          after={theirs}
          beforeText={t('policy.yours')}
          afterText={t('policy.theirs')}
        />
      )}
    </Alert>
  )
}
