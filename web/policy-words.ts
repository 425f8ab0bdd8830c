/** Policies in sentences, and which of their fields differ. Pure. */
import type { Targets } from '#contract/policy.ts'
import type { Names } from './directory.ts'
import type { Locale, StringKey, Translate } from './i18n.tsx'

const namedMax = 3

function listed(locale: Locale, names: readonly string[]): string {
  return new Intl.ListFormat(locale, { style: 'long', type: 'conjunction' }).format(names)
}

/** Up to three names, otherwise how many there are. */
function namedOrCounted(names: readonly string[], counted: (count: number) => string): string[] {
  return names.length > namedMax ? [counted(names.length)] : [...names]
}

export function targetsInWords(
  targets: Targets,
  words: { names: Names; t: Translate; locale: Locale },
): string {
  const { names, t, locale } = words
  if (targets.root) return t('policy.summary.all')
  const accounts = namedOrCounted(targets.accounts.map(names.account), (count) =>
    t('policy.summary.accounts', { count }),
  )
  const units = namedOrCounted(
    targets.organizationalUnits.map((unit) =>
      t(unit.scope === 'children' ? 'policy.unitChildren' : 'policy.unitSubtree', {
        name: names.unit(unit.id),
      }),
    ),
    (count) => t('policy.summary.units', { count }),
  )
  const parts = [...accounts, ...units]
  return parts.length === 0 ? t('policy.summary.nothing') : listed(locale, parts)
}

export function setsInWords(
  entries: readonly string[] | null,
  words: { names: Names; t: Translate; locale: Locale },
): string {
  const { names, t, locale } = words
  if (entries === null) return t('policy.setsAll')
  if (entries.length === 0) return t('policy.summary.nothing')
  const shown = entries.map((entry) =>
    entry.startsWith('arn:')
      ? names.permissionSet(entry)
      : t('policy.patternShort', { pattern: entry }),
  )
  return listed(
    locale,
    namedOrCounted(shown, (count) => t('policy.summary.sets', { count })),
  )
}

export function groupsInWords(
  groups: readonly string[],
  words: { names: Names; t: Translate; locale: Locale },
): string {
  if (groups.length === 0) return words.t('policy.summary.nothing')
  return listed(words.locale, groups.map(words.names.group))
}

export const fieldWords = {
  subject: 'field.subject',
  targets: 'field.targets',
  permissionSets: 'field.permissionSets',
  maxDurationMinutes: 'field.maxDurationMinutes',
  approvalRequired: 'field.approvalRequired',
  ticketRequired: 'field.ticketRequired',
  justificationRequired: 'field.justificationRequired',
  breakGlass: 'field.breakGlass',
  ticket: 'field.ticket',
  note: 'field.note',
  enabled: 'field.enabled',
  approverGroups: 'field.approverGroups',
  approvalsRequired: 'field.approvalsRequired',
  exclusive: 'field.exclusive',
} as const satisfies Readonly<Record<string, StringKey>>

type Body = Readonly<Record<string, unknown>>

/** Equal in meaning: the order of keys in an object says nothing. */
function sameValue(a: unknown, b: unknown): boolean {
  return JSON.stringify(ordered(a ?? null)) === JSON.stringify(ordered(b ?? null))
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([name]) => name !== 'name')
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([name, inner]) => [name, ordered(inner)]))
}

export function differingFields(a: Body, b: Body): (keyof typeof fieldWords)[] {
  const names = Object.keys(fieldWords) as (keyof typeof fieldWords)[]
  return names.filter((name) => !sameValue(a[name], b[name]))
}

type Field = keyof typeof fieldWords

/** What a version of either kind of policy has, in the order of the form. */
export function fieldsOf(body: Body): Field[] {
  const names = Object.keys(fieldWords) as Field[]
  return names.filter((name) => name in body)
}

/** At the head of a row; in a sentence they are small. */
export function fieldName(field: Field, t: Translate): string {
  const name = t(fieldWords[field])
  return name.charAt(0).toUpperCase() + name.slice(1)
}

/** A value of a policy's field as one reads it; bodies of old versions are data of any shape. */
export function valueInWords(
  field: Field,
  value: unknown,
  words: { names: Names; t: Translate; locale: Locale; duration: (minutes: number) => string },
): string {
  const { t, names } = words
  if (value === null || value === undefined || value === '') {
    return field === 'permissionSets' ? t('policy.setsAll') : '–'
  }
  if (typeof value === 'boolean') return t(value ? 'word.yes' : 'word.no')
  if (field === 'maxDurationMinutes') return words.duration(Number(value))
  if (field === 'permissionSets' || field === 'approverGroups') {
    const nameOf = field === 'approverGroups' ? names.group : names.permissionSet
    return [value].flat().map(String).map(nameOf).join(', ')
  }
  if (field === 'subject' && isRecord(value)) {
    const id = String(value.id)
    const name = typeof value.name === 'string' ? value.name : names.group(id)
    return name === id ? id : `${name} (${id})`
  }
  if (field === 'targets' && isTargets(value)) return allTargets(value, words)
  return String(value)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function isTargets(value: unknown): value is Targets {
  return isRecord(value) && 'accounts' in value && 'organizationalUnits' in value
}

/** Unlike in a list, each is named: it may be the one that changed. */
function allTargets(targets: Targets, { names, t }: { names: Names; t: Translate }): string {
  if (targets.root) return t('policy.summary.all')
  return [
    ...targets.accounts.map((id) => `${names.account(id)} (${id})`),
    ...targets.organizationalUnits.map((unit) =>
      t(unit.scope === 'children' ? 'policy.unitChildren' : 'policy.unitSubtree', {
        name: names.unit(unit.id),
      }),
    ),
  ].join(', ')
}

export function fieldsInWords(
  fields: readonly (keyof typeof fieldWords)[],
  t: Translate,
  locale: Locale,
): string {
  return listed(
    locale,
    fields.map((field) => t(fieldWords[field])),
  )
}
