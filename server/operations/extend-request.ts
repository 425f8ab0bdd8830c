/**
 * More time for access that somebody has: a request of its own, checked and approved like any other,
 * whose grant adjoins the one that it extends. The parent is locked, so that of two extensions at
 * once only one is made, and none of what is being given back.
 */
import { randomUUID } from 'node:crypto'
import type { RequestId, SubmissionId } from '#core/ids.ts'
import { decideSubmission, type Submission, type SubmissionFacts } from '#core/submission.ts'
import type { Change } from '#server/store/change.ts'
import { requestIdsOfSubmission } from '#server/store/request-searches.ts'
import { loadRequest, lockRequest, type StoredRequest } from '#server/store/requests.ts'
import { holdRules, type Rules } from '#server/store/rules.ts'
import type { Actor } from './actor.ts'
import { confirmWith } from './confirming.ts'
import { expireIfDue } from './expire-requests.ts'
import { makeChange } from './making-changes.ts'
import { refuseUnlessAllowed, refuseUnlessSeen } from './rights-on-request.ts'
import {
  confirmedAgeSecondsMax,
  factsOf,
  presentPerson,
  refuseAny,
  type SubmitPorts,
  viaOf,
} from './submit-request.ts'
import { writeRequest } from './write-request.ts'

export interface ExtendInput {
  readonly actor: Actor
  readonly requestId: RequestId
  readonly asked: Pick<Submission, 'durationMinutes' | 'justification' | 'ticket'>
  /** The same id twice is the same extension, made once; left out: a new one. */
  readonly submissionId?: SubmissionId
}

export type ExtendPorts = Omit<SubmitPorts, 'looks'>

/** Answers the id of the request that extends. */
export async function extendRequest(ports: ExtendPorts, input: ExtendInput): Promise<RequestId> {
  const { actor, requestId } = input
  const submissionId = input.submissionId ?? (randomUUID() as SubmissionId)
  const [earlier] = await requestIdsOfSubmission(ports.db, submissionId)
  if (earlier !== undefined) return earlier
  const rules = await ports.rules.load(ports.db)
  refuseUnlessSeen(rules, actor, await loadRequest(ports.db, requestId))
  await confirmWith(ports.confirmPeople, [actor.person.userId], {
    maxAgeSeconds: confirmedAgeSecondsMax,
    about: 'you',
  })
  return makeChange(ports, (c) => extend(ports, c, { ...input, submissionId }))
}

async function extend(
  ports: ExtendPorts,
  c: Change,
  input: ExtendInput & { readonly submissionId: SubmissionId },
): Promise<RequestId> {
  const { actor, asked, submissionId } = input
  await holdRules(c.tx)
  const parent = await lockParent(ports, c, input.requestId)
  const rules = await ports.rules.load(c.tx)
  refuseUnlessAllowed('extend', rules, actor, parent)
  const person = await presentPerson(c.tx, actor.person.userId)
  const submission = { targets: [parent.target], startsAt: null, ...asked, breakGlass: false }
  const of = { rules, actor: { ...actor, person }, parent, submission }
  const verdict = decideSubmission(await factsOfExtension(c, of), submission)
  const [draft] = refuseAny(verdict)
  if (draft === undefined) throw new Error('An extension was neither refused nor let in.')
  const [target] = verdict.targets
  const { token } = actor
  const whole = { draft, verdict: target, parent, person, submissionId, rules, token }
  return writeRequest(ports, c, whole)
}

async function lockParent(
  ports: ExtendPorts,
  c: Change,
  id: RequestId,
): Promise<StoredRequest | null> {
  const parent = await lockRequest(c.tx, id)
  const before = parent?.extension
  // One whose time is up stands in the way of nothing.
  const expired = before?.status === 'pending' && (await expireIfDue(ports, c, before.id))
  return expired ? loadRequest(c.tx, id) : parent
}

async function factsOfExtension(
  c: Change,
  of: { rules: Rules; actor: Actor; parent: StoredRequest; submission: Submission },
): Promise<SubmissionFacts> {
  const { rules, actor, parent, submission } = of
  const { chainMinutes } = parent
  const asking = { person: actor.person, via: viaOf(actor), held: new Map(), submission }
  const facts = await factsOf(c.tx, { ...asking, rules, now: c.at, chainMinutes })
  return { ...facts, purpose: 'submission', extending: extendedGrant(parent) }
}

export function extendedGrant(parent: StoredRequest) {
  const { id, status, grant, chainMinutes } = parent
  return { requestId: id, status, endsAt: grant?.endsAt ?? null, chainMinutes }
}
