/**
 * Writes what a survey found, by the operations that the API calls. Each row is one transaction with
 * the event that says it was taken over, so an import that dies goes on where it was, and a second one
 * finds nothing to do. What an administrator made of a policy since is never written over.
 */
import type { SettingsPatch } from '#contract/settings.ts'
import { type Actor, eventActorOf } from '#server/operations/actor.ts'
import type { Authority } from '#server/operations/authority.ts'
import { type ChangeSettingsPorts, editSettings } from '#server/operations/change-settings.ts'
import { makeChange } from '#server/operations/making-changes.ts'
import {
  approverKind,
  eligibilityKind,
  type KindOfPolicy,
} from '#server/operations/policy-kinds.ts'
import { Refused } from '#server/operations/refused.ts'
import { editPolicy } from '#server/operations/save-policy.ts'
import type { Change } from '#server/store/change.ts'
import { installationId } from '#server/store/installation.ts'
import { lockRules } from '#server/store/rules.ts'
import { type Entry, idOf } from './entry.ts'
import { loadTaken, pastRequestObject, pastRequestsTaken, rowObject } from './marks.ts'
import { pastRequest } from './past-requests.ts'
import { ticketRuleKey } from './settings.ts'
import { rowsOf, type SampleSource } from './source.ts'
import { type Survey, tellRefused } from './survey.ts'

export interface Import {
  readonly ports: ChangeSettingsPorts
  readonly source: SampleSource
  readonly survey: Survey
  /** The administrator in whose name it is done. */
  readonly actor: Actor
  progress(line: string): void
}

export interface Written {
  /** Of the sample, that are done with: written, or waiting for a second administrator. */
  rows: number
  settings: number
  policies: number
  /** Wait for a second administrator. */
  proposed: number
  refused: number
  requests: number
}

export async function writeSample(work: Import): Promise<Written> {
  const written: Written = {
    rows: 0,
    settings: 0,
    policies: 0,
    proposed: 0,
    refused: 0,
    requests: 0,
  }
  const { survey, progress } = work
  await takeSettings(work, written)
  progress(`Settings: ${written.settings} changed`)
  for (const entry of survey.approvers) await takePolicy(work, written, approverKind, entry)
  progress(`Approver policies: ${written.policies} written`)
  for (const entry of survey.eligibility) await takePolicy(work, written, eligibilityKind, entry)
  progress(`Policies: ${written.policies} written`)
  await takeTicketRule(work, written)
  await takeRequests(work, written)
  if (written.rows + written.requests > 0) await sayFinished(work, written)
  return written
}

/** Whoever has the database can name any administrator; the trail does not say that it was them. */
function authorityOf({ actor }: Import): Authority {
  const authorActor = {
    type: 'system' as const,
    id: 'team-import',
    name: `team import, in the name of ${actor.person.userName}`,
  }
  return { author: actor, authorActor, accepted: null, byServiceToken: null }
}

type Kind = 'saved' | 'proposed'

/** Null: it was taken over before, or refused. */
async function takeRow(
  work: Import,
  written: Written,
  { entry, edit }: { entry: Entry<unknown>; edit: (c: Change) => Promise<{ kind: Kind }> },
): Promise<Kind | null> {
  const { id, row, meanings, problems } = entry
  if (work.survey.taken.has(id)) return null
  try {
    const outcome = await makeChange(work.ports, async (c) => {
      await lockRules(c.tx)
      if ((await loadTaken(c.tx, [id])).size > 0) return null
      const { kind } = await edit(c)
      c.event({
        actor: authorityOf(work).authorActor,
        action: 'import.take',
        object: { type: rowObject, id },
        payload: {
          source: 'aws-sample',
          ...row,
          item: storable(row.item),
          kind,
          meanings,
          problems,
        },
      })
      return kind
    })
    if (outcome !== null) written.rows += 1
    if (outcome === 'proposed') written.proposed += 1
    return outcome
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    tellRefused(entry, error)
    written.refused += 1
    return null
  }
}

async function takePolicy<
  Policy extends { id: Entry<unknown>['id']; version: number },
  Body,
  Shown,
