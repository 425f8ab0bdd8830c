import Alert from '@cloudscape-design/components/alert'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useCallback, useEffect, useRef, useState } from 'react'
import type { Request, TargetPreview } from '#contract/request.ts'
import { failureOf } from '../api.ts'
import { BreakGlassField } from '../components/ask/BreakGlassField.tsx'
import { PreviewPanel } from '../components/ask/PreviewPanel.tsx'
import { ProseFields } from '../components/ask/ProseFields.tsx'
import { SendRow } from '../components/ask/SendRow.tsx'
import { StartField } from '../components/ask/StartField.tsx'
import {
  type Ask,
  askFromUrl,
  askToUrl,
  errorsOf,
  justificationCharactersMax,
  type Prose,
  submissionOf,
  termsOf,
} from '../components/ask/state.ts'
import { TargetFields } from '../components/ask/TargetFields.tsx'
import { usePreview, wordProblem } from '../components/ask/use-preview.ts'
import { useSend } from '../components/ask/use-send.ts'
import { useEligibleAccounts, useKnownTargets } from '../components/ask/use-targets.ts'
import { DurationField } from '../components/DurationField.tsx'
import { Page } from '../components/Page.tsx'
import { focusFirstInvalid, PageForm } from '../components/PageForm.tsx'
import { targetName } from '../components/Target.tsx'
import { useDraft } from '../draft.ts'
import { splitDuration } from '../duration.ts'
import { flash } from '../flash.ts'
import { type StringKey, useWords } from '../i18n.tsx'
import { paths, requestPath, submissionPath } from '../paths.ts'
import { wordField } from '../problems.ts'
import { eligibleAccountsQuery, requestQuery } from '../queries.ts'
import { navigate, setSearch, usePlace } from '../router.ts'

export function CreateRequestPage(): ReactNode {
  const { t } = useWords()
  const any = useQuery(eligibleAccountsQuery(''))
  const nothing = any.data?.items.length === 0
  return (
    <Page title={t('ask.title')} lead={t('ask.lead')}>
      {nothing ? (
        <Alert type="info" header={t('ask.nothing')}>
          {t('ask.nothingText')}
        </Alert>
      ) : (
        <CreateRequestForm />
      )}
    </Page>
  )
}

/** The fields, from the URL and this tab's draft, and filled from an earlier request once. */
function useAsk() {
  const { timeZone } = useWords()
  const { search } = usePlace()
  const [ask, setAsk] = useState<Ask>(() => askFromUrl(search, timeZone))
  const [prose, setProse, forget] = useDraft<Prose>('request', { justification: '', ticket: '' })
  const from = search.get('from')
  const earlier = useQuery({ ...requestQuery(from ?? ''), enabled: from !== null })
  const filledFrom = useRef<string | null>(null)
  const shown = useRef(ask)
  const change = useCallback(
    (part: Partial<Ask>) => {
      const next = { ...shown.current, ...part }
      shown.current = next
      setAsk(next)
      setSearch(askToUrl(next, timeZone), { replace: true })
    },
    [timeZone],
  )
  useEffect(() => {
    const request = earlier.data
    if (!request || filledFrom.current === request.id) return
    filledFrom.current = request.id
    shown.current = { ...shown.current, ...askOf(request) }
    setAsk(shown.current)
    setProse((before) => ({ ...before, justification: request.justification }))
  }, [earlier.data, setProse])
  return { ask, change, prose, setProse, forget }
}

function askOf({ accountId, permissionSetArn, durationMinutes }: Request): Partial<Ask> {
  return { targets: [{ accountId, permissionSetArn }], ...splitDuration(durationMinutes) }
}

/** Everything that the form knows, from what is typed and from what the server says to it. */
function useForm() {
  const { t, timeZone } = useWords()
  const { ask, change, prose, setProse, forget } = useAsk()
  const [tried, setTried] = useState(false)
  const accounts = useEligibleAccounts(ask.targets)
  const known = useKnownTargets(ask.targets)
  const terms = termsOf(known, ask.breakGlass)
  const errors = errorsOf(ask, prose, { terms, timeZone })
  const submission = submissionOf(ask, prose, timeZone)
  const answer = usePreview(submission)
  const send = useSend({
    onSent: ({ submissionId, requests }) => {
      forget()
      const [first] = requests
      if (!first) return navigate(paths.requests)
      const isOne = requests.length === 1
      const target = targetName(first, t)
      const text = isOne ? t('ask.sent', { target }) : t('ask.sentMany', { n: requests.length })
      flash({ type: 'success', text })
      return navigate(isOne ? requestPath(first.id) : submissionPath(submissionId))
    },
    onRefused: focusFirstInvalid,
  })
  const failure = send.error ? failureOf(send.error) : null
  const hasErrors = Object.keys(errors).length > 0
  const error = (key: StringKey | undefined, field: string) => {
    const values = { max: justificationCharactersMax }
    return (tried && key ? t(key, values) : '') || (wordField(failure, field, t) ?? '')
  }
  const nameOf = (target: Pick<TargetPreview, 'accountId' | 'permissionSetArn'>) => {
    const account = accounts.get(target.accountId)?.name ?? target.accountId
    const isIt = (one: (typeof known)[number]) =>
      one.accountId === target.accountId && one.set.permissionSetArn === target.permissionSetArn
    const set = known.find(isIt)?.set.name
    return set === undefined ? account : t('target.name', { set, account })
  }
  const changeAsk = useCallback(
    (part: Partial<Ask>) => {
      send.reset()
      // What was meant for some targets is not meant for others.
      change('targets' in part ? { ...part, breakGlass: false } : part)
    },
    [change, send.reset],
  )
  const onSend = () => {
    setTried(true)
    if (send.isPending) return
    if (hasErrors || !submission) focusFirstInvalid()
    else send.mutate(submission)
  }
  const ticketError =
    error(errors.ticket, 'ticket') || (wordProblem(answer.preview, 'ticket', t) ?? '')
  return {
    ...{ ask, changeAsk, prose, setProse, accounts, terms, errors, submission, answer },
    ...{ error, ticketError, nameOf, onSend, send, failure, wrong: tried && hasErrors },
  }
}

