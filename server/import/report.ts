/** What a survey says to people and to programs. */
import type { AccountId, PermissionSetArn } from '#core/ids.ts'
import { counted, type Entry, hoursInWords } from './entry.ts'
import { shown } from './shown.ts'
import type { Problem } from './source.ts'
import type { Survey } from './survey.ts'
import type { Written } from './write.ts'

type State = 'new' | 'taken' | 'not_taken'

/** True of every installation of the sample. */
const everywhere = [
  'How long: the sample lets through what any row of a person allows, for whichever account and role. Here only rows that match the target count.',
  'Approval: in the sample one matching row without approval takes it away. Here it is needed as soon as one matching policy asks for it.',
  'Units: the accounts directly in a unit, as in the sample in fact, and not all below it, as its guide says.',
  'Approvers: those who are in the groups when they decide, not those who were when it was asked. Nobody decides on their own request.',
  'Approver rows of an account and of its unit are added up, as the sample’s server does (its form stops at the first).',
  'A request that nobody could approve is refused at once, and does not wait until it expires.',
  'What is over is history: events of the trail, for auditors. What is not over stays the sample’s to end.',
]

export function surveyInWords(survey: Survey): string {
  const { where, settings, approvers, eligibility } = survey
  return [
    `AWS’s sample, read from ${where}.`,
    section(
      'What means something else everywhere',
      everywhere.map((line) => `- ${line}`),
    ),
    section('Settings', [...settingLines(survey), ...told(settings, '')]),
    section(
      `Approver policies: ${tally(survey, approvers)}`,
      approvers.flatMap((entry) => entryLines(survey, entry)),
    ),
    section(
      `Eligibility policies: ${tally(survey, eligibility)}`,
      eligibility.flatMap((entry) => entryLines(survey, entry)),
    ),
    section('Past requests', requestLines(survey)),
    ...(survey.problems.length === 0
      ? []
      : [
          section(
            'Entries with something that is not as it should be',
            survey.problems.map(problemLine),
          ),
        ]),
  ].join('\n\n')
}

const section = (title: string, lines: readonly string[]) =>
  [title, ...lines.map((line) => `  ${line}`)].join('\n')

const stateOf = ({ taken }: Survey, { id, body }: Entry<unknown>): State =>
  taken.has(id) ? 'taken' : body === null ? 'not_taken' : 'new'

function tally(survey: Survey, entries: readonly Entry<unknown>[]): string {
  const count = (state: State) => entries.filter((one) => stateOf(survey, one) === state).length
  const parts = [
    counted(entries.length, 'row'),
    `${count('new')} to be written`,
    ...(count('taken') > 0 ? [`${count('taken')} taken over before`] : []),
    ...(count('not_taken') > 0 ? [`${count('not_taken')} that cannot be taken over`] : []),
  ]
  return parts.join(', ')
}

function entryLines(
  survey: Survey,
  entry: Survey['approvers'][number] | Survey['eligibility'][number],
) {
  const { row, name, id } = entry
  const title = name === row.key ? row.key : `${name} (${row.key})`
  const takenAt = survey.taken.get(id)
  if (takenAt !== undefined) {
    return [`${title}: taken over on ${day(takenAt)}; left as it is today`]
  }
  if (entry.body === null) return [`${title}: CANNOT BE TAKEN OVER`, ...told(entry, '  ')]
  return [`${title}: ${bodyInWords(survey, entry.body)}`, ...told(entry, '  ')]
}

type AnyBody = NonNullable<
  Survey['approvers'][number]['body'] | Survey['eligibility'][number]['body']
>

function bodyInWords({ known }: Survey, body: AnyBody): string {
  const { accounts, permissionSets } = known.rules.directory
  // The contract has parsed the ids.
  const targets = [
    ...body.targets.accounts.map((id) => accounts.get(id as AccountId)?.name ?? id),
    ...body.targets.organizationalUnits.map(
      ({ id }) => `directly in ${known.ouNames.get(id) ?? id}`,
    ),
  ]
  const where = targets.map((name) => shown(name)).join(', ')
  if ('approverGroups' in body) {
    const groups = body.approverGroups.map((id) => shown(known.groupNames.get(id) ?? id))
    return `${where}: ${groups.join(', ')}`
  }
  const sets = body.permissionSets.map((arn) =>
    shown(permissionSets.get(arn as PermissionSetArn)?.name ?? arn),
  )
  const approval = body.approvalRequired ? 'approval' : 'no approval'
  return `${where}: ${sets.join(', ')}, ${hoursInWords(body.maxDurationMinutes)}, ${approval}`
}

