/**
 * A submission: every target is allowed and becomes a request, or none does. AWS is asked (is the
 * person still there, do they hold a target already) before the transaction; inside it everything
 * is judged again on the rules as they then stand.
 */
import { randomUUID } from 'node:crypto'
import type { Kysely } from 'kysely'
import type { Person } from '#core/facts.ts'
import { keyText, type RequestId, type SubmissionId, type Target, type UserId } from '#core/ids.ts'
import { refusal } from '#core/refusals.ts'
import {
  decideSubmission,
  type Held,
  type RequestDraft,
  type Submission,
  type SubmissionFacts,
  type SubmissionVerdict,
  targetsPerSubmissionMax,
} from '#core/submission.ts'
import type { Announce } from '#server/store/announce-port.ts'
import type { Change } from '#server/store/change.ts'
import { isUniqueViolation } from '#server/store/database-errors.ts'
import { loadPerson } from '#server/store/people.ts'
import { pendingRequestsOf, requestIdsOfSubmission } from '#server/store/request-searches.ts'
import { onePendingRequestAKey } from '#server/store/requests.ts'
import { hasOverdueReview } from '#server/store/reviews.ts'
import { holdRules, type Rules, type RulesStore } from '#server/store/rules.ts'
import type { Schema } from '#server/store/schema.ts'
import type { Actor } from './actor.ts'
import { type ConfirmPeople, confirmWith } from './confirming.ts'
import { expireIfDue } from './expire-requests.ts'
import type { Looks } from './look-at-target.ts'
import { type ChangePorts, makeChange } from './making-changes.ts'
import { loadOwnWidening } from './own-widening.ts'
import { refusedForAll, refusedWith } from './words.ts'
import { writeRequest } from './write-request.ts'

export interface SubmitPorts extends ChangePorts {
  readonly rules: RulesStore
  readonly confirmPeople: ConfirmPeople
  readonly looks: Pick<Looks, 'held'>
  readonly announce: Announce
}

export interface SubmitInput {
  readonly actor: Actor
  readonly submission: Submission
  /** The same id twice is the same submission, made once; left out: a new one. */
  readonly submissionId?: SubmissionId
}

export interface Submitted {
  readonly submissionId: SubmissionId
  readonly requestIds: readonly RequestId[]
}

export const confirmedAgeSecondsMax = 60

export async function submitRequest(ports: SubmitPorts, input: SubmitInput): Promise<Submitted> {
  const { actor, submission } = input
  const { userId } = actor.person
  const submissionId = input.submissionId ?? (randomUUID() as SubmissionId)
  const earlier = await requestIdsOfSubmission(ports.db, submissionId)
  if (earlier.length > 0) return { submissionId, requestIds: earlier }
  await confirmWith(ports.confirmPeople, [userId], {
    maxAgeSeconds: confirmedAgeSecondsMax,
    about: 'you',
  })
  const person = await presentPerson(ports.db, userId)
  await refuseEarly(ports, { person, via: viaOf(actor) }, submission)
  const held = await lookAtTargets(ports, person, submission.targets)
  try {
    return await makeChange(ports, (c) =>
      submit(ports, c, { actor, submission, submissionId, held }),
    )
  } catch (error) {
    if (isUniqueViolation(error, onePendingRequestAKey)) {
      throw await namingTheFirst(ports, userId, submission.targets)
    }
    throw error
  }
}

export async function presentPerson(db: Kysely<Schema>, userId: UserId): Promise<Person> {
  const person = await loadPerson(db, userId)
  if (person === null) throw refusedWith(refusal('person_disabled'))
  return person
}

/** What is refused anyhow is refused before AWS is asked about targets. */
async function refuseEarly(
  ports: SubmitPorts,
  { person, via }: Pick<Judging, 'person' | 'via'>,
  submission: Submission,
) {
  const rules = await ports.rules.load(ports.db)
  const now = await ports.clock.now()
  const judging = { rules, person, now, held: new Map(), via, submission }
  const facts = await factsOf(ports.db, judging)
  refuseAny(decideSubmission({ ...facts, purpose: 'preview' }, submission))
}

const looksAtOnceMax = 4

async function lookAtTargets(
  ports: SubmitPorts,
  person: Person,
  targets: readonly Target[],
): Promise<ReadonlyMap<string, Held>> {
  const held = new Map<string, Held>()
  for (let first = 0; first < targets.length; first += looksAtOnceMax) {
    const some = targets.slice(first, first + looksAtOnceMax)
    await Promise.all(
      some.map(async (target) => {
        const key = keyText({ userId: person.userId, ...target })
        held.set(key, await ports.looks.held(person, target))
      }),
    )
  }
  return held
}

