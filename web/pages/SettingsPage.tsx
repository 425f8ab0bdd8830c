import Alert from '@cloudscape-design/components/alert'
import Badge from '@cloudscape-design/components/badge'
import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Container from '@cloudscape-design/components/container'
import Header from '@cloudscape-design/components/header'
import Skeleton from '@cloudscape-design/components/skeleton'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import type { ProposalSent } from '#contract/proposal.ts'
import type { Settings } from '#contract/settings.ts'
import { settingWidens } from '#contract/widening.ts'
import { call, failureOf } from '../api.ts'
import { LoadFailure } from '../components/LoadFailure.tsx'
import { NotDone } from '../components/NotDone.tsx'
import { Page } from '../components/Page.tsx'
import { focusFirstInvalid, PageForm } from '../components/PageForm.tsx'
import { ChannelTestButton } from '../components/settings/ChannelTestButton.tsx'
import { SecretControl } from '../components/settings/SecretControl.tsx'
import { SettingControl } from '../components/settings/SettingControl.tsx'
import { useNames } from '../directory.ts'
import { flash } from '../flash.ts'
import { useWords } from '../i18n.tsx'
import { wordField } from '../problems.ts'
import { flashProposed, isProposed } from '../proposed.ts'
import { meQuery, queryClient, settingsQuery, useMe } from '../queries.ts'
import { usePlace } from '../router.ts'
import {
  readTyped,
  type SettingField,
  type SettingGroup,
  type SettingName,
  settingGroups,
  settingInWords,
  type Typed,
  typedOf,
} from '../settings-form.ts'

export function SettingsPage(): ReactNode {
  const { t, times } = useWords()
  const query = useQuery(settingsQuery)
  const readOnly = !useMe().roles.includes('admin')
  const { hash } = usePlace()
  const { data } = query
  useEffect(() => {
    if (data && hash) document.getElementById(hash)?.scrollIntoView()
  }, [data, hash])
  return (
    <Page title={t('settings.title')} lead={t('settings.lead')}>
      {query.isError && !data ? (
        <LoadFailure error={query.error} onRetry={() => void query.refetch()} />
      ) : data ? (
        <SpaceBetween size="l">
          {readOnly && <Alert type="info">{t('policy.readOnly')}</Alert>}
          {settingGroups.map((group) => (
            <Group key={group.id} group={group} settings={data} readOnly={readOnly} />
          ))}
          <Box variant="small" color="text-body-secondary">
            {t('settings.changed', {
              time: times.at(data.updatedAt),
              name: data.updatedBy.userName,
            })}
          </Box>
        </SpaceBetween>
      ) : (
        <Skeleton height="20rem" />
      )}
    </Page>
  )
}

type Edits = Readonly<Partial<Record<SettingName, Typed>>>

interface Change {
  readonly field: SettingField
  readonly value: string | number | boolean | null
}

function changesIn(group: SettingGroup, edits: Edits, settings: Settings) {
  const changes: Change[] = []
  const wrong = new Map<SettingName, ReturnType<typeof readTyped> & { ok: false }>()
  for (const field of group.fields) {
    const typed = edits[field.name]
    if (!typed) continue
    const read = readTyped(field, typed)
    if (!read.ok) wrong.set(field.name, read)
    else if (read.value !== settings[field.name]) changes.push({ field, value: read.value })
  }
  return { changes, wrong }
}

/** A group is saved alone, against the version on the screen; what one typed survives a conflict. */
function useGroup(group: SettingGroup, settings: Settings) {
  const { t } = useWords()
  const [edits, setEdits] = useState<Edits>({})
  const saving = useMutation({
    mutationFn: (changes: readonly Change[]) =>
      call<Settings | ProposalSent>('PATCH', '/settings', {
        body: Object.fromEntries(changes.map(({ field, value }) => [field.name, value])),
        ifMatch: settings.version,
      }),
    onSuccess: (saved) => {
      setEdits({})
      if (isProposed(saved)) return flashProposed(saved, t)
      queryClient.setQueryData(settingsQuery.queryKey, saved)
      void queryClient.invalidateQueries({ queryKey: meQuery.queryKey })
      flash({
        type: 'success',
        text: t('settings.saved', { group: t(`settings.${group.id}`) }),
      })
    },
    onError: (error) => {
      const failure = failureOf(error)
      const isConflict = failure.kind === 'problem' && failure.status === 412
      if (isConflict) void queryClient.invalidateQueries({ queryKey: settingsQuery.queryKey })
      else focusFirstInvalid()
    },
  })
  return { edits, setEdits, saving }
}

