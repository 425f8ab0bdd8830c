/** The one row of the sample's table Settings as a change of ours. */
import type { z } from 'zod'
import { SettingsPatch } from '#contract/settings.ts'
import type { Settings } from '#core/settings.ts'
import type { SampleRules } from './between-rows.ts'
import { asBody, type Entry, type Fields, fieldsOf, hoursInWords, idOf } from './entry.ts'
import type { Known } from './known.ts'
import { shown } from './shown.ts'
import type { Problem, Row } from './source.ts'

export interface SettingsEntry extends Entry<z.output<typeof SettingsPatch>> {
  /** What the sample goes by, for the meaning of its policies. */
  readonly sample: SampleRules
  /** The same switch in the sample; held back until the policies are there. */
  readonly ticketRequiredForPolicies: boolean
}

const settingsKey = 'settings'
export const ticketRuleKey = `${settingsKey}/policies`
/** Of the contract, for settings and for policies. */
const minutesMax = { maxDurationMinutes: 100_000, requestExpiryMinutes: 43_200 } as const
/** What the sample takes where nothing is saved. */
const sampleHours = { duration: 9, expiry: 3 } as const

export function settingsEntry(row: Row | null, known: Known): SettingsEntry {
  const present = row ?? { table: 'Settings', key: settingsKey, item: {} }
  const problems: Problem[] = []
  const fields = fieldsOf(present, problems)
  const entry = { row: present, id: idOf(present), name: 'settings', meanings: [], problems }
  const whole: Entry<z.output<typeof SettingsPatch>> = { ...entry, body: null }
  if (row === null) {
    whole.meanings.push({
      code: 'defaults',
      text: 'Nobody ever saved settings in the sample: what it does without is taken over.',
    })
  }
  const wanted = {
    maxDurationMinutes: minutes(whole, fields, 'duration', 'maxDurationMinutes'),
    requestExpiryMinutes: minutes(whole, fields, 'expiry', 'requestExpiryMinutes'),
    approvalRequired: switched(fields, 'approval'),
    commentRequired: switched(fields, 'comments'),
    ticketRequired: switched(fields, 'ticketNo'),
    ...channels(whole, fields),
  }
  tellOfTheRest(whole, fields, known)
  const current = known.rules.settings
  return {
    ...whole,
    body: differing(wanted, current, fields),
    sample: wanted,
    ticketRequiredForPolicies: wanted.ticketRequired,
  }
}

/** What is set so already is left out; one value that the API refuses keeps no other away. */
function differing(wanted: Partial<Settings>, current: Settings, fields: Fields) {
  const patch: z.output<typeof SettingsPatch> = {}
  for (const [name, value] of Object.entries(wanted)) {
    if (Reflect.get(current, name) === value) continue
    Object.assign(patch, asBody(SettingsPatch, { [name]: value }, fields.tell))
  }
  return patch
}

/** An export may leave the table out: then nothing is known of it, and nothing is changed. */
export function noSettings(): SettingsEntry {
  const row: Row = { table: 'Settings', key: settingsKey, item: {} }
  return {
    ...{ row, id: idOf(row), name: 'settings', body: null, problems: [] },
    meanings: [{ code: 'no_table', text: 'The table is not among what was read.' }],
    sample: { maxDurationMinutes: sampleHours.duration * 60, approvalRequired: true },
    ticketRequiredForPolicies: false,
  }
}

/** All of the sample's switches are on until somebody turns them off. */
function switched(fields: Fields, field: 'approval' | 'comments' | 'ticketNo'): boolean {
  return fields.isThere(field) ? fields.flag(field, true) : true
}

function minutes(
  { meanings }: Pick<Entry<unknown>, 'meanings'>,
  fields: Fields,
  field: keyof typeof sampleHours,
  name: keyof typeof minutesMax,
): number {
  const said = fields.isThere(field) ? fields.hours(field) : null
  const taken = said ?? sampleHours[field] * 60
  if (taken <= minutesMax[name]) return taken
  meanings.push({
    code: 'setting_shortened',
    text: `${field}: ${hoursInWords(taken)} become ${hoursInWords(minutesMax[name])}, the most that the setting may be.`,
  })
  return minutesMax[name]
}

function channels({ meanings }: Pick<Entry<unknown>, 'meanings'>, fields: Fields) {
  const emailSource = fields.text('sesSourceEmail')
  const wantsEmail = fields.isThere('sesNotificationsEnabled')
    ? fields.flag('sesNotificationsEnabled', false)
    : false
  if (fields.text('sesSourceArn') !== '') {
    meanings.push({
      code: 'sender_arn',
      text: 'sesSourceArn: TEAM sends as its own account only, so the address must be verified in SES there.',
    })
  }
  return {
    ...(wantsEmail && { emailEnabled: true }),
    ...(emailSource !== '' && { emailSource }),
  }
}

function tellOfTheRest(
  { meanings }: Pick<Entry<unknown>, 'meanings'>,
  fields: Fields,
  known: Known,
): void {
  const tell = (code: string, text: string) => void meanings.push({ code, text })
  if (fields.text('slackToken') !== '' || fields.isOn('slackNotificationsEnabled')) {
    tell(
      'slack_anew',
      'Slack: the token is not taken over. Everybody who could sign in to the sample could read it: revoke it, and set up Slack anew in the settings (docs/operate/channels.md).',
    )
  }
  if (fields.isOn('snsNotificationsEnabled')) {
    tell(
      'sns_anew',
      'SNS: the sample sends to a topic of its own, which goes with it. Set a topic of yours in the settings; its messages look different (docs/reference/notices.md).',
    )
  }
  if (fields.isOn('useOUCache')) {
    tell('no_cache', 'useOUCache: there is none to set; TEAM keeps a replica of the organisation.')
  }
  tellGroup(fields, known, tell, { field: 'teamAdminGroup', name: 'adminGroupId' })
  tellGroup(fields, known, tell, { field: 'teamAuditorGroup', name: 'auditorGroupId' })
}

/** Who administers TEAM is settled before anything can be imported, and not by an old table. */
function tellGroup(
  fields: Fields,
  { rules, groupNames, groupsByName }: Known,
  tell: (code: string, text: string) => void,
  { field, name }: { field: string; name: 'adminGroupId' | 'auditorGroupId' },
): void {
  const said = fields.text(field)
  const ours = rules.settings[name]
  const meant = groupsByName.get(said.toLowerCase()) ?? []
  if (said === '' || (ours !== null && meant.includes(ours))) return
  const oursName = ours === null ? 'nobody' : shown(groupNames.get(ours) ?? ours)
  tell(
    'group_kept',
    `${field}: the sample names ${shown(said)}; TEAM has ${oursName}, and keeps it. Change it in the settings if that is wrong.`,
  )
}
