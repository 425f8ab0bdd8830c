import Box from '@cloudscape-design/components/box'
import Button from '@cloudscape-design/components/button'
import Checkbox from '@cloudscape-design/components/checkbox'
import Container from '@cloudscape-design/components/container'
import Form from '@cloudscape-design/components/form'
import FormField from '@cloudscape-design/components/form-field'
import RadioGroup from '@cloudscape-design/components/radio-group'
import Select from '@cloudscape-design/components/select'
import SpaceBetween from '@cloudscape-design/components/space-between'
import { type ReactNode, useMemo, useState } from 'react'
import type { Preferences } from '#contract/me.ts'
import { useNow } from '../clock.ts'
import { NoticesField } from '../components/NoticesField.tsx'
import { Page } from '../components/Page.tsx'
import { PageForm } from '../components/PageForm.tsx'
import { savePreferences } from '../components/TopBar.tsx'
import { flash } from '../flash.ts'
import { browserLocale, browserTimeZone, localeNames, locales, useWords } from '../i18n.tsx'
import { useMe } from '../queries.ts'
import { timesIn } from '../time.ts'

const follow = 'browser'

export function PreferencesPage(): ReactNode {
  const { t } = useWords()
  const me = useMe()
  const [chosen, setChosen] = useState<Preferences>(me.preferences)
  const [saving, setSaving] = useState(false)
  const change = (part: Partial<Preferences>) => setChosen((before) => ({ ...before, ...part }))
  const save = async () => {
    setSaving(true)
    if (await savePreferences(chosen, t)) flash({ type: 'success', text: t('prefs.saved') })
    setSaving(false)
  }
  return (
    <Page title={t('prefs.title')}>
      <PageForm label={t('prefs.title')} onSend={() => void save()}>
        <Form
          actions={
            <Button variant="primary" formAction="submit" loading={saving}>
              {t('do.save')}
            </Button>
          }
        >
          <SpaceBetween size="l">
            <Container>
              <SpaceBetween size="l">
                <LanguageField chosen={chosen} change={change} />
                <ZoneField chosen={chosen} change={change} />
                <FormField label={t('prefs.theme')}>
                  <RadioGroup
                    value={chosen.theme}
                    onChange={({ detail }) => change({ theme: themeOf(detail.value) })}
                    items={themes.map((value) => ({ value, label: t(`prefs.theme.${value}`) }))}
                  />
                </FormField>
                <FormField label={t('prefs.density')}>
                  <RadioGroup
                    value={chosen.density}
                    onChange={({ detail }) =>
                      change({ density: detail.value === 'compact' ? 'compact' : 'comfortable' })
                    }
                    items={(['comfortable', 'compact'] as const).map((value) => ({
                      value,
                      label: t(`prefs.density.${value}`),
                    }))}
                  />
                </FormField>
                <FormField label={t('prefs.keys')}>
                  <Checkbox
                    checked={chosen.shortcuts}
                    description={t('prefs.shortcutsText')}
                    onChange={({ detail }) => change({ shortcuts: detail.checked })}
                  >
                    {t('prefs.shortcuts')}
                  </Checkbox>
                </FormField>
              </SpaceBetween>
            </Container>
            <NoticesField chosen={chosen} change={change} roles={me.roles} />
          </SpaceBetween>
        </Form>
      </PageForm>
    </Page>
  )
}

const themes = ['system', 'light', 'dark'] as const

function themeOf(value: string): Preferences['theme'] {
  return themes.find((theme) => theme === value) ?? 'system'
}

interface FieldProps {
  readonly chosen: Preferences
  readonly change: (part: Partial<Preferences>) => void
}

function LanguageField(props: FieldProps): ReactNode {
  const { t } = useWords()
  const browser = t('prefs.languageBrowser', { name: localeNames[browserLocale()] })
  return (
    <FormField label={t('prefs.language')}>
      <RadioGroup
        value={props.chosen.locale ?? follow}
        onChange={({ detail }) =>
          props.change({ locale: locales.find((locale) => locale === detail.value) ?? null })
        }
        items={[
          { value: follow, label: browser },
          ...locales.map((locale) => ({ value: locale, label: localeNames[locale] })),
        ]}
      />
    </FormField>
  )
}

function ZoneField(props: FieldProps): ReactNode {
  const { t, locale } = useWords()
  const now = useNow()
  const zones = useMemo(() => ['UTC', ...Intl.supportedValuesOf('timeZone')], [])
  const { timeZone } = props.chosen
  const browser = {
    value: follow,
    label: t('prefs.zoneBrowser', { name: browserTimeZone() }),
  }
  const options = [browser, ...zones.map((zone) => ({ value: zone, label: zone }))]
  const selected = options.find((option) => option.value === timeZone) ?? browser
  const times = timesIn({ locale, timeZone: timeZone ?? browserTimeZone() }, t)
  return (
    <FormField
      label={t('prefs.zone')}
      constraintText={<Box variant="small">{t('prefs.example', { time: times.at(now) })}</Box>}
    >
      <Select
        selectedOption={selected}
        options={options}
        filteringType="auto"
        filteringAriaLabel={t('do.search')}
        virtualScroll
        onChange={({ detail }) => {
          const value = detail.selectedOption.value ?? follow
          props.change({ timeZone: value === follow ? null : value })
        }}
      />
    </FormField>
  )
}