interface Judging {
  readonly rules: Rules
  readonly person: Person
  readonly now: Date
  readonly held: ReadonlyMap<string, Held>
  readonly via: SubmissionFacts['via']
  readonly submission: Pick<Submission, 'targets' | 'durationMinutes' | 'breakGlass'>
  /** Of the chain that it would prolong; left out: it stands by itself. */
  readonly chainMinutes?: number
}

export function viaOf({ token }: Actor): SubmissionFacts['via'] {
  return token ? 'token' : 'session'
}

/** What the rules must know about the one who asks; a preview asks with the same facts. */
export async function factsOf(
  db: Kysely<Schema>,
  judging: Judging,
): Promise<Omit<SubmissionFacts, 'purpose'>> {
  const { rules, person, now, held, via } = judging
  const pending = await pendingRequestsOf(db, person.userId)
  return {
    via,
    now,
    requester: person,
    settings: rules.settings,
    evaluator: rules.evaluator,
    pending: new Map(
      pending
        .filter(({ expiresAt }) => expiresAt > now)
        .map(({ id, target }) => [keyText({ userId: person.userId, ...target }), id]),
    ),
    held,
    reviewOverdue: await hasOverdueReview(db, person.userId, now),
    ownWidening: await ownWideningIn(db, judging),
    extending: null,
  }
}

async function ownWideningIn(db: Kysely<Schema>, judging: Judging): Promise<ReadonlySet<string>> {
  const { rules, person, now, submission, chainMinutes } = judging
  const widened = await loadOwnWidening(db, rules, { person, now })
  const { targets, durationMinutes, breakGlass } = submission
  const asked = { durationMinutes, breakGlass, chainMinutes: chainMinutes ?? null }
  const keys = targets
    .slice(0, targetsPerSubmissionMax)
    .filter((target) => widened({ ...asked, target }))
    .map((target) => keyText({ userId: person.userId, ...target }))
  return new Set(keys)
}

interface Submitting {
  readonly actor: Actor
  readonly submission: Submission
  readonly submissionId: SubmissionId
  readonly held: ReadonlyMap<string, Held>
}

async function submit(ports: SubmitPorts, c: Change, input: Submitting): Promise<Submitted> {
  const { actor, submission, submissionId, held } = input
  const { token } = actor
  await holdRules(c.tx)
  const rules = await ports.rules.load(c.tx)
  const person = await presentPerson(c.tx, actor.person.userId)
  const judging = { rules, person, now: c.at, held, via: viaOf(actor), submission }
  const facts = await factsOf(c.tx, judging)
  const verdict = decideSubmission({ ...facts, purpose: 'submission' }, submission)
  const drafts = refuseAny(verdict)
  await expireOwn(ports, c, person.userId)
  const requestIds: RequestId[] = []
  for (const [position, draft] of drafts.entries()) {
    const whole = { draft, verdict: verdict.targets[position], parent: null }
    requestIds.push(await writeRequest(ports, c, { ...whole, person, submissionId, rules, token }))
  }
  return { submissionId, requestIds }
}

export function refuseAny(verdict: SubmissionVerdict): readonly RequestDraft[] {
  const several = verdict.targets.length > 1
  const ofTargets = verdict.targets.flatMap(({ refusal: refused }, position) => {
    if (refused === null) return []
    const field = `targets.${position}`
    // Of several, the field alone would not say which one to remove or to change.
    return several && refused.field !== field ? [refused, { ...refused, field }] : [refused]
  })
  const refusals = [...ofTargets, ...verdict.refusals]
  if (refusals.length > 0) throw refusedForAll(refusals)
  return verdict.requests ?? []
}

/** Those whose time is up stand in the way of nothing. */
async function expireOwn(ports: SubmitPorts, c: Change, userId: UserId): Promise<void> {
  for (const { id, expiresAt } of await pendingRequestsOf(c.tx, userId)) {
    if (expiresAt <= c.at) await expireIfDue(ports, c, id)
  }
}

async function namingTheFirst(ports: SubmitPorts, userId: UserId, targets: readonly Target[]) {
  const wanted = new Set(targets.map((target) => keyText({ userId, ...target })))
  const pending = await pendingRequestsOf(ports.db, userId)
  const first = pending.find(({ target }) => wanted.has(keyText({ userId, ...target })))
  const position = targets.findIndex(
    (target) =>
      target.accountId === first?.target.accountId &&
      target.permissionSetArn === first.target.permissionSetArn,
  )
  const field = position < 0 ? 'targets' : `targets.${position}`
  return refusedWith(refusal('duplicate_pending', { requestId: first?.id ?? null }, field))
}
