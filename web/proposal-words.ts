/** Proposals in words: what would change, why that widens, and the values before and after. */
import type { Targets } from '#contract/policy.ts'
import type { Proposal } from '#contract/proposal.ts'
import type { Names } from './directory.ts'
import type { Locale, StringKey, Translate } from './i18n.tsx'
import { fieldWords, groupsInWords, setsInWords, targetsInWords } from './policy-words.ts'
import { settingGroups, settingInWords } from './settings-form.ts'
import { durationText } from './time.ts'

export interface Words {
  readonly t: Translate
  readonly locale: Locale
  readonly names: Names
}

const titles = {
  'eligibility-policy': {
    create: 'proposal.elig.create',
    update: 'proposal.elig.update',
    delete: 'proposal.elig.delete',
  },
  'approver-policy': {
    create: 'proposal.appr.create',
    update: 'proposal.appr.update',
    delete: 'proposal.appr.delete',
  },
} as const

export function proposalTitle({ object, verb, subject }: Proposal, t: Translate): string {
  if (object.type === 'setting') return t('proposal.settings')
  const title = t(titles[object.type][verb])
  return subject === null
    ? title
    : t('proposal.ofSubject', { title, name: subject.name ?? subject.id })
}

const reasons = {
  created: 'wider.created',
  enabled: 'wider.enabled',
  subject_changed: 'wider.subject_changed',
  targets_widened: 'wider.targets_widened',
  permission_sets_widened: 'wider.permission_sets_widened',
  longer: 'wider.longer',
  approval_lowered: 'wider.approval_lowered',
  break_glass: 'wider.break_glass',
  approvers_widened: 'wider.approvers_widened',
  quorum_lowered: 'wider.quorum_lowered',
  slackEnabled: 'wider.slackEnabled',
  slackToken: 'wider.slackToken',
  slackSigningSecret: 'wider.slackSigningSecret',
  exclusive_changed: 'wider.exclusive_changed',
  maxDurationMinutes: 'wider.maxDurationMinutes',
  extensionAllowed: 'wider.extensionAllowed',
  extensionChainFactor: 'wider.extensionChainFactor',
  approvalRequired: 'wider.approvalRequired',
  secondAdmin: 'wider.secondAdmin',
  adminGroupId: 'wider.adminGroupId',
  auditorGroupId: 'wider.auditorGroupId',
  reviewDueHours: 'wider.reviewDueHours',
  endOnLostEligibility: 'wider.endOnLostEligibility',
} as const satisfies Readonly<Record<string, StringKey>>

export function reasonInWords(reason: string, t: Translate): string {
  const known: Readonly<Record<string, StringKey>> = reasons
  const key = Object.hasOwn(known, reason) ? known[reason] : undefined
  return key ? t(key) : fieldName(reason, t)
}

const settingFields = settingGroups.flatMap(({ fields }) => fields)

/** Of a policy or of the settings; one that these pages do not know is named as it is. */
export function fieldName(field: string, t: Translate): string {
  const setting = settingFields.find(({ name }) => name === field)
  if (setting) return t(`set.${setting.name}`)
  const known: Readonly<Record<string, StringKey>> = fieldWords
  const key = Object.hasOwn(known, field) ? known[field] : undefined
  return key ? t(key) : field
}

export function valueInWords(field: string, value: unknown, words: Words): string {
  const { t, names } = words
  const setting = settingFields.find(({ name }) => name === field)
  if (setting && field !== 'maxDurationMinutes') {
    return settingInWords(setting, value, { t, group: names.group })
  }
  if (field === 'maxDurationMinutes' && typeof value === 'number') return durationText(value, t)
  if (field === 'targets' && isTargets(value)) return targetsInWords(value, words)
  if (field === 'permissionSets') return setsInWords(textsIn(value), words)
  if (field === 'approverGroups') return groupsInWords(textsIn(value) ?? [], words)
  if (field === 'subject') return subjectInWords(value, names)
  if (typeof value === 'boolean') return t(value ? 'word.on' : 'word.off')
  return value === null || value === undefined || value === '' ? t('word.none') : String(value)
}

function textsIn(value: unknown): string[] | null {
  return Array.isArray(value) ? value.map(String) : null
}

function isTargets(value: unknown): value is Targets {
  return typeof value === 'object' && value !== null && 'organizationalUnits' in value
}

function subjectInWords(value: unknown, names: Names): string {
  if (typeof value !== 'object' || value === null || !('id' in value)) return ''
  const id = String(value.id)
  return 'type' in value && value.type === 'user' ? id : names.group(id)
}
