import { readdirSync, readFileSync } from 'node:fs'
import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, test } from 'vitest'
import { en, type StringKey } from './en.ts'
import { ja } from './ja.ts'

const web = new URL('../', import.meta.url)
const keys = Object.keys(en) as StringKey[]

const source = readdirSync(web, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.includes('strings') && !file.includes('.test.'))
  .map((file) => readFileSync(new URL(file, web), 'utf8'))
  .join('\n')

/** Beginnings and ends of keys that the source puts together, such as `status.${status}`. */
const patterns = [...source.matchAll(/`([a-zA-Z]+\.[a-zA-Z.]*)\$\{[^}]*\}([a-zA-Z]*)`/g)].map(
  ([, head = '', tail = '']) => ({ head, tail }),
)

function isUsed(key: string): boolean {
  if (source.includes(`'${key}'`)) return true
  return patterns.some(({ head, tail }) => key.startsWith(head) && key.endsWith(tail))
}

function placeholders(text: string): string[] {
  const found = new Set<string>()
  const walk = (parts: readonly unknown[]) => {
    for (const part of parts) {
      if (typeof part !== 'object' || part === null) continue
      const { type, value, options } = part as {
        type: number
        value?: string
        options?: Record<string, { value: unknown[] }>
      }
      if (type >= 1 && type <= 6 && value !== undefined) found.add(value)
      for (const option of Object.values(options ?? {})) walk(option.value)
    }
  }
  walk(new IntlMessageFormat(text, 'en').getAst())
  return [...found].sort()
}

/** Names, forms and signs that are the same in both languages. */
const sameInBoth = new Set<StringKey>([
  'app.name',
  'person.name',
  'target.name',
  'dir.id',
  'time.readBack',
  'timeline.comment',
  'notice.line',
  'health.key',
  'health.tab.count',
  'policy.changedBy',
  'preview.pair',
  'preview.terms',
  'approvals.tabCount',
  'word.comma',
  'word.sentences',
  'list.count',
  'list.countMore',
  'list.rangeFormat',
  'settings.from',
  'prefs.bySlack',
  'prefs.tell',
  'channel.slack',
  'channel.sns',
  'channel.webhook',
  'settings.sns',
  'settings.slack',
  'settings.webhook',
])

describe('the words of the web UI', () => {
  test('both languages have exactly the same keys', () => {
    expect(Object.keys(ja).sort()).toEqual([...keys].sort())
  })

  test('no key is left that no page uses', () => {
    expect(keys.filter((key) => !isUsed(key))).toEqual([])
  })

  test('every Japanese text is Japanese', () => {
    const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u
    const left = keys.filter((key) => !japanese.test(ja[key]) && !sameInBoth.has(key))
    expect(left).toEqual([])
  })

  test('no English text has Japanese in it', () => {
    const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u
    expect(keys.filter((key) => japanese.test(en[key]))).toEqual([])
  })

  test('both languages fill the same placeholders', () => {
    const different = keys.filter(
      (key) => placeholders(en[key]).join() !== placeholders(ja[key]).join(),
    )
    expect(different).toEqual([])
  })

  test('Japanese keeps a space between Latin letters or digits and Japanese, and half-width brackets', () => {
    const glued =
      /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}][A-Za-z0-9]|[A-Za-z0-9][\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]|[（）！？：]/u
    const wrong = keys.filter((key) => glued.test(ja[key].replaceAll(/\{[^{}]*\}/g, '')))
    expect(wrong).toEqual([])
  })
})
