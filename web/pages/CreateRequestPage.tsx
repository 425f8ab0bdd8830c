import Alert from '@cloudscape-design/components/alert'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { z } from 'zod'
import type { Request, Submission, Submitted } from '#contract/request.ts'
import { call, type Failure, failureOf, newIdempotencyKey } from '../api.ts'
import { BreakGlassField } from '../components/ask/BreakGlassField.tsx'
import { PreviewPanel } from '../components/ask/PreviewPanel.tsx'
import { ProseFields } from '../components/ask/ProseFields.tsx'
import { StartField } from '../components/ask/StartField.tsx'
import {
  type Ask,
  askFromUrl,
  askToUrl,
  errorsOf,
  justificationCharactersMax,
  limitOf,
  type Prose,
  submissionOf,
} from '../components/ask/state.ts'
import {
  TargetFields,
  useEligibleAccount,
  useEligibleSet,
} from '../components/ask/TargetFields.tsx'
import { DurationField } from '../components/DurationField.tsx'
import { Page } from '../components/Page.tsx'
import { focusFirstInvalid, PageForm } from '../components/PageForm.tsx'
import { targetName } from '../components/Target.tsx'
import { useDraft } from '../draft.ts'
import { splitDuration } from '../duration.ts'
import { flash } from '../flash.ts'
import { type StringKey, useWords } from '../i18n.tsx'
import { paths, requestPath } from '../paths.ts'
import { wordFailure, wordField } from '../problems.ts'
import { eligibleAccountsQuery, queryClient, requestQuery } from '../queries.ts'
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
  const change = (part: Partial<Ask>) => {
    const next = { ...ask, ...part }
    setAsk(next)
    setSearch(askToUrl(next, timeZone), { replace: true })
  }
  useEffect(() => {
    const request = earlier.data
    if (!request || filledFrom.current === request.id) return
    filledFrom.current = request.id
    setAsk((before) => ({ ...before, ...askOf(request) }))
    setProse((before) => ({ ...before, justification: request.justification }))
  }, [earlier.data, setProse])
  return { ask, change, prose, setProse, forget }
}

function askOf(request: Request): Partial<Ask> {
  return {
    accountId: request.accountId,
    permissionSetArn: request.permissionSetArn,
    ...splitDuration(request.durationMinutes),
  }
}

/** The same body goes out under the same key, so that a second try never asks twice. */
function useSend(forget: () => void) {
  const { t } = useWords()
  const sent = useRef<{ readonly body: string; readonly key: string } | null>(null)
  return useMutation({
    mutationFn: (submission: Submission) => {
      const body = JSON.stringify(submission)
      if (sent.current?.body !== body) sent.current = { body, key: newIdempotencyKey() }
      return call<z.output<typeof Submitted>>('POST', '/requests', {
        body: submission,
        idempotencyKey: sent.current.key,
      })
    },
    onSuccess: ({ requests }) => {
      forget()
      const [first] = requests
      void queryClient.invalidateQueries({ queryKey: ['requests'] })
      void queryClient.invalidateQueries({ queryKey: ['counts'] })
      if (!first) return navigate(paths.requests)
      queryClient.setQueryData(requestQuery(first.id).queryKey, first)
      flash({ type: 'success', text: t('ask.sent', { target: targetName(first, t) }) })
      return navigate(requestPath(first.id))
    },
    onError: focusFirstInvalid,
  })
}