>(
  work: Import,
  written: Written,
  kind: KindOfPolicy<Policy, Body, Shown>,
  entry: Entry<Body>,
): Promise<void> {
  const { id, body } = entry
  if (body === null) return
  const whole = { verb: 'create', id, version: 0, body, confirmEnding: null } as const
  const change = { ...whole, authority: authorityOf(work) }
  const edit = (c: Change) => editPolicy(work.ports, c, kind, change)
  const outcome = await takeRow(work, written, { entry, edit })
  if (outcome === 'saved') written.policies += 1
}

/** Also where nothing differs: what is changed here later is not for a second import to change back. */
async function takeSettings(work: Import, written: Written): Promise<void> {
  const { settings } = work.survey
  if (settings.body === null) return
  await takePatch(work, written, { entry: settings, patch: settings.body })
}

/** Last: what the sample has without a ticket was allowed when it was made. */
async function takeTicketRule(work: Import, written: Written): Promise<void> {
  const { settings, known } = work.survey
  if (!settings.ticketRequiredForPolicies) return
  const row = { ...settings.row, key: ticketRuleKey }
  const isSet = known.rules.settings.ticketRequiredForPolicies
  await takePatch(work, written, {
    entry: { ...settings, id: idOf(row), row, meanings: [], problems: [] },
    patch: isSet ? {} : { ticketRequiredForPolicies: true },
  })
}

async function takePatch(
  work: Import,
  written: Written,
  { entry, patch }: { entry: Entry<unknown>; patch: SettingsPatch },
): Promise<void> {
  const change = { authority: authorityOf(work), patch, version: null }
  const edit = (c: Change) => editSettings(work.ports, c, change)
  const outcome = await takeRow(work, written, { entry, edit })
  if (outcome === 'saved') written.settings += Object.keys(patch).length
}

const requestsAtOnce = 200

async function takeRequests(work: Import, written: Written): Promise<void> {
  const { source, survey, ports } = work
  const now = await ports.clock.now()
  let waiting: { id: string; payload: object }[] = []
  const flush = async () => {
    written.requests += await keep(work, waiting)
    waiting = []
    if (written.requests > 0) work.progress(`Past requests: ${written.requests} kept`)
  }
  for await (const row of rowsOf(source, 'requests', () => undefined)) {
    const past = pastRequest(row, survey.known, now, () => undefined)
    if (past.kind !== 'over') continue
    waiting.push(past)
    if (waiting.length === requestsAtOnce) await flush()
  }
  await flush()
}

/** One transaction; under the lock, so that two imports at once keep each request once. */
async function keep(work: Import, requests: readonly { id: string; payload: object }[]) {
  if (requests.length === 0) return 0
  return makeChange(work.ports, async (c) => {
    await lockRules(c.tx)
    const taken = await pastRequestsTaken(
      c.tx,
      requests.map(({ id }) => id),
    )
    const fresh = requests.filter(({ id }) => !taken.has(id))
    for (const { id, payload } of fresh) {
      c.event({
        actor: authorityOf(work).authorActor,
        action: 'import.request',
        object: { type: pastRequestObject, id },
        payload,
      })
    }
    return fresh.length
  })
}

async function sayFinished(work: Import, written: Written): Promise<void> {
  const { survey, ports, actor } = work
  const id = await installationId(ports.db)
  await makeChange(ports, async (c) => {
    c.event({
      actor: authorityOf(work).authorActor,
      action: 'import.finish',
      object: { type: 'installation', id },
      payload: {
        source: survey.where,
        by: eventActorOf(actor),
        written: { ...written },
        notTaken: notTaken(survey),
        problems: storable(rulesProblems(survey).slice(0, notTakenMax)),
      },
    })
  })
}

const notTakenMax = 1_000

/** The rows themselves, so that nothing is lost with the sample's tables. */
function notTaken({ eligibility, approvers }: Survey): object[] {
  return [...eligibility, ...approvers]
    .filter(({ body }) => body === null)
    .slice(0, notTakenMax)
    .map(({ row, problems }) => ({ ...row, item: storable(row.item), problems }))
}

/** A damaged request may hold people's words, which nobody could find to erase: only the report has it. */
const rulesProblems = ({ problems }: Survey) => problems.filter(({ table }) => table !== 'requests')

/** What JSON and PostgreSQL can hold of it. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\u0000', '\uFFFD')
  if (Array.isArray(value)) return value.map(storable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [String(storable(name)), storable(one)]),
  )
}