function told({ meanings, problems }: Entry<unknown>, indent: string): string[] {
  return [
    ...meanings.map(({ code, text }) => `${indent}~ ${text} [${code}]`),
    ...problems.map(
      ({ field, reason }) => `${indent}! ${field === '' ? '' : `${field}: `}${reason}`,
    ),
  ]
}

const problemLine = ({ table, key, field, reason }: Problem) =>
  `! ${table} ${shown(key)}${field === '' ? '' : `, ${field}`}: ${reason}`

function settingLines(survey: Survey): string[] {
  const { settings, known, taken } = survey
  const takenAt = taken.get(settings.id)
  if (takenAt !== undefined) return [`taken over on ${day(takenAt)}; left as they are today`]
  if (settings.body === null) return ['are left as they are']
  const patch = {
    ...settings.body,
    ...(settings.ticketRequiredForPolicies && { ticketRequiredForPolicies: true }),
  }
  const lines = Object.entries(patch)
    .map(([name, value]) => ({ name, value, now: Reflect.get(known.rules.settings, name) }))
    .filter(({ value, now }) => value !== now)
    .map(({ name, value, now }) => `${name}: ${shownValue(now)} becomes ${shownValue(value)}`)
  return lines.length === 0 ? ['are as in the sample already'] : lines
}

const shownValue = (value: unknown) => (value === null ? 'none' : shown(String(value)))

function requestLines({ requests }: Survey): string[] {
  const { over, taken, old, open } = requests
  return [
    `${over - taken} to be kept as history${taken > 0 ? `, ${taken} kept before` : ''}${old > 0 ? `, ${old} left out that ${old === 1 ? 'is' : 'are'} older than seven years` : ''}`,
    ...(open.length === 0
      ? []
      : [
          `${counted(open.length, 'request is', 'requests are')} NOT OVER. Let the sample end ${open.length === 1 ? 'it' : 'them'} before it is switched off, then import once more; TEAM does not remove what it did not give:`,
          ...open.map(({ id, status }) => `  ${shown(id)}: ${status}`),
        ]),
  ]
}

const day = (at: Date) => at.toISOString().slice(0, 10)

export function writtenInWords(written: Written, survey: Survey): string {
  const { rows, settings, policies, proposed, refused, requests } = written
  if (rows + requests + refused === 0)
    return 'Everything was taken over before. Nothing was written.'
  return [
    `Written: ${counted(settings, 'setting')}, ${counted(policies, 'policy', 'policies')}, ${counted(requests, 'past request')} as history.`,
    ...(proposed > 0
      ? [
          `${counted(proposed, 'change waits', 'changes wait')} for a second administrator, on the page Proposals.`,
        ]
      : []),
    ...(refused > 0
      ? [`${counted(refused, 'entry was', 'entries were')} refused; run it once more to read why.`]
      : []),
    ...(survey.requests.open.length > 0
      ? [
          `${counted(survey.requests.open.length, 'request of the sample is', 'requests of the sample are')} not over: see above.`,
        ]
      : []),
  ].join('\n')
}

export function surveyAsJson(survey: Survey): object {
  const entryAsJson = (entry: Entry<unknown>) => ({
    table: entry.row.table,
    key: entry.row.key,
    name: entry.name,
    id: entry.id,
    state: stateOf(survey, entry),
    policy: entry.body,
    meanings: entry.meanings,
    problems: entry.problems,
    row: entry.row.item,
  })
  const { where, settings, approvers, eligibility, requests, problems } = survey
  return {
    source: where,
    settings: entryAsJson(settings),
    approverPolicies: approvers.map(entryAsJson),
    eligibilityPolicies: eligibility.map(entryAsJson),
    requests,
    problems,
  }
}
