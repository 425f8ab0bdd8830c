/** Reads all of the sample and says what would become of it. Writes nothing. */
import type { Kysely } from 'kysely'
import {
  approverKind,
  eligibilityKind,
  type KindOfPolicy,
} from '#server/operations/policy-kinds.ts'
import { Refused } from '#server/operations/refused.ts'
import { validDraft } from '#server/operations/save-policy.ts'
import type { Rules } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import { type ApproverEntry, approverEntry } from './approvers.ts'
import { compareRows, tellUnapproved } from './between-rows.ts'
import { type EligibilityEntry, eligibilityEntry } from './eligibility.ts'
import type { Entry } from './entry.ts'
import { type Known, loadKnown } from './known.ts'
import { loadTaken, pastRequestsTaken } from './marks.ts'
import { pastRequest } from './past-requests.ts'
import { noSettings, type SettingsEntry, settingsEntry } from './settings.ts'
import { type Problem, type Row, rowsOf, type SampleSource, type SampleTable } from './source.ts'

export interface Survey {
  readonly where: string
  readonly known: Known
  readonly settings: SettingsEntry
  readonly eligibility: readonly EligibilityEntry[]
  readonly approvers: readonly ApproverEntry[]
  readonly requests: RequestsSurvey
  /** When an entry was taken over, by its id: it is not looked at again. */
  readonly taken: ReadonlyMap<string, Date>
  /** Of rows that are none, and of past requests. */
  readonly problems: readonly Problem[]
}

export interface RequestsSurvey {
  readonly over: number
  readonly taken: number
  readonly old: number
  readonly open: readonly { readonly id: string; readonly status: string }[]
}

export interface SurveyPorts {
  readonly db: Kysely<Schema>
  readonly rules: Rules
  readonly now: Date
}

export async function surveySample(source: SampleSource, ports: SurveyPorts): Promise<Survey> {
  const { db, rules } = ports
  const known = await loadKnown(db, rules)
  const problems: Problem[] = []
  const tell = (problem: Problem) => void problems.push(problem)
  const rows = (table: SampleTable) => inOrder(source, table, tell)
  const [settingsRow = null] = await rows('Settings')
  const settings = source.tables.has('Settings') ? settingsEntry(settingsRow, known) : noSettings()
  const eligibility = (await rows('Eligibility')).map((row) => eligibilityEntry(row, known))
  const approvers = (await rows('Approvers')).map((row) => approverEntry(row, known))
  compareRows(eligibility, known, settings.sample)
  tellUnapproved(eligibility, approvers, known)
  for (const entry of eligibility) await judge(db, rules, eligibilityKind, entry)
  for (const entry of approvers) await judge(db, rules, approverKind, entry)
  const requests = await surveyRequests(source, { ...ports, known }, tell)
  const ids = [settings, ...eligibility, ...approvers].map(({ id }) => id)
  const taken = await loadTaken(db, ids)
  return {
    where: source.where,
    known,
    settings,
    eligibility,
    approvers,
    requests,
    taken,
    problems: problems.toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)),
  }
}

const placeOf = ({ table, key, field }: Problem) => `${table}\n${key}\n${field}`

/** By name, then by key: a scan has no order, and a report should. */
async function inOrder(
  source: SampleSource,
  table: SampleTable,
  tell: (problem: Problem) => void,
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of rowsOf(source, table, tell)) rows.push(row)
  const place = ({ item, key }: Row) => `${String(item.name)}\n${key}`
  return rows.toSorted((a, b) => (place(a) < place(b) ? -1 : 1))
}

/** What the API would refuse is refused here, before anything is written. */
async function judge<Policy extends { id: Entry<unknown>['id']; version: number }, Body, Shown>(
  db: Kysely<Schema>,
  rules: Rules,
  kind: KindOfPolicy<Policy, Body, Shown>,
  entry: Entry<Body>,
): Promise<void> {
  if (entry.body === null) return
  try {
    await validDraft(db, { kind, body: entry.body, before: null, rules })
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    tellRefused(entry, error)
    entry.body = null
  }
}

/** What was refused, by its field, as the API says it. */
export function tellRefused({ row, problems }: Entry<unknown>, refused: Refused): void {
  const { table, key } = row
  for (const { field, message } of refused.errors)
    problems.push({ table, key, field, reason: message })
  if (refused.errors.length === 0) problems.push({ table, key, field: '', reason: refused.message })
}

const requestsAtOnce = 200

async function surveyRequests(
  source: SampleSource,
  { db, known, now }: SurveyPorts & { known: Known },
  tell: (problem: Problem) => void,
): Promise<RequestsSurvey> {
  const counts = { over: 0, taken: 0, old: 0 }
  const open: { id: string; status: string }[] = []
  let waiting: string[] = []
  const look = async () => {
    counts.taken += (await pastRequestsTaken(db, waiting)).size
    waiting = []
  }
  for await (const row of rowsOf(source, 'requests', tell)) {
    const past = pastRequest(row, known, now, tell)
    if (past.kind === 'open') open.push(past)
    if (past.kind === 'old') counts.old += 1
    if (past.kind !== 'over') continue
    counts.over += 1
    waiting.push(past.id)
    if (waiting.length === requestsAtOnce) await look()
  }
  await look()
  return { ...counts, open: open.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }
}
