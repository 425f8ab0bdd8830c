import { I18nProvider, type I18nProviderProps } from '@cloudscape-design/components/i18n'
import { IntlMessageFormat } from 'intl-messageformat'
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import type { StringKey } from './strings/en.ts'
import { type Place, timesIn } from './time.ts'

export type { StringKey } from './strings/en.ts'

export const locales = ['en', 'ja'] as const
export type Locale = (typeof locales)[number]

/** Each language is named in itself, so that one who reads no other can find it. */
export const localeNames: Readonly<Record<Locale, string>> = { en: 'English', ja: '日本語' }

export interface Language {
  readonly locale: Locale
  readonly strings: Readonly<Record<StringKey, string>>
  readonly messages: I18nProviderProps.Messages
}

/** One language at a time, so that nobody downloads the other one. */
export async function loadLanguage(locale: Locale): Promise<Language> {
  if (locale === 'ja') {
    const [own, cloudscape] = await Promise.all([
      import('./strings/ja.ts'),
      import('@cloudscape-design/components/i18n/messages/all.ja'),
    ])
    return { locale, strings: own.ja, messages: cloudscape.default }
  }
  const [own, cloudscape] = await Promise.all([
    import('./strings/en.ts'),
    import('@cloudscape-design/components/i18n/messages/all.en'),
  ])
  return { locale, strings: own.en, messages: cloudscape.default }
}

/** The first of the browser's languages that TEAM speaks. */
export function browserLocale(languages: readonly string[] = navigator.languages): Locale {
  for (const language of languages) {
    const known = locales.find((locale) => language.toLowerCase().startsWith(locale))
    if (known) return known
  }
  return 'en'
}

export type Values = Readonly<Record<string, string | number>>
export type Translate = (key: StringKey, values?: Values) => string

export function translator(language: Pick<Language, 'locale' | 'strings'>): Translate {
  const formats = new Map<StringKey, IntlMessageFormat>()
  return (key, values) => {
    const text = language.strings[key]
    if (!text.includes('{')) return text
    const format = formats.get(key) ?? new IntlMessageFormat(text, language.locale)
    formats.set(key, format)
    return String(format.format(values))
  }
}

interface Words {
  readonly locale: Locale
  readonly timeZone: string
  readonly t: Translate
  readonly times: ReturnType<typeof timesIn>
}

const WordsContext = createContext<Words | null>(null)

export function useWords(): Words {
  const words = useContext(WordsContext)
  if (!words) throw new Error('useWords is called outside Speaking')
  return words
}

export const browserTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'

/** Children appear once their language is there; a change of language keeps the old one till then. */
export function Speaking(props: {
  locale: Locale
  timeZone: string
  children: ReactNode
}): ReactNode {
  const { locale, timeZone, children } = props
  const [language, setLanguage] = useState<Language | null>(null)
  useEffect(() => {
    let wanted = true
    void loadLanguage(locale).then((loaded) => {
      if (!wanted) return
      document.documentElement.lang = locale
      setLanguage(loaded)
    })
    return () => {
      wanted = false
    }
  }, [locale])
  const words = useMemo((): Words | null => {
    if (!language) return null
    const t = translator(language)
    const place: Place = { locale: language.locale, timeZone }
    return { locale: language.locale, timeZone, t, times: timesIn(place, t) }
  }, [language, timeZone])
  if (!language || !words) return null
  return (
    <I18nProvider locale={language.locale} messages={[language.messages]}>
      <WordsContext value={words}>{children}</WordsContext>
    </I18nProvider>
  )
}
