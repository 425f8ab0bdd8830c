import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import FormField from '@cloudscape-design/components/form-field'
import Input from '@cloudscape-design/components/input'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Settings } from '#contract/settings.ts'
import { call, failureOf } from '../../api.ts'
import { flash } from '../../flash.ts'
import { useWords } from '../../i18n.tsx'
import { wordField } from '../../problems.ts'
import { queryClient, settingsQuery } from '../../queries.ts'
import type { SecretField } from '../../settings-form.ts'
import { NotDone } from '../NotDone.tsx'

interface Props {
  readonly name: SecretField
  readonly settings: Settings
  readonly readOnly: boolean
}

/** What a secret is never comes back: shown is since when it is set, and by whom. */
export function SecretControl({ name, settings, readOnly }: Props): ReactNode {
  const { t, times } = useWords()
  const [typed, setTyped] = useState<string | null>(null)
  const mark = settings[name]
  const label = t(`set.${name}`)
  const saving = useMutation({
    mutationFn: (value: string | null) =>
      call<Settings>('PATCH', '/settings', { body: { [name]: value }, ifMatch: settings.version }),
    onSuccess: (saved) => {
      queryClient.setQueryData(settingsQuery.queryKey, saved)
      setTyped(null)
      flash({ type: 'success', text: t('secret.saved', { name: label }) })
    },
  })
  const isPrevious = name === 'webhookSecretPrevious'
  if (isPrevious && !mark.set) return null
  const failure = saving.error ? failureOf(saving.error) : null
  const atField = wordField(failure, name, t)
  const shown = mark.set
    ? t('secret.set', { time: times.at(mark.setAt), name: mark.setBy.userName })
    : t('secret.notSet')
  return (
    <FormField label={label} description={t(`setHelp.${name}`)} errorText={atField ?? ''}>
      <SpaceBetween size="xs">
        <Box>{shown}</Box>
        <NotDone failure={failure} fields={[name]} />
        {typed !== null && (
          <Input
            type="password"
            autoComplete="off"
            ariaLabel={label}
            value={typed}
            onChange={({ detail }) => setTyped(detail.value)}
          />
        )}
        {!readOnly && (
          <SpaceBetween direction="horizontal" size="xs">
            {typed !== null ? (
              <>
                <Button
                  formAction="none"
                  loading={saving.isPending}
                  disabled={typed === ''}
                  ariaLabel={`${t('do.save')}: ${label}`}
                  onClick={() => saving.mutate(typed)}
                >
                  {t('do.save')}
                </Button>
                <Button variant="link" formAction="none" onClick={() => setTyped(null)}>
                  {t('policy.discard')}
                </Button>
              </>
            ) : (
              <>
                {!isPrevious && (
                  <Button
                    formAction="none"
                    ariaLabel={`${t(mark.set ? 'secret.replace' : 'secret.enter')}: ${label}`}
                    onClick={() => setTyped('')}
                  >
                    {t(mark.set ? 'secret.replace' : 'secret.enter')}
                  </Button>
                )}
                {mark.set && (
                  <Button
                    formAction="none"
                    loading={saving.isPending}
                    ariaLabel={`${t('secret.remove')}: ${label}`}
                    onClick={() => saving.mutate(null)}
                  >
                    {t('secret.remove')}
                  </Button>
                )}
              </>
            )}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </FormField>
  )
}