function Group(props: { group: SettingGroup; settings: Settings; readOnly: boolean }): ReactNode {
  const { t } = useWords()
  const { group, settings, readOnly } = props
  const { edits, setEdits, saving } = useGroup(group, settings)
  const title = t(`settings.${group.id}`)
  const { changes, wrong } = changesIn(group, edits, settings)
  const failure = saving.error ? failureOf(saving.error) : null
  const isConflict = failure?.kind === 'problem' && failure.status === 412
  const errorOf = (name: SettingName) => {
    const own = wrong.get(name)
    return own ? t(own.error, own.values) : (wordField(failure, name, t) ?? '')
  }
  const onSave = () => {
    if (wrong.size > 0) focusFirstInvalid()
    else if (changes.length > 0) saving.mutate(changes)
  }
  return (
    <section id={group.id} aria-label={title}>
      <PageForm label={title} onSend={readOnly ? () => undefined : onSave}>
        <Container header={<Header variant="h2">{title}</Header>}>
          <SpaceBetween size="l">
            {group.fields.map((field) => (
              <SettingControl
                key={field.name}
                field={field}
                typed={edits[field.name] ?? typedOf(field, settings)}
                onChange={(typed) => setEdits((before) => ({ ...before, [field.name]: typed }))}
                disabled={readOnly}
                error={errorOf(field.name)}
              />
            ))}
            {(group.secrets ?? []).map((name) => (
              <SecretControl key={name} name={name} settings={settings} readOnly={readOnly} />
            ))}
            {group.channel && !readOnly && <ChannelTestButton channel={group.channel} />}
            {isConflict && <Alert type="warning">{t('settings.conflict')}</Alert>}
            {!isConflict && (
              <NotDone failure={failure} fields={group.fields.map(({ name }) => name)} />
            )}
            <WillChange changes={changes} settings={settings} />
            {!readOnly && (
              <SpaceBetween direction="horizontal" size="xs">
                <Button
                  formAction="submit"
                  ariaLabel={`${t('do.save')}: ${title}`}
                  disabled={changes.length === 0 && wrong.size === 0}
                  loading={saving.isPending}
                >
                  {t('do.save')}
                </Button>
                {Object.keys(edits).length > 0 && (
                  <Button variant="link" formAction="none" onClick={() => setEdits({})}>
                    {t('policy.discard')}
                  </Button>
                )}
              </SpaceBetween>
            )}
          </SpaceBetween>
        </Container>
      </PageForm>
    </section>
  )
}

function WillChange(props: { changes: readonly Change[]; settings: Settings }): ReactNode {
  const { t } = useWords()
  const words = { t, group: useNames().group }
  const { changes, settings } = props
  if (changes.length === 0) return null
  const widens = ({ field, value }: Change) =>
    settingWidens(field.name, settings[field.name], value)
  const anyWidens = changes.some(widens)
  return (
    <div aria-live="polite">
      <Box variant="awsui-key-label">{t('settings.willChange')}</Box>
      {changes.map((change) => (
        <div key={change.field.name}>
          {t('settings.from', {
            name: t(`set.${change.field.name}`),
            before: settingInWords(change.field, settings[change.field.name], words),
            after: settingInWords(change.field, change.value, words),
          })}{' '}
          {widens(change) && <Badge color="severity-medium">{t('settings.widens')}</Badge>}
        </div>
      ))}
      {anyWidens && (
        <Box variant="small" display="block" color="text-body-secondary">
          {t(settings.secondAdmin ? 'settings.widensWaits' : 'settings.widensText')}
        </Box>
      )}
    </div>
  )
}