function CreateRequestForm(): ReactNode {
  const { t } = useWords()
  const form = useForm()
  const { ask, changeAsk, terms, errors, error, accounts } = form
  const unset = error(errors.sets, 'permissionSetArn')
  const panel = useRef<HTMLDivElement>(null)
  const changeTargets = useCallback(
    (targets: Ask['targets']) => changeAsk({ targets }),
    [changeAsk],
  )
  const remove = (target: TargetPreview) =>
    changeTargets(ask.targets.filter((one) => !isSame(one, target)))
  return (
    <PageForm label={t('ask.title')} onSend={form.onSend}>
      <div className="ask">
        <div className="ask-fields">
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">{t('ask.target')}</Header>}>
              <TargetFields
                targets={ask.targets}
                change={changeTargets}
                accounts={accounts}
                accountsError={
                  error(errors.targets, ask.targets.length === 0 ? 'targets' : '') ||
                  (errors.targets === 'ask.targetsMax' ? t('ask.targetsMax') : '')
                }
                rowError={(position) => {
                  const isUnset = ask.targets[position]?.permissionSetArn === null
                  return (isUnset && unset) || error(undefined, `targets.${position}`)
                }}
              />
            </Container>
            {terms?.breakGlassMinutes != null && (
              <BreakGlassField
                checked={ask.breakGlass}
                limitMinutes={terms.breakGlassMinutes}
                error={error(undefined, 'breakGlass')}
                onChange={(breakGlass) => changeAsk({ breakGlass })}
              />
            )}
            <WindowFields form={form} />
            <Container header={<Header variant="h2">{t('ask.reason')}</Header>}>
              <ProseFields
                prose={form.prose}
                change={(part) => form.setProse((before) => ({ ...before, ...part }))}
                terms={terms}
                justificationError={error(errors.justification, 'justification')}
                ticketError={form.ticketError}
              />
            </Container>
          </SpaceBetween>
        </div>
        <div className="ask-panel" ref={panel}>
          <div className="beside">
            <PreviewPanel answer={form.answer} nameOf={form.nameOf} onRemove={remove} />
          </div>
        </div>
        <div className="ask-send">
          <SendRow
            submission={form.submission}
            preview={form.answer.preview}
            failure={form.failure}
            wrong={form.wrong}
            pending={form.send.isPending}
            onSummary={() => panel.current?.scrollIntoView({ block: 'start' })}
          />
        </div>
      </div>
    </PageForm>
  )
}

function isSame(
  one: Ask['targets'][number],
  target: Pick<TargetPreview, 'accountId' | 'permissionSetArn'>,
): boolean {
  return one.accountId === target.accountId && one.permissionSetArn === target.permissionSetArn
}

/** When and for how long. A duration over the limit is said at once, not only after sending. */
function WindowFields(props: { form: ReturnType<typeof useForm> }): ReactNode {
  const { t, times } = useWords()
  const { ask, changeAsk, terms, errors, error, accounts } = props.form
  const duration = terms === null ? '' : times.duration(terms.limitMinutes)
  const tooLong = errors.duration === 'code.duration_too_long' && terms !== null
  const account = terms ? (accounts.get(terms.limitAccountId)?.name ?? terms.limitAccountId) : ''
  return (
    <Container header={<Header variant="h2">{t('request.window')}</Header>}>
      <SpaceBetween size="l">
        <DurationField
          label={t('ask.duration')}
          // Only these two: what it hands back would else name the targets too.
          value={{ hours: ask.hours, minutes: ask.minutes }}
          onChange={changeAsk}
          limitMinutes={terms?.limitMinutes ?? null}
          constraint={terms === null ? '' : t('ask.limit', { duration, account })}
          error={
            tooLong
              ? t('code.duration_too_long.max', { duration })
              : error(errors.duration, 'durationMinutes')
          }
        />
        {!ask.breakGlass && (
          <StartField ask={ask} change={changeAsk} error={error(errors.start, 'startsAt')} />
        )}
      </SpaceBetween>
    </Container>
  )
}