function CreateRequestForm(): ReactNode {
  const { t, timeZone } = useWords()
  const { ask, change, prose, setProse, forget } = useAsk()
  const [tried, setTried] = useState(false)
  const set = useEligibleSet(ask)
  const account = useEligibleAccount(ask.accountId)
  const send = useSend(forget)
  const failure = send.error ? failureOf(send.error) : null
  const errors = errorsOf(ask, prose, { set, timeZone })
  const submission = submissionOf(ask, prose, timeZone)
  const limit = limitOf(ask, set)
  const hasErrors = Object.keys(errors).length > 0
  const error = (key: StringKey | undefined, field: string) => {
    const values = { max: justificationCharactersMax }
    return (tried && key ? t(key, values) : '') || (wordField(failure, field, t) ?? '')
  }
  const onSend = () => {
    setTried(true)
    if (send.isPending) return
    if (hasErrors || !submission) focusFirstInvalid()
    else send.mutate(submission)
  }
  const changeAsk = (part: Partial<Ask>) => {
    if (failure) send.reset()
    change(namesAnother(part, ask) ? { ...part, breakGlass: false } : part)
  }
  return (
    <PageForm label={t('ask.title')} onSend={onSend}>
      <div className="ask">
        <div className="ask-fields">
          <SpaceBetween size="l">
            <Container header={<Header variant="h2">{t('ask.target')}</Header>}>
              <TargetFields
                ask={ask}
                change={changeAsk}
                accountError={error(errors.account, 'targets')}
                setError={error(errors.set, 'permissionSetArn')}
              />
            </Container>
            {set?.breakGlassMaxDurationMinutes != null && (
              <BreakGlassField
                checked={ask.breakGlass}
                limitMinutes={set.breakGlassMaxDurationMinutes}
                error={error(undefined, 'breakGlass')}
                onChange={(breakGlass) => changeAsk({ breakGlass })}
              />
            )}
            <WindowFields
              ask={ask}
              change={changeAsk}
              limitMinutes={limit}
              account={account?.name ?? ask.accountId ?? ''}
              tooLong={errors.duration === 'code.duration_too_long'}
              durationError={error(errors.duration, 'durationMinutes')}
              startError={error(errors.start, 'startsAt')}
            />
            <Container header={<Header variant="h2">{t('ask.reason')}</Header>}>
              <ProseFields
                prose={prose}
                change={(part) => setProse((before) => ({ ...before, ...part }))}
                set={
                  set && {
                    ...set,
                    justificationRequired: set.justificationRequired || ask.breakGlass,
                  }
                }
                justificationError={error(errors.justification, 'justification')}
                ticketError={error(errors.ticket, 'ticket')}
              />
            </Container>
          </SpaceBetween>
        </div>
        <div className="ask-panel">
          <div className="beside">
            <PreviewPanel submission={submission} />
          </div>
        </div>
        <div className="ask-send">
          <SendRow failure={failure} wrong={tried && hasErrors} pending={send.isPending} />
        </div>
      </div>
    </PageForm>
  )
}

/** What was meant for one target is not meant for another. */
function namesAnother(part: Partial<Ask>, ask: Ask): boolean {
  const after = { ...ask, ...part }
  return after.accountId !== ask.accountId || after.permissionSetArn !== ask.permissionSetArn
}

/** When and for how long. A duration over the limit is said at once, not only after sending. */
function WindowFields(props: {
  ask: Ask
  change: (part: Partial<Ask>) => void
  limitMinutes: number | null
  account: string
  tooLong: boolean
  durationError: string
  startError: string
}): ReactNode {
  const { t, times } = useWords()
  const { ask, change, limitMinutes } = props
  const duration = limitMinutes === null ? '' : times.duration(limitMinutes)
  const tooLong = props.tooLong && limitMinutes !== null
  return (
    <Container header={<Header variant="h2">{t('request.window')}</Header>}>
      <SpaceBetween size="l">
        <DurationField
          label={t('ask.duration')}
          value={ask}
          onChange={change}
          limitMinutes={limitMinutes}
          constraint={
            limitMinutes === null ? '' : t('ask.limit', { duration, account: props.account })
          }
          error={tooLong ? t('code.duration_too_long.max', { duration }) : props.durationError}
        />
        {!ask.breakGlass && <StartField ask={ask} change={change} error={props.startError} />}
      </SpaceBetween>
    </Container>
  )
}

const fields = ['breakGlass', 'targets', 'durationMinutes', 'startsAt', 'justification', 'ticket']

function SendRow(props: { failure: Failure | null; wrong: boolean; pending: boolean }): ReactNode {
  const { t } = useWords()
  const { failure } = props
  const atField = fields.some((field) => wordField(failure, field, t) !== null)
  return (
    <SpaceBetween size="s">
      {failure && !atField && <Alert type="error">{wordFailure(failure, t)}</Alert>}
      {props.wrong && (
        <Box color="text-status-error" textAlign="right">
          {t('ask.fixFirst')}
        </Box>
      )}
      <Box float="right">
        <SpaceBetween direction="horizontal" size="xs">
          <Button variant="link" href={paths.home}>
            {t('do.dismiss')}
          </Button>
          <Button variant="primary" formAction="submit" loading={props.pending}>
            {t('ask.send')}
          </Button>
        </SpaceBetween>
      </Box>
    </SpaceBetween>
  )
}
